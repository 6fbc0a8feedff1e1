-- Who leads. One row: epoch, server_id (NULL: nobody ever did), address (NULL: no such server any
-- more), renewals of that server.
SELECT leadership.epoch, leadership.server_id, servers.address,
  coalesce(servers.renewals, 0) AS renewals
FROM :"schema".leadership
LEFT JOIN :"schema".servers ON servers.id = leadership.server_id

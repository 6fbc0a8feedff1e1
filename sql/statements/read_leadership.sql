-- Who leads. One row: epoch, server_id (NULL: nobody, or nobody ever did), address (NULL: no such
-- server any more), renewals of that server, wanted_by (NULL: nobody asks for the
-- leadership), wanted_ticks, the number of the newest breaking migration.
--
-- Servers of older and newer versions run it on the same schema: migrations leave its columns be.
SELECT leadership.epoch, leadership.server_id, servers.address,
  coalesce(servers.renewals, 0) AS renewals, leadership.wanted_by, leadership.wanted_ticks,
  -- Recorded under its number or the negative of it; what is not ours is not breaking.
  (SELECT coalesce(max(abs(id)), 0) FROM :"schema".migrations WHERE breaking) AS newest_breaking
FROM :"schema".leadership
LEFT JOIN :"schema".servers ON servers.id = leadership.server_id

-- Who leads, by name; no row if nobody does. One row: server_id, address (NULL: it has no row any
-- more), whether it has renewed its leadership within its time to live.
SELECT server_id, servers.address,
  coalesce(servers.renewed_at > clock_timestamp() - interval '5 seconds', false) AS renewed
FROM :"schema".leadership
LEFT JOIN :"schema".servers ON servers.id = server_id
WHERE server_id IS NOT NULL

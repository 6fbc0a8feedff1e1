-- The servers of the schema, the leader first. Columns: id, address, version, host, started_at,
-- milliseconds since it was last heard of, streams, whether it leads, the epoch if so (else 0).
SELECT servers.id, servers.address, servers.version, servers.host,
  timestamptz_send(servers.started_at) AS started_at,
  (extract(epoch FROM statement_timestamp() - servers.renewed_at) * 1000)::bigint AS silent_millis,
  servers.streams,
  servers.id IS NOT DISTINCT FROM leadership.server_id AS leads,
  CASE WHEN servers.id = leadership.server_id THEN leadership.epoch ELSE 0 END AS epoch
FROM :"schema".servers
CROSS JOIN :"schema".leadership
ORDER BY leads DESC, servers.started_at, servers.id

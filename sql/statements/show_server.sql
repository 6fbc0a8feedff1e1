-- Shows that a server that does not lead is there. Commits asynchronously. No rows come back.
--
-- $1 text server id, $2 integer streams
UPDATE :"schema".servers
SET renewed_at = statement_timestamp(),
    streams    = $2
FROM (SELECT set_config('synchronous_commit', 'off', true)) AS not_durable
WHERE servers.id = $1

-- Renews the leadership of `epoch`: moves the counter that the other replicas watch. Commits
-- asynchronously. Returns now, who asks for the leadership (NULL: nobody) and how often it has.
-- LH001: another server leads.
--
-- $1 bigint epoch, $2 text server id, $3 integer streams
UPDATE :"schema".servers
SET renewals   = renewals + (:"schema".fence($1, false) > 0)::integer,
    renewed_at = statement_timestamp(),
    streams    = $3
FROM :"schema".leadership
WHERE servers.id = $2
RETURNING timestamptz_send(statement_timestamp()) AS now, leadership.wanted_by,
  leadership.wanted_ticks

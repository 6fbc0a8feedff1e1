-- Renews the leadership of `epoch`: moves the counter that the other replicas watch. Commits
-- asynchronously. Returns now. LH001: another server leads.
--
-- $1 bigint epoch, $2 text server id
UPDATE :"schema".servers
SET renewals   = renewals + (:"schema".fence($1, false) > 0)::integer,
    renewed_at = statement_timestamp()
WHERE id = $2
RETURNING timestamptz_send(statement_timestamp()) AS now

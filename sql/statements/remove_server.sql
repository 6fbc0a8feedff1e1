-- Forgets a server that has stopped, and those not heard of for an hour. No rows come back.
--
-- $1 text server id (NULL: only the others)
DELETE FROM :"schema".servers
WHERE id = $1 OR renewed_at < statement_timestamp() - interval '1 hour'

-- Asks for the leadership no more. One row if it was asked for.
--
-- $1 text server id
UPDATE :"schema".leadership
SET wanted_by = NULL
WHERE wanted_by = $1
RETURNING pg_notify('leaseholder/' || :'schema', '')

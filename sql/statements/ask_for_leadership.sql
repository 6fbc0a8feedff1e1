-- Asks for the leadership, again and again while it is wanted; the leader yields to who asks. One
-- row if it was asked for, none if another asks already and $2 is false.
--
-- $1 text server id, $2 boolean whether whoever else asks is gone
UPDATE :"schema".leadership
SET wanted_by    = $1,
    wanted_ticks = wanted_ticks + 1
WHERE wanted_by IS NULL OR wanted_by = $1 OR $2
RETURNING pg_notify('leaseholder/' || :'schema', '')

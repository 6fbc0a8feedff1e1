-- Gives up the leadership of `epoch`, after its last write: nobody has to be ended before another
-- leads. Frees the leader's lock and tells the other servers. No rows of interest come back.
--
-- $1 bigint epoch, $2 text server id
WITH yielded AS (
  UPDATE :"schema".leadership
  SET server_id = NULL
  WHERE epoch = $1 AND server_id = $2
)
SELECT pg_advisory_unlock(:"schema".lock_key('leader')),
  pg_notify('leaseholder/' || :'schema', '')

-- Deletes the rows of sessions. No rows come back.
--
-- $1 bigint epoch, $2 bigint number in the journal, $3 bigint[] session numbers
WITH ended AS (
  DELETE FROM :"schema".executors
  WHERE number = ANY ($3::bigint[])
)
INSERT INTO :"schema".journal (epoch, number, kind)
VALUES (:"schema".fence($1), $2, 'end_sessions')

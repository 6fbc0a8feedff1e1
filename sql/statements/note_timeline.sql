-- Notes on which timeline of PostgreSQL's a leadership begins. One boolean: whether it is another
-- than that of the leadership before. No row: the epoch is over.
--
-- $1 bigint epoch, $2 text timeline
WITH before AS MATERIALIZED (
  SELECT timeline FROM :"schema".leadership
)
UPDATE :"schema".leadership
SET timeline = $2
FROM before
WHERE leadership.epoch = $1
RETURNING before.timeline <> $2 AS changed

-- Changes jobs by id, or ends the leases of executors. Leased jobs and those that are not there are
-- left alone. One row: the ids of the jobs changed, ascending. 55P03: somebody holds the row of one
-- of them, and nothing was done.
--
-- $1 bigint epoch, $2 bigint number in the journal
-- $3 text change: complete, fail, reschedule or unlock
-- $4 bigint[] ids of jobs, $5 text error, $6 bigint run_at in microseconds since 1970,
-- $7 integer priority, $8 integer attempts, $9 integer max_attempts; NULL: the default, or
-- unchanged
-- $10 text[] ids of the executors to unlock
-- $11 bytea hash of the request id, $12 bytea hash of the body; NULL without a request id
WITH
changed AS MATERIALIZED (
  SELECT :"schema".change_jobs(
    $3, $4, $5, :"schema".from_micros($6), $7, $8, $9, $10) AS ids
),
journaled AS (
  INSERT INTO :"schema".journal
    (epoch, number, kind, request_ids, request_bodies, answer_counts, answer_ids)
  SELECT :"schema".fence($1), $2, 'change_jobs',
    CASE WHEN $11::bytea IS NOT NULL THEN ARRAY[$11::bytea] END,
    CASE WHEN $11::bytea IS NOT NULL THEN ARRAY[$12::bytea] END,
    CASE WHEN $11::bytea IS NOT NULL THEN ARRAY[cardinality(ids)] END,
    nullif(ids, '{}')
  FROM changed
)
SELECT ids
FROM changed

-- Takes the key from the job that has it: an unleased job is deleted, a leased one runs on and is
-- not retried. One row: the job's id and whether it was deleted; no row if no job has the key.
-- 55P03: somebody holds the job's row. Without a job nothing was done: the request is not kept.
--
-- $1 bigint epoch, $2 bigint number in the journal, $3 text key
-- $4 bytea hash of the request id, $5 bytea hash of the body; NULL without a request id
WITH
dropped AS MATERIALIZED (
  SELECT (dropped).id AS id, deleted
  FROM :"schema".drop_keyed_job($3)
),
journaled AS (
  INSERT INTO :"schema".journal
    (epoch, number, kind, request_ids, request_bodies, answer_counts, answer_ids, overtaken)
  SELECT :"schema".fence($1), $2, 'remove_job',
    CASE WHEN $4::bytea IS NOT NULL AND count(*) > 0 THEN ARRAY[$4::bytea] END,
    CASE WHEN $4::bytea IS NOT NULL AND count(*) > 0 THEN ARRAY[$5::bytea] END,
    CASE WHEN $4::bytea IS NOT NULL AND count(*) > 0 THEN ARRAY[count(*)::integer] END,
    array_agg(id),
    array_agg(id) FILTER (WHERE NOT deleted)
  FROM dropped
)
SELECT id, deleted
FROM dropped

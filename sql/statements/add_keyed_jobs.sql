-- Adds the jobs of one request, some of them with keys. One row per job: spec_number (from 1, not
-- in order), overtaken (the id of a leased job that lost the key, else NULL), then the job that now
-- stands for it, ranked: id, task, queue_name, priority, run_at, attempts,
-- max_attempts, activation, crashes, flags.
-- 55P03: somebody holds a row with one of the keys. LH002: key mode reject and the key is there.
--
-- $1 bigint epoch, $2 bigint number in the journal
-- Element i of each array belongs to job i:
-- $3 text[] tasks, $4 json[] payloads, $5 text[] queue names (NULL: none), $6 timestamptz[] run_at
-- (NULL: $13), $7 smallint[] max_attempts, $8 text[] keys (NULL: none),
-- $9 text[] key modes (replace, preserve_run_at, unsafe_dedupe, reject), $10 smallint[] priorities,
-- $11 text[] flags (NULL, or text[] literals), $12 json[] metadata
-- $13 timestamptz now
-- $14 bytea hash of the request id, $15 bytea hash of the body; NULL without a request id
WITH
new_job AS (
  SELECT
    unnest($3::text[]) AS task, unnest($4::json[]) AS payload, unnest($5::text[]) AS queue_name,
    unnest($6::timestamptz[]) AS run_at, unnest($7::smallint[]) AS max_attempts,
    unnest($8::text[]) AS job_key, unnest($9::text[]) AS key_mode,
    unnest($10::smallint[]) AS priority, unnest($11::text[]) AS flags,
    unnest($12::json[]) AS metadata
),
spec AS (
  SELECT CAST(
    ROW(task, payload, queue_name, run_at, max_attempts, job_key, priority,
      flags::text[], metadata, key_mode)
    AS :"schema".new_job) AS spec
  FROM new_job
),
put AS MATERIALIZED (
  SELECT *
  FROM :"schema".put_jobs(ARRAY(SELECT spec FROM spec), $13::timestamptz)
),
journaled AS (
  INSERT INTO :"schema".journal
    (epoch, number, kind, request_ids, request_bodies, answer_counts, answer_ids, overtaken)
  SELECT :"schema".fence($1), $2, 'add_keyed_jobs',
    CASE WHEN $14::bytea IS NOT NULL THEN ARRAY[$14::bytea] END,
    CASE WHEN $14::bytea IS NOT NULL THEN ARRAY[$15::bytea] END,
    CASE WHEN $14::bytea IS NOT NULL THEN ARRAY[count(*)::integer] END,
    array_agg((put.job).id ORDER BY put.spec_number),
    array_agg(put.overtaken) FILTER (WHERE put.overtaken IS NOT NULL)
  FROM put
)
SELECT put.spec_number, put.overtaken, (put.job).id, (put.job).task, (put.job).queue_name,
  (put.job).priority, timestamptz_send((put.job).run_at) AS run_at, (put.job).attempts,
  (put.job).max_attempts, (put.job).activation, (put.job).crashes, (put.job).flags
FROM put

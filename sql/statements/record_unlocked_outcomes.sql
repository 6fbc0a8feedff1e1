-- As record_outcomes, but never waits: a job that somebody has locked is left alone, and its
-- fencing number comes back in a row with result 'locked' (once, with all of them), to be tried
-- again. A lease row of $15 that holds the lease of such a job stays.
--
-- Parameters as in record_outcomes.
WITH
wanted AS MATERIALIZED (
  SELECT
    unnest($3::bigint[]) AS id, unnest($4::integer[]) AS activation,
    unnest($5::bigint[]) AS fencing_number, 'completed' AS kind, NULL::smallint AS attempts,
    NULL::timestamptz AS run_at, NULL::integer AS crashes, NULL::text AS error,
    NULL::json AS payload
  UNION ALL
  SELECT
    unnest($6::bigint[]), unnest($7::integer[]), unnest($8::bigint[]), unnest($9::text[]),
    unnest($10::smallint[]), unnest($11::timestamptz[]), unnest($12::integer[]),
    unnest($13::text[]), unnest($14::json[])
),
got AS MATERIALIZED (
  SELECT wanted.*
  FROM wanted
  JOIN :"schema".job_rows AS job
    ON job.id = ANY (ARRAY[wanted.id]) AND job.activation = wanted.activation
  FOR UPDATE OF job SKIP LOCKED
),
completed AS (
  DELETE FROM :"schema".job_rows AS job
  USING got
  WHERE got.kind = 'completed' AND job.id = ANY (ARRAY[got.id]) AND job.activation = got.activation
  RETURNING got.fencing_number
),
updated AS (
  UPDATE :"schema".job_rows AS job
  SET activation = job.activation + 1,
      attempts   = least(job.max_attempts, greatest(job.attempts, got.attempts)),
      run_at     = got.run_at,
      crashes    = got.crashes,
      last_error = coalesce(got.error, job.last_error),
      payload    = coalesce(got.payload, job.payload),
      updated_at = statement_timestamp()
  FROM got
  WHERE got.kind <> 'completed' AND job.id = ANY (ARRAY[got.id]) AND job.activation = got.activation
  RETURNING job.*, got.fencing_number, got.kind
),
-- NOT IN: a hashed set of numbers that are never NULL. NOT EXISTS would be a nested loop here.
locked AS (
  SELECT wanted.id, wanted.fencing_number
  FROM wanted
  JOIN :"schema".job_rows AS job
    ON job.id = ANY (ARRAY[wanted.id]) AND job.activation = wanted.activation
  WHERE wanted.fencing_number NOT IN (SELECT fencing_number FROM got)
),
emptied AS (
  DELETE FROM :"schema".leases
  WHERE number = ANY ($15::bigint[])
    -- The lease of a locked job lives on.
    AND NOT EXISTS (SELECT FROM locked WHERE locked.id = ANY (job_ids))
),
journaled AS (
  INSERT INTO :"schema".journal (epoch, number, kind, completed, failed, released, unreported)
  SELECT :"schema".fence($1), $2, 'record_outcomes',
    (SELECT array_agg(fencing_number) FROM completed),
    array_agg(fencing_number) FILTER (WHERE kind = 'failed'),
    array_agg(fencing_number) FILTER (WHERE kind = 'released'),
    array_agg(fencing_number) FILTER (WHERE kind = 'unreported')
  FROM updated
)
SELECT 'completed' AS result, array_agg(fencing_number) AS fencing_numbers,
  NULL::bigint AS id, NULL::text AS task, NULL::text AS queue_name, NULL::smallint AS priority,
  NULL::bytea AS run_at, NULL::smallint AS attempts, NULL::smallint AS max_attempts,
  NULL::integer AS activation, NULL::integer AS crashes, NULL::text[] AS flags
FROM completed
UNION ALL
SELECT 'updated', ARRAY[fencing_number], id, task, queue_name, priority,
  timestamptz_send(run_at), attempts, max_attempts, activation, crashes, flags
FROM updated
UNION ALL
SELECT 'locked', array_agg(fencing_number), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
  NULL
FROM locked

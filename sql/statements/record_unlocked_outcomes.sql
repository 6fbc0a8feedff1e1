-- As record_outcomes, but never waits: a job that somebody has locked is left alone, and its fencing
-- number comes back in a row with result 'locked' (once, with all of them), to be tried again.
--
-- Parameters as in record_outcomes.
WITH
ended AS MATERIALIZED (
  SELECT
    unnest($3::bigint[]) AS id, unnest($4::integer[]) AS activation,
    unnest($5::bigint[]) AS fencing_number
),
staying AS MATERIALIZED (
  SELECT
    unnest($6::bigint[]) AS id, unnest($7::integer[]) AS activation,
    unnest($8::bigint[]) AS fencing_number, unnest($9::text[]) AS kind,
    unnest($10::smallint[]) AS attempts, unnest($11::bigint[]) AS run_at,
    unnest($12::integer[]) AS crashes, unnest($13::text[]) AS error, unnest($14::json[]) AS payload
),
wanted AS (
  SELECT id, activation, fencing_number FROM ended
  UNION ALL
  SELECT id, activation, fencing_number FROM staying
),
got AS MATERIALIZED (
  SELECT job.id
  FROM wanted
  JOIN :"schema".job_rows AS job ON job.id = wanted.id AND job.activation = wanted.activation
  FOR UPDATE OF job SKIP LOCKED
),
completed AS (
  DELETE FROM :"schema".job_rows AS job
  USING ended JOIN got ON got.id = ended.id
  WHERE job.id = ended.id AND job.activation = ended.activation
  RETURNING ended.fencing_number
),
updated AS (
  UPDATE :"schema".job_rows AS job
  SET activation = job.activation + 1,
      attempts   = least(job.max_attempts, greatest(job.attempts, staying.attempts)),
      run_at     = :"schema".from_micros(staying.run_at),
      crashes    = staying.crashes,
      last_error = coalesce(staying.error, job.last_error),
      payload    = coalesce(staying.payload, job.payload),
      updated_at = statement_timestamp()
  FROM staying JOIN got ON got.id = staying.id
  WHERE job.id = staying.id AND job.activation = staying.activation
  RETURNING job.*, staying.fencing_number, staying.kind
),
emptied AS (
  DELETE FROM :"schema".leases
  WHERE number = ANY ($15::bigint[])
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
  NULL::bigint AS run_at, NULL::smallint AS attempts, NULL::smallint AS max_attempts,
  NULL::integer AS activation, NULL::integer AS crashes, NULL::text[] AS flags
FROM completed
UNION ALL
SELECT 'updated', ARRAY[fencing_number], id, task, queue_name, priority, :"schema".to_micros(run_at),
  attempts, max_attempts, activation, crashes, flags
FROM updated
UNION ALL
SELECT 'locked', array_agg(wanted.fencing_number), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
  NULL, NULL
FROM wanted
JOIN :"schema".job_rows AS job ON job.id = wanted.id AND job.activation = wanted.activation
WHERE NOT EXISTS (SELECT FROM got WHERE got.id = wanted.id)

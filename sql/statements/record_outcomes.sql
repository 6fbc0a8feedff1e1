-- Ends leases: deletes the jobs that completed, updates those that stay. Matches id and activation;
-- what does not match is not touched. Waits for row locks: 55P03 after lock_timeout, and then
-- nothing is done (record_unlocked_outcomes is for that case).
-- Rows: result ('completed', once; 'updated', one per job), fencing_numbers bigint[], and for
-- 'updated' the job as it now stands: id, task, queue_name, priority, run_at,
-- attempts, max_attempts, activation, crashes, flags.
--
-- $1 bigint epoch, $2 bigint number in the journal
-- Jobs that completed: $3 bigint[] ids, $4 integer[] activations, $5 bigint[] fencing numbers
-- Jobs that stay: $6 bigint[] ids, $7 integer[] activations, $8 bigint[] fencing numbers, $9 text[]
-- kinds ('failed', 'released', 'unreported'), $10 smallint[] attempts (never lowers what stands,
-- never above max_attempts), $11 timestamptz[] run_at, $12 integer[] crashes, $13 text[]
-- errors (NULL: last_error stays), $14 json[] payloads (NULL: the payload stays)
-- $15 bigint[] lease rows to delete
WITH
-- In the order of ids. Callers lock by key first: in a circle with them the lock_timeout gives way.
ended AS MATERIALIZED (
  SELECT
    unnest($3::bigint[]) AS id, unnest($4::integer[]) AS activation,
    unnest($5::bigint[]) AS fencing_number
  ORDER BY id
),
staying AS MATERIALIZED (
  SELECT
    unnest($6::bigint[]) AS id, unnest($7::integer[]) AS activation,
    unnest($8::bigint[]) AS fencing_number, unnest($9::text[]) AS kind,
    unnest($10::smallint[]) AS attempts, unnest($11::timestamptz[]) AS run_at,
    unnest($12::integer[]) AS crashes, unnest($13::text[]) AS error, unnest($14::json[]) AS payload
  ORDER BY id
),
completed AS (
  DELETE FROM :"schema".job_rows AS job
  USING ended
  WHERE job.id = ANY (ARRAY[ended.id]) AND job.activation = ended.activation
  RETURNING ended.fencing_number
),
updated AS (
  UPDATE :"schema".job_rows AS job
  SET activation = job.activation + 1,
      attempts   = least(job.max_attempts, greatest(job.attempts, staying.attempts)),
      run_at     = staying.run_at,
      crashes    = staying.crashes,
      last_error = coalesce(staying.error, job.last_error),
      payload    = coalesce(staying.payload, job.payload),
      updated_at = statement_timestamp()
  FROM staying
  WHERE job.id = ANY (ARRAY[staying.id]) AND job.activation = staying.activation
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
  NULL::bytea AS run_at, NULL::smallint AS attempts, NULL::smallint AS max_attempts,
  NULL::integer AS activation, NULL::integer AS crashes, NULL::text[] AS flags
FROM completed
UNION ALL
SELECT 'updated', ARRAY[fencing_number], id, task, queue_name, priority,
  timestamptz_send(run_at), attempts, max_attempts, activation, crashes, flags
FROM updated

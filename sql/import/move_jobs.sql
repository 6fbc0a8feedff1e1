-- Writes their jobs into ours, in the order of their ids. One row: how many. The attempt of a
-- locked job is given back: theirs counts an attempt when it begins, ours when it ends. A job's
-- flags are what their operator ?| finds.
--
-- $1 boolean their ids are kept, $2 boolean the leader is told, $3 text the queue of those whose
-- queue has no name
WITH moved AS (
  INSERT INTO :"schema".job_rows
    (id, run_at, created_at, updated_at, revision, priority, attempts, max_attempts, task,
     queue_name, job_key, flags, payload, last_error)
  SELECT CASE WHEN $1 THEN id ELSE nextval(':"schema".job_ids') END,
    run_at, created_at, updated_at, revision, priority, attempts, max_attempts, task, queue_name,
    key, flags, payload, last_error
  FROM (
    SELECT job.id,
      CASE
        WHEN NOT isfinite(run_at) THEN run_at
        WHEN run_at < '0001-01-01 00:00:00+00' THEN '-infinity'
        WHEN run_at > '9999-12-31 23:59:59.999999+00' THEN 'infinity'
        ELSE run_at
      END AS run_at,
      created_at, updated_at, revision, priority,
      greatest(0, least(attempts, max_attempts) - (job.locked_at IS NOT NULL)::integer)::smallint
        AS attempts,
      max_attempts, task.identifier AS task,
      CASE queue.queue_name WHEN '' THEN $3 ELSE queue.queue_name END AS queue_name, key,
      :"schema".stored_flags(CASE jsonb_typeof(flags)
        WHEN 'object' THEN ARRAY(SELECT jsonb_object_keys(flags))
        WHEN 'array' THEN ARRAY(
          SELECT flag #>> '{}' FROM jsonb_array_elements(flags) AS flag
          WHERE jsonb_typeof(flag) = 'string')
        WHEN 'string' THEN ARRAY[flags #>> '{}']
      END) AS flags,
      payload, left(last_error, 65536) AS last_error
    FROM :"theirs"._private_jobs AS job
    JOIN :"theirs"._private_tasks AS task ON task.id = job.task_id
    LEFT JOIN :"theirs"._private_job_queues AS queue ON queue.id = job.job_queue_id
    ORDER BY job.id
    -- The ids are drawn in this order.
    OFFSET 0
  ) AS theirs
  RETURNING id
),
told AS (
  INSERT INTO :"schema".inbox (job_id)
  SELECT id FROM moved WHERE $2
)
SELECT count(*) AS moved FROM moved

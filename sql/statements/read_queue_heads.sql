-- The first due jobs of serial queues, in the order of work. Rows, in the order of queues and then
-- of work: queue_number (from 1), position (from 1), then the job ranked: id, task, queue_name,
-- priority, run_at, attempts, max_attempts, activation, crashes, flags.
-- A row at position $5 + 1 only says that more stands behind.
--
-- $1 text[] queues, $2 text[] tasks, $3 text[] forbidden flags, $4 timestamptz now,
-- $5 integer jobs per queue
WITH wanted AS MATERIALIZED (
  SELECT unnest($1::text[]) AS queue_name, generate_subscripts($1::text[], 1) AS queue_number
)
SELECT wanted.queue_number,
  row_number() OVER (
    PARTITION BY wanted.queue_number ORDER BY head.priority, head.run_at, head.id) AS position,
  head.id, head.task, head.queue_name, head.priority, timestamptz_send(head.run_at) AS run_at,
  head.attempts, head.max_attempts, head.activation, head.crashes, head.flags
FROM wanted
CROSS JOIN LATERAL (
  -- One priority after the other, so that jobs that are not due are not read.
  WITH RECURSIVE step AS (
    (SELECT job.priority
     FROM :"schema".job_rows AS job
     WHERE job.queue_name = wanted.queue_name AND job.attempts < job.max_attempts
     ORDER BY job.priority
     LIMIT 1)
    UNION ALL
    SELECT (
      SELECT job.priority
      FROM :"schema".job_rows AS job
      WHERE job.queue_name = wanted.queue_name AND job.attempts < job.max_attempts
        AND job.priority > step.priority
      ORDER BY job.priority
      LIMIT 1)
    FROM step
    WHERE step.priority IS NOT NULL
  )
  SELECT due.*
  FROM step
  CROSS JOIN LATERAL (
    SELECT job.id, job.task, job.queue_name, job.priority, job.run_at, job.attempts,
      job.max_attempts, job.activation, job.crashes, job.flags
    FROM :"schema".job_rows AS job
    WHERE job.queue_name = wanted.queue_name
      AND job.priority = step.priority
      AND job.run_at <= $4::timestamptz
      AND job.attempts < job.max_attempts
      AND job.task = ANY ($2::text[])
      AND NOT coalesce(job.flags && $3::text[], false)
    ORDER BY job.run_at, job.id
    LIMIT $5 + 1
  ) AS due
  LIMIT $5 + 1
) AS head
ORDER BY wanted.queue_number, position

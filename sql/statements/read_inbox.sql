-- The oldest rows of the inbox with the job rows of that same moment. Rows: inbox_id, job_id, then
-- the job ranked, all NULL if it is gone: id, task, queue_name, priority, run_at,
-- attempts, max_attempts, activation, crashes, flags. Fewer rows than $1: the inbox held no more.
--
-- $1 integer limit
SELECT changed.id AS inbox_id, changed.job_id, job.id, job.task, job.queue_name, job.priority,
  timestamptz_send(job.run_at) AS run_at, job.attempts, job.max_attempts, job.activation,
  job.crashes, job.flags
FROM (
  SELECT id, job_id FROM :"schema".inbox ORDER BY id LIMIT $1::integer
) AS changed
LEFT JOIN :"schema".job_rows AS job ON job.id = ANY (ARRAY[changed.job_id])

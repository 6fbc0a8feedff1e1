-- One job, whole: id, task, queue_name, priority, run_at, attempts, max_attempts, activation,
-- crashes, flags, payload, metadata, last_error, job_key, revision, created_at and updated_at, then
-- of its live lease locked_at and locked_by (NULL: it has none). No row if there is no such job.
--
-- $1 bigint id
SELECT job.id, job.task, job.queue_name, job.priority, timestamptz_send(job.run_at) AS run_at,
  job.attempts, job.max_attempts, job.activation, job.crashes, job.flags, job.payload, job.metadata,
  job.last_error, job.job_key, job.revision, timestamptz_send(job.created_at) AS created_at,
  timestamptz_send(job.updated_at) AS updated_at,
  timestamptz_send(lease.locked_at) AS locked_at, lease.locked_by
FROM :"schema".job_rows AS job
LEFT JOIN LATERAL :"schema".lease_of(job.id, job.activation) AS lease ON true
WHERE job.id = $1

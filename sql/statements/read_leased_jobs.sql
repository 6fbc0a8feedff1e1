-- The jobs of one lease row whose leases are live: position (of the lease in its row, from 1), then
-- the job whole, as lease_jobs returns it.
--
-- $1 bigint number of the lease row
SELECT held.position, job.id, job.task, job.queue_name, job.priority,
  timestamptz_send(job.run_at) AS run_at, job.attempts, job.max_attempts, job.activation,
  job.crashes, job.flags, job.payload, job.metadata, job.last_error, job.job_key, job.revision,
  timestamptz_send(job.created_at) AS created_at,
  timestamptz_send(job.updated_at) AS updated_at
FROM (
  SELECT unnest(job_ids) AS job_id, unnest(activations) AS activation,
    generate_subscripts(job_ids, 1) AS position
  FROM :"schema".leases
  WHERE number = $1
) AS held
JOIN :"schema".job_rows AS job
  ON job.id = ANY (ARRAY[held.job_id]) AND job.activation = held.activation

-- Every lease row with its live leases. Rows: number of the lease row, job_id, activation, session,
-- fencing_number, secret, then the job as it now stands: task, queue_name, priority, run_at,
-- attempts, max_attempts, crashes, flags. A lease row without a live lease is one row with NULL
-- after its number.
SELECT leases.number, live.job_id, live.activation, live.session, live.fencing_number, live.secret,
  live.task, live.queue_name, live.priority, timestamptz_send(live.run_at) AS run_at,
  live.attempts, live.max_attempts, live.crashes, live.flags
FROM :"schema".leases
LEFT JOIN LATERAL (
  SELECT held.*, job.task, job.queue_name, job.priority, job.run_at, job.attempts, job.max_attempts,
    job.crashes, job.flags
  FROM (
    SELECT
      unnest(leases.job_ids) AS job_id, unnest(leases.activations) AS activation,
      unnest(leases.sessions) AS session, unnest(leases.fencing_numbers) AS fencing_number,
      unnest(leases.secrets) AS secret
  ) AS held
  JOIN :"schema".job_rows AS job
    ON job.id = ANY (ARRAY[held.job_id]) AND job.activation = held.activation
) AS live ON true

-- Jobs with ids above $4, ascending, whole, as get_job returns them.
--
-- $1 text task (NULL: any), $2 text queue name (NULL: any or none), $3 text state: any, ready,
-- scheduled, leased or failed, $4 bigint id, $5 integer limit
WITH listed AS (
  (SELECT job.*, lease.locked_at, lease.locked_by
   FROM :"schema".job_rows AS job
   LEFT JOIN LATERAL :"schema".lease_of(job.id, job.activation) AS lease ON true
   WHERE $3::text <> 'leased'
     AND job.id > $4
     AND ($1::text IS NULL OR job.task = $1)
     AND ($2::text IS NULL OR job.queue_name = $2)
     AND CASE $3::text
       WHEN 'ready' THEN job.attempts < job.max_attempts AND job.run_at <= statement_timestamp()
       WHEN 'scheduled' THEN job.attempts < job.max_attempts AND job.run_at > statement_timestamp()
       WHEN 'failed' THEN job.attempts >= job.max_attempts
       ELSE true
     END
     AND ($3::text = 'any' OR lease.locked_at IS NULL)
   ORDER BY job.id
   LIMIT $5)
  UNION ALL
  -- From the leases, of which there are few.
  (SELECT job.*, held.leased_at, executors.executor_id
   FROM (
     SELECT leased_at, unnest(job_ids) AS job_id, unnest(activations) AS activation,
       unnest(sessions) AS session
     FROM :"schema".leases
     WHERE $3::text = 'leased' AND hi > $4
   ) AS held
   JOIN :"schema".job_rows AS job ON job.id = held.job_id AND job.activation = held.activation
   LEFT JOIN :"schema".executors ON executors.number = held.session
   WHERE job.id > $4
     AND ($1::text IS NULL OR job.task = $1)
     AND ($2::text IS NULL OR job.queue_name = $2)
   ORDER BY job.id
   LIMIT $5)
)
SELECT id, task, queue_name, priority, :"schema".to_micros(run_at) AS run_at, attempts,
  max_attempts, activation, crashes, flags, payload, metadata, last_error, job_key, revision,
  :"schema".to_micros(created_at) AS created_at, :"schema".to_micros(updated_at) AS updated_at,
  :"schema".to_micros(locked_at) AS locked_at, locked_by
FROM listed
ORDER BY id

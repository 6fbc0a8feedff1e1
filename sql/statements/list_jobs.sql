-- Jobs with ids above $4, ascending, whole, as get_job returns them.
--
-- $1 text task (NULL: any), $2 text queue name (NULL: any or none), $3 text state: any, ready,
-- scheduled, leased or failed, $4 bigint id, $5 integer limit, $6 bigint microseconds by which the
-- jobs' clock is ahead
WITH
clock AS (
  SELECT :"schema".from_micros(:"schema".to_micros(statement_timestamp()) + $6::bigint) AS now
),
-- Read only where it is asked for: not for state any.
held AS MATERIALIZED (
  SELECT unnest(job_ids) AS job_id, unnest(activations) AS activation
  FROM :"schema".leases
  WHERE hi > $4
),
listed AS (
  (SELECT job.*
   FROM :"schema".job_rows AS job
   WHERE $3::text <> 'leased'
     AND job.id > $4
     AND ($1::text IS NULL OR job.task = $1)
     AND ($2::text IS NULL OR job.queue_name = $2)
     AND CASE $3::text
       WHEN 'ready' THEN
         job.attempts < job.max_attempts AND job.run_at <= (SELECT now FROM clock)
       WHEN 'scheduled' THEN
         job.attempts < job.max_attempts AND job.run_at > (SELECT now FROM clock)
       WHEN 'failed' THEN job.attempts >= job.max_attempts
       ELSE true
     END
     -- NOT IN: a hashed set of pairs that are never NULL.
     AND ($3::text = 'any' OR (job.id, job.activation) NOT IN (SELECT job_id, activation FROM held))
   ORDER BY job.id
   LIMIT $5)
  UNION ALL
  (SELECT job.*
   FROM held
   CROSS JOIN LATERAL (
     SELECT *
     FROM :"schema".job_rows
     WHERE id = held.job_id AND activation = held.activation
     -- A look-up per lease: without this the planner would read all jobs in the order of ids.
     OFFSET 0
   ) AS job
   WHERE $3::text = 'leased'
     AND job.id > $4
     AND ($1::text IS NULL OR job.task = $1)
     AND ($2::text IS NULL OR job.queue_name = $2)
   ORDER BY job.id
   LIMIT $5)
)
SELECT id, task, queue_name, priority, timestamptz_send(run_at) AS run_at, attempts,
  max_attempts, activation, crashes, flags, payload, metadata, last_error, job_key, revision,
  timestamptz_send(created_at) AS created_at, timestamptz_send(updated_at) AS updated_at,
  timestamptz_send(lease.locked_at) AS locked_at, lease.locked_by
FROM listed
LEFT JOIN LATERAL :"schema".lease_of(listed.id, listed.activation) AS lease ON true
ORDER BY id

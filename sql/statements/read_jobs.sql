-- Jobs as they now stand, ranked; those that are gone are left out: id, task, queue_name, priority,
-- run_at, attempts, max_attempts, activation, crashes, flags.
--
-- $1 bigint[] ids
SELECT id, task, queue_name, priority, timestamptz_send(run_at) AS run_at, attempts,
  max_attempts, activation, crashes, flags
FROM :"schema".job_rows
WHERE id = ANY ($1::bigint[])

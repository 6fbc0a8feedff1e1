-- Locks the jobs that these sessions hold, in the order in which everybody locks, before they are
-- changed.
--
-- $1 bigint[] session numbers
SELECT id
FROM :"schema".job_rows
WHERE id = ANY (ARRAY(
  SELECT lease.job_id
  FROM (
    SELECT unnest(job_ids) AS job_id, unnest(sessions) AS session FROM :"schema".leases
  ) AS lease
  WHERE lease.session = ANY ($1::bigint[])))
ORDER BY job_key, id
FOR UPDATE

-- Ends sessions: their jobs may run again after the recovery delay, no crash is counted.
--
-- $1 bigint[] session numbers, $2 bigint microseconds of recovery delay
WITH
ended AS (
  UPDATE :"schema".job_rows AS job
  SET activation = job.activation + 1,
      run_at     = greatest(
        job.run_at, statement_timestamp() + $2::bigint * interval '1 microsecond'),
      updated_at = statement_timestamp()
  FROM (
    SELECT unnest(job_ids) AS job_id, unnest(activations) AS activation,
      unnest(sessions) AS session
    FROM :"schema".leases
  ) AS lease
  WHERE lease.session = ANY ($1::bigint[])
    AND job.id = ANY (ARRAY[lease.job_id]) AND job.activation = lease.activation
  RETURNING job.id
),
gone AS (
  DELETE FROM :"schema".executors WHERE number = ANY ($1::bigint[])
)
SELECT :"schema".tell_leader((SELECT array_agg(id) FROM ended))

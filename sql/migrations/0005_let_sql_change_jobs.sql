-- What operators and programs do to jobs by id, from SQL. Leased jobs are left alone, but for
-- force_unlock_workers. Every change moves the activation: a lease that a caller with an older
-- snapshot does not see is lost, not lied to.

-- Locks these jobs and returns the ids of those that have no live lease, ascending.
CREATE FUNCTION :"schema".lock_unleased_jobs(job_ids bigint[]) RETURNS bigint[]
LANGUAGE plpgsql VOLATILE
AS $$
BEGIN
  PERFORM FROM :"schema".job_rows WHERE id = ANY (job_ids) ORDER BY id FOR UPDATE;
  RETURN ARRAY(
    SELECT id
    FROM :"schema".job_rows AS job
    WHERE id = ANY (job_ids)
      AND NOT EXISTS (SELECT FROM :"schema".lease_of(job.id, job.activation))
    ORDER BY id);
END
$$;

-- Deletes jobs, whatever their state. Returns those deleted.
CREATE FUNCTION :"schema".complete_jobs(job_ids bigint[]) RETURNS SETOF :"schema".job
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
AS $$
DECLARE
  unleased bigint[] := :"schema".lock_unleased_jobs(job_ids);
BEGIN
  PERFORM :"schema".tell_leader(unleased);
  RETURN QUERY
  WITH deleted AS (
    DELETE FROM :"schema".job_rows WHERE id = ANY (unleased) RETURNING job_rows AS job
  )
  SELECT shown.* FROM deleted CROSS JOIN LATERAL :"schema".as_job(deleted.job) AS shown
  ORDER BY shown.id;
END
$$;

-- Uses up the attempts of jobs: they stay and do not run until they are revived. Returns them.
CREATE FUNCTION :"schema".permanently_fail_jobs(job_ids bigint[], error_message text DEFAULT NULL)
RETURNS SETOF :"schema".job
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
AS $$
DECLARE
  unleased bigint[] := :"schema".lock_unleased_jobs(job_ids);
BEGIN
  UPDATE :"schema".job_rows
  SET attempts   = job_rows.max_attempts,
      last_error = coalesce(error_message, 'Manually marked as failed'),
      activation = activation + 1,
      updated_at = statement_timestamp()
  WHERE id = ANY (unleased);
  PERFORM :"schema".tell_leader(unleased);
  RETURN QUERY SELECT * FROM :"schema".jobs_in_order(unleased);
END
$$;

-- Changes when and how often jobs run; NULL leaves a value as it is. attempts := 0 revives a job
-- that has permanently failed. Returns the jobs changed.
CREATE FUNCTION :"schema".reschedule_jobs(
  job_ids      bigint[],
  run_at       timestamptz DEFAULT NULL,
  priority     integer     DEFAULT NULL,
  attempts     integer     DEFAULT NULL,
  max_attempts integer     DEFAULT NULL)
RETURNS SETOF :"schema".job
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
AS $$
DECLARE
  unleased bigint[] := :"schema".lock_unleased_jobs(job_ids);
BEGIN
  UPDATE :"schema".job_rows AS job
  SET run_at       = coalesce(reschedule_jobs.run_at, job.run_at),
      priority     = coalesce(reschedule_jobs.priority, job.priority),
      attempts     = least(coalesce(reschedule_jobs.attempts, job.attempts),
                           coalesce(reschedule_jobs.max_attempts, job.max_attempts)),
      max_attempts = coalesce(reschedule_jobs.max_attempts, job.max_attempts),
      activation   = job.activation + 1,
      updated_at   = statement_timestamp()
  WHERE job.id = ANY (unleased);
  PERFORM :"schema".tell_leader(unleased);
  RETURN QUERY SELECT * FROM :"schema".jobs_in_order(unleased);
END
$$;

-- Ends the leases of these executors: their jobs may run elsewhere at once, and what they still
-- report of them does not count. Unknown ids are no error.
CREATE FUNCTION :"schema".force_unlock_workers(worker_ids text[]) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
AS $$
DECLARE
  held     bigint[];
  unlocked bigint[];
BEGIN
  held := ARRAY(
    SELECT lease.job_id
    FROM (
      SELECT unnest(job_ids) AS job_id, unnest(sessions) AS session FROM :"schema".leases
    ) AS lease
    JOIN :"schema".executors ON executors.number = lease.session
    WHERE executors.executor_id = ANY (worker_ids));
  PERFORM FROM :"schema".job_rows WHERE id = ANY (held) ORDER BY id FOR UPDATE;
  WITH ended AS (
    UPDATE :"schema".job_rows AS job
    SET activation = activation + 1, updated_at = statement_timestamp()
    WHERE id = ANY (held)
      AND EXISTS (
        SELECT FROM :"schema".lease_of(job.id, job.activation) AS lease
        WHERE lease.locked_by = ANY (worker_ids))
    RETURNING job.id
  )
  SELECT array_agg(id) INTO unlocked FROM ended;
  PERFORM :"schema".tell_leader(unlocked);
END
$$;

-- Nobody calls anything here unless it was GRANTed.
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA :"schema" FROM PUBLIC;

-- What operators do to jobs through the server, and SQL callers by functions, has its inner parts
-- in common: they return the ids of the jobs changed, ascending.

-- Locks these jobs and returns the ids of those that have no live lease, ascending. Everybody who
-- locks several rows does so by key, then by id: no two wait for each other.
CREATE OR REPLACE FUNCTION :"schema".lock_unleased_jobs(job_ids bigint[]) RETURNS bigint[]
LANGUAGE plpgsql VOLATILE
AS $$
BEGIN
  PERFORM FROM :"schema".job_rows WHERE id = ANY (job_ids) ORDER BY job_key, id FOR UPDATE;
  IF cardinality(job_ids) <= 20 THEN
    RETURN ARRAY(
      SELECT id
      FROM :"schema".job_rows AS job
      WHERE id = ANY (job_ids)
        AND NOT EXISTS (SELECT FROM :"schema".lease_of(job.id, job.activation))
      ORDER BY id);
  END IF;
  -- For many jobs one pass over all leases is cheaper than a search for each of them. EXCEPT sorts
  -- what is too much to hash: NOT IN would search the leases for each job.
  RETURN ARRAY(
    SELECT unleased.id
    FROM (
      SELECT id, activation FROM :"schema".job_rows WHERE id = ANY (job_ids)
      EXCEPT
      SELECT held.job_id, held.activation
      FROM :"schema".leases
      CROSS JOIN LATERAL unnest(leases.job_ids, activations) AS held (job_id, activation)
    ) AS unleased
    ORDER BY unleased.id);
END
$$;

CREATE FUNCTION :"schema".fail_unleased_jobs(job_ids bigint[], error_message text)
RETURNS bigint[]
LANGUAGE plpgsql VOLATILE
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
  RETURN unleased;
END
$$;

CREATE FUNCTION :"schema".reschedule_unleased_jobs(
  job_ids bigint[], run_at timestamptz, priority integer, attempts integer, max_attempts integer)
RETURNS bigint[]
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
  unleased bigint[] := :"schema".lock_unleased_jobs(job_ids);
BEGIN
  UPDATE :"schema".job_rows AS job
  SET run_at       = coalesce(reschedule_unleased_jobs.run_at, job.run_at),
      priority     = coalesce(reschedule_unleased_jobs.priority, job.priority),
      attempts     = least(coalesce(reschedule_unleased_jobs.attempts, job.attempts),
                           coalesce(reschedule_unleased_jobs.max_attempts, job.max_attempts)),
      max_attempts = coalesce(reschedule_unleased_jobs.max_attempts, job.max_attempts),
      activation   = job.activation + 1,
      updated_at   = statement_timestamp()
  WHERE job.id = ANY (unleased);
  PERFORM :"schema".tell_leader(unleased);
  RETURN unleased;
END
$$;

CREATE OR REPLACE FUNCTION :"schema".permanently_fail_jobs(
  job_ids bigint[], error_message text DEFAULT NULL)
RETURNS SETOF :"schema".job
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
AS $$
BEGIN
  RETURN QUERY SELECT * FROM :"schema".jobs_in_order(
    :"schema".fail_unleased_jobs(job_ids, error_message));
END
$$;

CREATE OR REPLACE FUNCTION :"schema".reschedule_jobs(
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
  changed bigint[] := :"schema".reschedule_unleased_jobs(
    job_ids, run_at, priority, attempts, max_attempts);
BEGIN
  RETURN QUERY SELECT * FROM :"schema".jobs_in_order(changed);
END
$$;

-- The jobs that these executors hold, with the activations of their leases.
CREATE FUNCTION :"schema".held_by(executor_ids text[])
RETURNS TABLE (job_id bigint, activation integer)
LANGUAGE sql STABLE
AS $$
  SELECT held.job_id, held.activation
  FROM :"schema".leases
  CROSS JOIN LATERAL unnest(job_ids, activations, sessions) AS held (job_id, activation, session)
  JOIN :"schema".executors ON executors.number = held.session
  WHERE executors.executor_id = ANY (executor_ids)
$$;

-- Ends the leases of these executors. Returns the ids of the jobs that they held, ascending.
CREATE FUNCTION :"schema".end_leases_of(executor_ids text[]) RETURNS bigint[]
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
  held     bigint[] := ARRAY(SELECT job_id FROM :"schema".held_by(executor_ids));
  unlocked bigint[];
BEGIN
  PERFORM FROM :"schema".job_rows WHERE id = ANY (held) ORDER BY job_key, id FOR UPDATE;
  WITH ended AS (
    UPDATE :"schema".job_rows AS job
    SET activation = job.activation + 1, updated_at = statement_timestamp()
    FROM :"schema".held_by(executor_ids) AS lease
    WHERE job.id = ANY (ARRAY[lease.job_id]) AND job.activation = lease.activation
    RETURNING job.id
  )
  SELECT coalesce(array_agg(id ORDER BY id), '{}') INTO unlocked FROM ended;
  PERFORM :"schema".tell_leader(unlocked);
  RETURN unlocked;
END
$$;

CREATE OR REPLACE FUNCTION :"schema".force_unlock_workers(worker_ids text[]) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
AS $$
BEGIN
  PERFORM :"schema".end_leases_of(worker_ids);
END
$$;

-- Completes, fails or reschedules jobs, or ends the leases of executors (change: complete, fail,
-- reschedule, unlock). Returns the ids of the jobs changed, ascending.
CREATE FUNCTION :"schema".change_jobs(
  change        text,
  job_ids       bigint[],
  error_message text,
  run_at        timestamptz,
  priority      integer,
  attempts      integer,
  max_attempts  integer,
  executor_ids  text[])
RETURNS bigint[]
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
AS $$
DECLARE
  unleased bigint[];
BEGIN
  IF change = 'complete' THEN
    unleased := :"schema".lock_unleased_jobs(job_ids);
    DELETE FROM :"schema".job_rows WHERE id = ANY (unleased);
    PERFORM :"schema".tell_leader(unleased);
    RETURN unleased;
  ELSIF change = 'fail' THEN
    RETURN :"schema".fail_unleased_jobs(job_ids, error_message);
  ELSIF change = 'reschedule' THEN
    RETURN :"schema".reschedule_unleased_jobs(job_ids, run_at, priority, attempts, max_attempts);
  ELSIF change = 'unlock' THEN
    RETURN :"schema".end_leases_of(executor_ids);
  END IF;
  RAISE EXCEPTION 'no such change of jobs: %', change;
END
$$;

-- Deletes jobs with ids above `after` that have permanently failed and not changed for a time: at
-- most `most` of them, among at most `rows_read` jobs of any state. Leased ones stay, and those
-- that somebody has locked. `last_id` is how far it came, NULL at the end of the jobs.
CREATE FUNCTION :"schema".clean_up(
  after bigint, unchanged_for interval, most integer, rows_read integer,
  OUT deleted bigint, OUT last_id bigint)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
AS $$
DECLARE
  changed_before timestamptz := statement_timestamp() - unchanged_for;
  failed         bigint[];
BEGIN
  SELECT
    array_agg(page.id ORDER BY page.id)
      FILTER (WHERE page.attempts >= page.max_attempts AND page.updated_at <= changed_before),
    CASE WHEN count(*) = rows_read THEN max(page.id) END
  INTO failed, last_id
  FROM (
    SELECT id, attempts, max_attempts, updated_at
    FROM :"schema".job_rows
    WHERE id > after
    ORDER BY id
    LIMIT rows_read
  ) AS page;
  IF cardinality(failed) > most THEN
    failed := failed[1:most];
    last_id := failed[most];
  END IF;

  -- Lock first and look at leases in a second statement.
  failed := ARRAY(
    SELECT id FROM :"schema".job_rows WHERE id = ANY (failed) ORDER BY id FOR UPDATE SKIP LOCKED);
  -- EXCEPT sorts what is too much to hash.
  failed := ARRAY(
    SELECT unleased.id
    FROM (
      SELECT id, activation
      FROM :"schema".job_rows
      WHERE id = ANY (failed) AND attempts >= max_attempts AND updated_at <= changed_before
      EXCEPT
      SELECT held.job_id, held.activation
      FROM :"schema".leases
      CROSS JOIN LATERAL unnest(job_ids, activations) AS held (job_id, activation)
    ) AS unleased);
  WITH gone AS (
    DELETE FROM :"schema".job_rows WHERE id = ANY (failed) RETURNING id
  )
  SELECT count(*), array_agg(id) INTO deleted, failed FROM gone;
  PERFORM :"schema".tell_leader(failed);
END
$$;

-- The queues of jobs that have permanently failed, which the order of work does not hold.
CREATE INDEX job_rows_failed_of_queue ON :"schema".job_rows (queue_name)
  WHERE queue_name IS NOT NULL AND attempts >= max_attempts;

-- Nobody calls anything here unless it was GRANTed.
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA :"schema" FROM PUBLIC;

-- The public side: the view `jobs` and the functions that programs call in their own transactions.
-- They run with the rights of the schema's owner: EXECUTE on one of them is all that a caller
-- needs.

-- Tells the leader that these jobs have changed. `SET leasehold.notify = off` leaves it to its
-- poll.
CREATE FUNCTION :"schema".tell_leader(job_ids bigint[]) RETURNS void
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
  notify text := coalesce(lower(current_setting('leasehold.notify', true)), '');
BEGIN
  INSERT INTO :"schema".inbox (job_id)
  SELECT DISTINCT changed.id FROM unnest(job_ids) AS changed (id) WHERE changed.id IS NOT NULL;
  IF FOUND AND notify NOT IN ('off', 'false', 'no', '0') THEN
    PERFORM pg_notify(:"schema".inbox_channel(), '');
  END IF;
END
$$;

-- A job row as it looks from outside; without its lease's time and holder, as an unleased job.
CREATE FUNCTION :"schema".as_job(
  job :"schema".job_rows, locked_at timestamptz DEFAULT NULL, locked_by text DEFAULT NULL)
RETURNS :"schema".job
LANGUAGE plpgsql STABLE
AS $$
BEGIN
  RETURN ROW(
    job.id, job.queue_name, job.task, job.priority, job.run_at,
    -- With the running attempt.
    CASE
      WHEN locked_at IS NULL THEN job.attempts
      ELSE least(job.attempts + 1, job.max_attempts)::smallint
    END,
    job.max_attempts, job.last_error, job.created_at, job.updated_at, job.job_key, locked_at,
    locked_by, job.revision, (SELECT jsonb_object_agg(flag, true) FROM unnest(job.flags) AS flag),
    job.payload);
END
$$;

-- The jobs with these ids, in this order; those that are gone are left out. One look-up after the
-- other: as a join, the planner might read the whole table instead.
CREATE FUNCTION :"schema".jobs_in_order(ids bigint[]) RETURNS SETOF :"schema".job
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
  wanted bigint;
  job    :"schema".job_rows;
  lease  record;
BEGIN
  FOREACH wanted IN ARRAY coalesce(ids, '{}') LOOP
    SELECT * INTO job FROM :"schema".job_rows WHERE id = wanted;
    CONTINUE WHEN NOT FOUND;
    SELECT * INTO lease FROM :"schema".lease_of(job.id, job.activation);
    RETURN NEXT :"schema".as_job(job, lease.locked_at, lease.locked_by);
  END LOOP;
END
$$;

CREATE VIEW :"schema".jobs AS
SELECT job.id, job.queue_name, job.task AS task_identifier, job.priority, job.run_at,
  CASE
    WHEN held.job_id IS NULL THEN job.attempts
    ELSE least(job.attempts + 1, job.max_attempts)::smallint
  END AS attempts,
  job.max_attempts, job.last_error, job.created_at, job.updated_at, job.job_key AS key,
  held.leased_at AS locked_at, executors.executor_id AS locked_by, job.revision,
  (SELECT jsonb_object_agg(flag, true) FROM unnest(job.flags) AS flag) AS flags
FROM :"schema".job_rows AS job
LEFT JOIN (
  SELECT leased_at, unnest(job_ids) AS job_id, unnest(activations) AS activation,
    unnest(sessions) AS session
  FROM :"schema".leases
) AS held ON held.job_id = job.id AND held.activation = job.activation
LEFT JOIN :"schema".executors ON executors.number = held.session;

-- Adds a job, or does with the job that has the key what the mode says. NULL means the default.
CREATE FUNCTION :"schema".add_job(
  identifier   text,
  payload      json        DEFAULT NULL,
  queue_name   text        DEFAULT NULL,
  run_at       timestamptz DEFAULT NULL,
  max_attempts integer     DEFAULT NULL,
  job_key      text        DEFAULT NULL,
  priority     integer     DEFAULT NULL,
  flags        text[]      DEFAULT NULL,
  job_key_mode text        DEFAULT 'replace')
RETURNS :"schema".job
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
AS $$
DECLARE
  key_mode text := coalesce(job_key_mode, 'replace');
  put      record;
  shown    :"schema".job;
BEGIN
  IF key_mode NOT IN ('replace', 'preserve_run_at', 'unsafe_dedupe') THEN
    RAISE EXCEPTION 'job_key_mode "%" is not replace, preserve_run_at or unsafe_dedupe', key_mode
      USING ERRCODE = 'GWBKM';
  END IF;
  SELECT * INTO STRICT put
  FROM :"schema".put_jobs(ARRAY[CAST(
    ROW(identifier, payload, queue_name, run_at, max_attempts, job_key, priority, flags, NULL,
      key_mode)
    AS :"schema".new_job)], now());
  IF put.changed THEN
    PERFORM :"schema".tell_leader(ARRAY[(put.job).id, put.overtaken]);
    RETURN :"schema".as_job(put.job);
  END IF;
  SELECT * INTO STRICT shown FROM :"schema".jobs_in_order(ARRAY[(put.job).id]);
  RETURN shown;
END
$$;

-- Adds many jobs; one row per spec, in order.
CREATE FUNCTION :"schema".add_jobs(
  specs :"schema".job_spec[], job_key_preserve_run_at boolean DEFAULT false)
RETURNS SETOF :"schema".job
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
AS $$
DECLARE
  put         record;
  changed_ids bigint[];
BEGIN
  FOR put IN
    SELECT *
    FROM :"schema".put_jobs(ARRAY(
      SELECT CAST(
        ROW(spec.identifier, spec.payload, spec.queue_name, spec.run_at, spec.max_attempts,
          spec.job_key, spec.priority, spec.flags, NULL,
          CASE WHEN job_key_preserve_run_at THEN 'preserve_run_at' ELSE 'replace' END)
        AS :"schema".new_job)
      FROM unnest(specs) AS spec), now())
    ORDER BY spec_number
  LOOP
    -- One at a time: only so does PostgreSQL append in place.
    changed_ids := changed_ids || (put.job).id;
    changed_ids := changed_ids || put.overtaken;
    RETURN NEXT :"schema".as_job(put.job);
  END LOOP;
  PERFORM :"schema".tell_leader(changed_ids);
END
$$;

-- Removes the job that has the key. A leased one runs on, loses the key and is not retried. No row
-- if no job has it.
CREATE FUNCTION :"schema".remove_job(job_key text) RETURNS SETOF :"schema".job
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
AS $$
DECLARE
  found_job record;
BEGIN
  SELECT * INTO found_job FROM :"schema".drop_keyed_job(remove_job.job_key);
  IF NOT FOUND THEN
    RETURN;
  END IF;
  PERFORM :"schema".tell_leader(ARRAY[(found_job.dropped).id]);
  IF found_job.deleted THEN
    RETURN QUERY SELECT * FROM :"schema".as_job(found_job.dropped);
  ELSE
    RETURN QUERY SELECT * FROM :"schema".jobs_in_order(ARRAY[(found_job.dropped).id]);
  END IF;
END
$$;

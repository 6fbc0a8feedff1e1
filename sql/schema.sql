-- The schema as all migrations leave it: to read, not to run.

CREATE SCHEMA leasehold;

CREATE TYPE leasehold.job AS (
	id bigint,
	queue_name text,
	task_identifier text,
	priority smallint,
	run_at timestamp with time zone,
	attempts smallint,
	max_attempts smallint,
	last_error text,
	created_at timestamp with time zone,
	updated_at timestamp with time zone,
	key text,
	locked_at timestamp with time zone,
	locked_by text,
	revision integer,
	flags jsonb,
	payload json
);

CREATE TYPE leasehold.job_spec AS (
	identifier text,
	payload json,
	queue_name text,
	run_at timestamp with time zone,
	max_attempts smallint,
	job_key text,
	priority smallint,
	flags text[]
);

CREATE TYPE leasehold.new_job AS (
	task text,
	payload json,
	queue_name text,
	run_at timestamp with time zone,
	max_attempts smallint,
	job_key text,
	priority smallint,
	flags text[],
	metadata json,
	key_mode text
);

CREATE FUNCTION leasehold.add_job(identifier text, payload json DEFAULT NULL::json, queue_name text
        DEFAULT NULL::text, run_at timestamp with time zone DEFAULT NULL::timestamp with time zone,
        max_attempts integer DEFAULT NULL::integer, job_key text DEFAULT NULL::text, priority
        integer DEFAULT NULL::integer, flags text[] DEFAULT NULL::text[], job_key_mode text DEFAULT
        'replace'::text) RETURNS leasehold.job
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
DECLARE
  key_mode text := coalesce(job_key_mode, 'replace');
  put      record;
  shown    "leasehold".job;
BEGIN
  IF key_mode NOT IN ('replace', 'preserve_run_at', 'unsafe_dedupe') THEN
    RAISE EXCEPTION 'job_key_mode "%" is not replace, preserve_run_at or unsafe_dedupe', key_mode
      USING ERRCODE = 'GWBKM';
  END IF;
  SELECT * INTO STRICT put
  FROM "leasehold".put_jobs(ARRAY[CAST(
    ROW(identifier, payload, queue_name, run_at, max_attempts, job_key, priority, flags, NULL,
      key_mode)
    AS "leasehold".new_job)], now());
  IF put.changed THEN
    PERFORM "leasehold".tell_leader(ARRAY[(put.job).id, put.overtaken]);
    RETURN "leasehold".as_job(put.job);
  END IF;
  SELECT * INTO STRICT shown FROM "leasehold".jobs_in_order(ARRAY[(put.job).id]);
  RETURN shown;
END
$$;

CREATE FUNCTION leasehold.add_jobs(specs leasehold.job_spec[], job_key_preserve_run_at boolean
        DEFAULT false) RETURNS SETOF leasehold.job
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
DECLARE
  put         record;
  changed_ids bigint[];
BEGIN
  FOR put IN
    SELECT *
    FROM "leasehold".put_jobs(ARRAY(
      SELECT CAST(
        ROW(spec.identifier, spec.payload, spec.queue_name, spec.run_at, spec.max_attempts,
          spec.job_key, spec.priority, spec.flags, NULL,
          CASE WHEN job_key_preserve_run_at THEN 'preserve_run_at' ELSE 'replace' END)
        AS "leasehold".new_job)
      FROM unnest(specs) AS spec), now())
    ORDER BY spec_number
  LOOP
    -- One at a time: only so does PostgreSQL append in place.
    changed_ids := changed_ids || (put.job).id;
    changed_ids := changed_ids || put.overtaken;
    RETURN NEXT "leasehold".as_job(put.job);
  END LOOP;
  PERFORM "leasehold".tell_leader(changed_ids);
END
$$;

CREATE SEQUENCE leasehold.job_ids
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

CREATE TABLE leasehold.job_rows (
    id bigint DEFAULT nextval('leasehold.job_ids'::regclass) NOT NULL,
    run_at timestamp with time zone DEFAULT now() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    activation integer DEFAULT 0 NOT NULL,
    revision integer DEFAULT 0 NOT NULL,
    crashes integer DEFAULT 0 NOT NULL,
    priority smallint DEFAULT 0 NOT NULL,
    attempts smallint DEFAULT 0 NOT NULL,
    max_attempts smallint DEFAULT 25 NOT NULL,
    task text NOT NULL COLLATE pg_catalog."C",
    queue_name text COLLATE pg_catalog."C",
    job_key text COLLATE pg_catalog."C",
    flags text[] COLLATE pg_catalog."C",
    payload json DEFAULT '{}'::json NOT NULL,
    metadata json DEFAULT '{}'::json NOT NULL,
    last_error text,
    born_leased boolean DEFAULT false NOT NULL,
    CONSTRAINT a_job_has_at_least_one_attempt CHECK ((max_attempts >= 1)),
    CONSTRAINT a_job_key_has_1_to_512_characters CHECK (((length(job_key) >= 1) AND (length(job_key)
        <= 512))),
    CONSTRAINT a_job_runs_in_the_years_1_to_9999_or_never CHECK ((((run_at >= '0001-01-01
        00:00:00+00'::timestamp with time zone) AND (run_at <= '9999-12-31
        23:59:59.999999+00'::timestamp with time zone)) OR (NOT isfinite(run_at)))),
    CONSTRAINT a_queue_name_has_1_to_128_characters CHECK (((length(queue_name) >= 1) AND
        (length(queue_name) <= 128))),
    CONSTRAINT a_task_has_1_to_128_characters CHECK (((length(task) >= 1) AND (length(task) <=
        128))),
    CONSTRAINT attempts_are_between_none_and_all CHECK (((attempts >= 0) AND (attempts <=
        max_attempts))),
    CONSTRAINT flags_are_null_or_some CHECK ((cardinality(flags) > 0))
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='5000',
        autovacuum_vacuum_cost_delay='0', autovacuum_analyze_scale_factor='0.2',
        autovacuum_analyze_threshold='10000');

CREATE FUNCTION leasehold.as_job(job leasehold.job_rows, locked_at timestamp with time zone DEFAULT
        NULL::timestamp with time zone, locked_by text DEFAULT NULL::text) RETURNS leasehold.job
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

CREATE FUNCTION leasehold.change_jobs(change text, job_ids bigint[], error_message text, run_at
        timestamp with time zone, priority integer, attempts integer, max_attempts integer,
        executor_ids text[]) RETURNS bigint[]
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
DECLARE
  unleased bigint[];
BEGIN
  IF change = 'complete' THEN
    unleased := "leasehold".lock_unleased_jobs(job_ids);
    DELETE FROM "leasehold".job_rows WHERE id = ANY (unleased);
    PERFORM "leasehold".tell_leader(unleased);
    RETURN unleased;
  ELSIF change = 'fail' THEN
    RETURN "leasehold".fail_unleased_jobs(job_ids, error_message);
  ELSIF change = 'reschedule' THEN
    RETURN "leasehold".reschedule_unleased_jobs(job_ids, run_at, priority, attempts, max_attempts);
  ELSIF change = 'unlock' THEN
    RETURN "leasehold".end_leases_of(executor_ids);
  END IF;
  RAISE EXCEPTION 'no such change of jobs: %', change;
END
$$;

CREATE FUNCTION leasehold.clean_up(after bigint, unchanged_for interval, most integer, rows_read
        integer, OUT deleted bigint, OUT last_id bigint) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
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
    FROM "leasehold".job_rows
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
    SELECT id FROM "leasehold".job_rows WHERE id = ANY (failed) ORDER BY id FOR UPDATE SKIP LOCKED);
  -- EXCEPT sorts what is too much to hash.
  failed := ARRAY(
    SELECT unleased.id
    FROM (
      SELECT id, activation
      FROM "leasehold".job_rows
      WHERE id = ANY (failed) AND attempts >= max_attempts AND updated_at <= changed_before
      EXCEPT
      SELECT held.job_id, held.activation
      FROM "leasehold".leases
      CROSS JOIN LATERAL unnest(job_ids, activations) AS held (job_id, activation)
    ) AS unleased);
  WITH gone AS (
    DELETE FROM "leasehold".job_rows WHERE id = ANY (failed) RETURNING id
  )
  SELECT count(*), array_agg(id) INTO deleted, failed FROM gone;
  PERFORM "leasehold".tell_leader(failed);
END
$$;

CREATE FUNCTION leasehold.complete_jobs(job_ids bigint[]) RETURNS SETOF leasehold.job
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
DECLARE
  unleased bigint[] := "leasehold".lock_unleased_jobs(job_ids);
BEGIN
  PERFORM "leasehold".tell_leader(unleased);
  RETURN QUERY
  WITH deleted AS (
    DELETE FROM "leasehold".job_rows WHERE id = ANY (unleased) RETURNING job_rows AS job
  )
  SELECT shown.* FROM deleted CROSS JOIN LATERAL "leasehold".as_job(deleted.job) AS shown
  ORDER BY shown.id;
END
$$;

CREATE FUNCTION leasehold.drop_keyed_job(key text) RETURNS TABLE(dropped leasehold.job_rows, deleted
        boolean)
    LANGUAGE plpgsql
    AS $$
BEGIN
  LOOP
    SELECT * INTO dropped FROM "leasehold".job_rows WHERE job_key = drop_keyed_job.key FOR UPDATE;
    EXIT WHEN FOUND;
    -- While we waited for the row, its key may have gone to another job.
    IF NOT EXISTS (SELECT FROM "leasehold".job_rows WHERE job_key = drop_keyed_job.key) THEN
      RETURN;
    END IF;
  END LOOP;
  deleted := NOT "leasehold".is_leased(dropped.id, dropped.activation);
  IF deleted THEN
    DELETE FROM "leasehold".job_rows WHERE job_rows.id = dropped.id;
  ELSE
    UPDATE "leasehold".job_rows
    SET job_key = NULL, attempts = job_rows.max_attempts, updated_at = statement_timestamp()
    WHERE job_rows.id = dropped.id
    RETURNING * INTO dropped;
  END IF;
  RETURN NEXT;
END
$$;

CREATE FUNCTION leasehold.end_leases_of(executor_ids text[]) RETURNS bigint[]
    LANGUAGE plpgsql
    AS $$
DECLARE
  held     bigint[] := ARRAY(SELECT job_id FROM "leasehold".held_by(executor_ids));
  unlocked bigint[];
BEGIN
  PERFORM FROM "leasehold".job_rows WHERE id = ANY (held) ORDER BY job_key, id FOR UPDATE;
  WITH ended AS (
    UPDATE "leasehold".job_rows AS job
    SET activation = job.activation + 1, updated_at = statement_timestamp()
    FROM "leasehold".held_by(executor_ids) AS lease
    WHERE job.id = ANY (ARRAY[lease.job_id]) AND job.activation = lease.activation
    RETURNING job.id
  )
  SELECT coalesce(array_agg(id ORDER BY id), '{}') INTO unlocked FROM ended;
  PERFORM "leasehold".tell_leader(unlocked);
  RETURN unlocked;
END
$$;

CREATE FUNCTION leasehold.fail_unleased_jobs(job_ids bigint[], error_message text) RETURNS bigint[]
    LANGUAGE plpgsql
    AS $$
DECLARE
  unleased bigint[] := "leasehold".lock_unleased_jobs(job_ids);
BEGIN
  UPDATE "leasehold".job_rows
  SET attempts   = job_rows.max_attempts,
      last_error = coalesce(error_message, 'Manually marked as failed'),
      activation = activation + 1,
      updated_at = statement_timestamp()
  WHERE id = ANY (unleased);
  PERFORM "leasehold".tell_leader(unleased);
  RETURN unleased;
END
$$;

CREATE FUNCTION leasehold.fence(epoch bigint, durable boolean DEFAULT true) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
DECLARE
  actual bigint;
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'the leader writes at READ COMMITTED, not %',
      current_setting('transaction_isolation') USING ERRCODE = 'LH003';
  END IF;
  PERFORM pg_advisory_xact_lock_shared("leasehold".lock_key('fence'));
  SELECT leadership.epoch INTO STRICT actual FROM "leasehold".leadership;
  IF actual IS DISTINCT FROM fence.epoch THEN
    RAISE EXCEPTION 'epoch % is over: another server leads with epoch %', fence.epoch, actual
      USING ERRCODE = 'LH001';
  END IF;
  IF NOT durable THEN
    PERFORM set_config('synchronous_commit', 'off', true);
  END IF;
  RETURN actual;
END
$$;

CREATE FUNCTION leasehold.force_unlock_workers(worker_ids text[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
BEGIN
  PERFORM "leasehold".end_leases_of(worker_ids);
END
$$;

CREATE FUNCTION leasehold.from_micros(micros bigint) RETURNS timestamp with time zone
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  SELECT CASE micros
    WHEN 9223372036854775807 THEN timestamptz 'infinity'
    WHEN -9223372036854775808 THEN timestamptz '-infinity'
    ELSE (timestamp '1970-01-01' + (micros / 1000000) * interval '1 second'
          + (micros % 1000000) * interval '1 microsecond') AT TIME ZONE 'UTC'
  END
$$;

CREATE FUNCTION leasehold.held_by(executor_ids text[]) RETURNS TABLE(job_id bigint, activation
        integer)
    LANGUAGE sql STABLE
    AS $$
  SELECT held.job_id, held.activation
  FROM "leasehold".leases
  CROSS JOIN LATERAL unnest(job_ids, activations, sessions) AS held (job_id, activation, session)
  JOIN "leasehold".executors ON executors.number = held.session
  WHERE executors.executor_id = ANY (executor_ids)
$$;

CREATE FUNCTION leasehold.inbox_channel() RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  SELECT 'leasehold/' || 'leasehold'
$$;

CREATE FUNCTION leasehold.is_leased(job_id bigint, activation integer) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
BEGIN
  RETURN EXISTS (SELECT FROM "leasehold".lease_of(is_leased.job_id, is_leased.activation));
END
$$;

CREATE FUNCTION leasehold.jobs_in_order(ids bigint[]) RETURNS SETOF leasehold.job
    LANGUAGE plpgsql
    AS $$
DECLARE
  wanted bigint;
  job    "leasehold".job_rows;
  lease  record;
BEGIN
  FOREACH wanted IN ARRAY coalesce(ids, '{}') LOOP
    SELECT * INTO job FROM "leasehold".job_rows WHERE id = wanted;
    CONTINUE WHEN NOT FOUND;
    SELECT * INTO lease FROM "leasehold".lease_of(job.id, job.activation);
    RETURN NEXT "leasehold".as_job(job, lease.locked_at, lease.locked_by);
  END LOOP;
END
$$;

CREATE FUNCTION leasehold.journal_half() RETURNS smallint
    LANGUAGE plpgsql STABLE
    AS $$
BEGIN
  RETURN (SELECT leadership.journal_half FROM "leasehold".leadership);
END
$$;

CREATE FUNCTION leasehold.lease_of(job_id bigint, activation integer) RETURNS TABLE(locked_at
        timestamp with time zone, locked_by text)
    LANGUAGE sql STABLE
    AS $$
  SELECT leases.leased_at, executors.executor_id
  FROM "leasehold".leases
  CROSS JOIN LATERAL unnest(job_ids, activations, sessions) AS held (job_id, activation, session)
  LEFT JOIN "leasehold".executors ON executors.number = held.session
  WHERE lease_of.job_id BETWEEN lo AND hi
    AND lease_of.job_id = ANY (job_ids)
    AND held.job_id = lease_of.job_id
    AND held.activation = lease_of.activation
  LIMIT 1
$$;

CREATE FUNCTION leasehold.lock_key(purpose text) RETURNS bigint
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
  SELECT hashtextextended('leasehold/' || purpose || '/' || 'leasehold', 0)
$$;

CREATE FUNCTION leasehold.lock_unleased_jobs(job_ids bigint[]) RETURNS bigint[]
    LANGUAGE plpgsql
    AS $$
BEGIN
  PERFORM FROM "leasehold".job_rows WHERE id = ANY (job_ids) ORDER BY job_key, id FOR UPDATE;
  IF cardinality(job_ids) <= 20 THEN
    RETURN ARRAY(
      SELECT id
      FROM "leasehold".job_rows AS job
      WHERE id = ANY (job_ids)
        AND NOT EXISTS (SELECT FROM "leasehold".lease_of(job.id, job.activation))
      ORDER BY id);
  END IF;
  -- For many jobs one pass over all leases is cheaper than a search for each of them. EXCEPT sorts
  -- what is too much to hash: NOT IN would search the leases for each job.
  RETURN ARRAY(
    SELECT unleased.id
    FROM (
      SELECT id, activation FROM "leasehold".job_rows WHERE id = ANY (job_ids)
      EXCEPT
      SELECT held.job_id, held.activation
      FROM "leasehold".leases
      CROSS JOIN LATERAL unnest(leases.job_ids, activations) AS held (job_id, activation)
    ) AS unleased
    ORDER BY unleased.id);
END
$$;

CREATE FUNCTION leasehold.merged_payload(earlier json, later json) RETURNS json
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
  SELECT CASE
    WHEN json_typeof(earlier) <> 'array' OR json_typeof(later) <> 'array' THEN later
    WHEN json_array_length(earlier) = 0 THEN later
    WHEN json_array_length(later) = 0 THEN earlier
    ELSE (left(rtrim(earlier::text, E' \t\r\n'), -1) || ','
          || substr(ltrim(later::text, E' \t\r\n'), 2))::json
  END
$$;

CREATE FUNCTION leasehold.permanently_fail_jobs(job_ids bigint[], error_message text DEFAULT
        NULL::text) RETURNS SETOF leasehold.job
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
BEGIN
  RETURN QUERY SELECT * FROM "leasehold".jobs_in_order(
    "leasehold".fail_unleased_jobs(job_ids, error_message));
END
$$;

CREATE FUNCTION leasehold.put_jobs(specs leasehold.new_job[], default_run_at timestamp with time
        zone) RETURNS TABLE(spec_number integer, job leasehold.job_rows, changed boolean, overtaken
        bigint)
    LANGUAGE plpgsql
    AS $$
DECLARE
  ordered     "leasehold".new_job[] := ARRAY(SELECT spec FROM unnest(specs) AS spec);
  ids         bigint[]  := ARRAY(SELECT nextval('"leasehold".job_ids') FROM unnest(ordered));
  unkeyed     integer[] := ARRAY(
    SELECT spec.ordinality
    FROM unnest(ordered) WITH ORDINALITY AS spec
    WHERE spec.job_key IS NULL
    ORDER BY spec.ordinality);
  -- In the order of keys, in which rows are locked by whoever changes jobs by id as well: no two
  -- callers wait for each other.
  keyed       integer[] := ARRAY(
    SELECT spec.ordinality
    FROM unnest(ordered) WITH ORDINALITY AS spec
    WHERE spec.job_key IS NOT NULL
    ORDER BY spec.job_key COLLATE "C", spec.ordinality);
  put         record;
  was_changed boolean[];
  overtook    bigint[];
  key_begins  integer := 1;
BEGIN
  RETURN QUERY
  WITH inserted AS (
    INSERT INTO "leasehold".job_rows
      (id, task, payload, queue_name, run_at, max_attempts, priority, flags, metadata)
    SELECT spec.id, spec.task, coalesce(spec.payload, '{}'), spec.queue_name,
      coalesce(spec.run_at, default_run_at), coalesce(spec.max_attempts, 25),
      coalesce(spec.priority, 0), "leasehold".stored_flags(spec.flags),
      coalesce(spec.metadata, '{}')
    FROM ROWS FROM (unnest(ordered), unnest(ids)) AS spec (
      task, payload, queue_name, run_at, max_attempts, job_key, priority, flags, metadata,
      key_mode, id)
    WHERE spec.job_key IS NULL
    RETURNING job_rows AS job
  )
  SELECT unkeyed[row_number() OVER (ORDER BY (inserted.job).id)], inserted.job, true, NULL::bigint
  FROM inserted;

  FOR i IN 1 .. cardinality(keyed) LOOP
    SELECT * INTO put
    FROM "leasehold".put_keyed_job(ordered[keyed[i]], ids[keyed[i]], default_run_at);
    was_changed[i] := put.changed;
    overtook[i] := put.overtaken;
    CONTINUE WHEN (ordered[keyed[i]]).job_key = (ordered[keyed[i + 1]]).job_key;
    -- What the last spec of a key left stands for all of them.
    job := put.job;
    FOR same IN key_begins .. i LOOP
      spec_number := keyed[same];
      changed := was_changed[same];
      overtaken := overtook[same];
      RETURN NEXT;
    END LOOP;
    key_begins := i + 1;
  END LOOP;
END
$$;

CREATE FUNCTION leasehold.put_keyed_job(spec leasehold.new_job, new_id bigint, default_run_at
        timestamp with time zone, OUT job leasehold.job_rows, OUT changed boolean, OUT overtaken
        bigint) RETURNS record
    LANGUAGE plpgsql
    AS $$
DECLARE
  sees_all constant boolean := current_setting('transaction_isolation') = 'read committed';
  existing "leasehold".job_rows;
BEGIN
  changed := true;
  LOOP
    -- Those who want one key queue up for its row: they are woken one by one, where an insert wakes
    -- all. At SERIALIZABLE a search that finds nothing would lock a page of the index, on which
    -- other callers' new keys belong too.
    IF sees_all THEN
      PERFORM FROM "leasehold".job_rows WHERE job_key = spec.job_key FOR UPDATE;
    END IF;

    -- Before anything is done with a job that has the key: the checks are for all specs.
    INSERT INTO "leasehold".job_rows AS added
      (id, task, payload, queue_name, run_at, max_attempts, job_key, priority, flags, metadata)
    VALUES (new_id, spec.task, coalesce(spec.payload, '{}'), spec.queue_name,
      coalesce(spec.run_at, default_run_at), coalesce(spec.max_attempts, 25), spec.job_key,
      coalesce(spec.priority, 0), "leasehold".stored_flags(spec.flags),
      coalesce(spec.metadata, '{}'))
    ON CONFLICT (job_key) WHERE job_key IS NOT NULL DO NOTHING
    RETURNING added.* INTO job;
    IF FOUND THEN
      RETURN;
    END IF;

    SELECT * INTO existing
    FROM "leasehold".job_rows WHERE job_key = spec.job_key
    FOR UPDATE;
    -- It lost the key meanwhile.
    CONTINUE WHEN NOT FOUND;

    IF spec.key_mode = 'reject' THEN
      RAISE EXCEPTION 'job % has the key "%"', existing.id, spec.job_key USING ERRCODE = 'LH002';
    ELSIF spec.key_mode = 'unsafe_dedupe' THEN
      UPDATE "leasehold".job_rows AS kept
      SET revision = kept.revision + 1, updated_at = statement_timestamp()
      WHERE kept.id = existing.id
      RETURNING kept.* INTO job;
      changed := false;
      RETURN;
    ELSIF "leasehold".is_leased(existing.id, existing.activation) THEN
      UPDATE "leasehold".job_rows
      SET job_key = NULL, attempts = job_rows.max_attempts, updated_at = statement_timestamp()
      WHERE job_rows.id = existing.id;
      overtaken := existing.id;
      CONTINUE;
    END IF;

    UPDATE "leasehold".job_rows AS replaced
    SET task         = spec.task,
        payload      = "leasehold".merged_payload(existing.payload, coalesce(spec.payload, '{}')),
        queue_name   = spec.queue_name,
        run_at       = CASE
          WHEN spec.key_mode = 'preserve_run_at' AND existing.attempts = 0 THEN existing.run_at
          ELSE coalesce(spec.run_at, default_run_at)
        END,
        max_attempts = coalesce(spec.max_attempts, 25),
        priority     = coalesce(spec.priority, 0),
        flags        = "leasehold".stored_flags(spec.flags),
        metadata     = coalesce(spec.metadata, '{}'),
        attempts     = 0,
        crashes      = 0,
        last_error   = NULL,
        activation   = existing.activation + 1,
        revision     = existing.revision + 1,
        updated_at   = statement_timestamp()
    WHERE replaced.id = existing.id
    RETURNING replaced.* INTO job;
    RETURN;
  END LOOP;
END
$$;

CREATE FUNCTION leasehold.raise_epoch(server_id text, expected bigint DEFAULT NULL::bigint, at_least
        bigint DEFAULT 0) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
DECLARE
  raised bigint;
BEGIN
  PERFORM pg_advisory_xact_lock("leasehold".lock_key('fence'));
  IF current_setting('synchronous_commit') = 'off' THEN
    PERFORM set_config('synchronous_commit', 'on', true);
  END IF;
  UPDATE "leasehold".leadership
  SET epoch     = greatest(leadership.epoch, at_least) + 1,
      server_id = raise_epoch.server_id,
      since     = statement_timestamp()
  WHERE expected IS NULL OR leadership.epoch = expected
  RETURNING leadership.epoch INTO raised;
  IF raised IS NULL THEN
    RAISE EXCEPTION 'epoch % is over: another server leads', expected USING ERRCODE = 'LH001';
  END IF;
  RETURN raised;
END
$$;

CREATE FUNCTION leasehold.remove_job(job_key text) RETURNS SETOF leasehold.job
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
DECLARE
  found_job record;
BEGIN
  SELECT * INTO found_job FROM "leasehold".drop_keyed_job(remove_job.job_key);
  IF NOT FOUND THEN
    RETURN;
  END IF;
  PERFORM "leasehold".tell_leader(ARRAY[(found_job.dropped).id]);
  IF found_job.deleted THEN
    RETURN QUERY SELECT * FROM "leasehold".as_job(found_job.dropped);
  ELSE
    RETURN QUERY SELECT * FROM "leasehold".jobs_in_order(ARRAY[(found_job.dropped).id]);
  END IF;
END
$$;

CREATE FUNCTION leasehold.reschedule_jobs(job_ids bigint[], run_at timestamp with time zone DEFAULT
        NULL::timestamp with time zone, priority integer DEFAULT NULL::integer, attempts integer
        DEFAULT NULL::integer, max_attempts integer DEFAULT NULL::integer) RETURNS SETOF
        leasehold.job
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
DECLARE
  changed bigint[] := "leasehold".reschedule_unleased_jobs(
    job_ids, run_at, priority, attempts, max_attempts);
BEGIN
  RETURN QUERY SELECT * FROM "leasehold".jobs_in_order(changed);
END
$$;

CREATE FUNCTION leasehold.reschedule_unleased_jobs(job_ids bigint[], run_at timestamp with time
        zone, priority integer, attempts integer, max_attempts integer) RETURNS bigint[]
    LANGUAGE plpgsql
    AS $$
DECLARE
  unleased bigint[] := "leasehold".lock_unleased_jobs(job_ids);
BEGIN
  UPDATE "leasehold".job_rows AS job
  SET run_at       = coalesce(reschedule_unleased_jobs.run_at, job.run_at),
      priority     = coalesce(reschedule_unleased_jobs.priority, job.priority),
      attempts     = least(coalesce(reschedule_unleased_jobs.attempts, job.attempts),
                           coalesce(reschedule_unleased_jobs.max_attempts, job.max_attempts)),
      max_attempts = coalesce(reschedule_unleased_jobs.max_attempts, job.max_attempts),
      activation   = job.activation + 1,
      updated_at   = statement_timestamp()
  WHERE job.id = ANY (unleased);
  PERFORM "leasehold".tell_leader(unleased);
  RETURN unleased;
END
$$;

CREATE FUNCTION leasehold.rotate_journal(epoch bigint, keep interval, is_full boolean) RETURNS
        boolean
    LANGUAGE plpgsql
    AS $$
DECLARE
  older  smallint;
  newest timestamptz;
BEGIN
  PERFORM "leasehold".fence(rotate_journal.epoch);
  SELECT 1 - journal_half INTO STRICT older FROM "leasehold".leadership;
  IF NOT EXISTS (SELECT FROM "leasehold".journal WHERE half = 1 - older) THEN
    RETURN false;
  END IF;
  SELECT created_at INTO newest
  FROM "leasehold".journal WHERE half = older
  ORDER BY journal.epoch DESC, number DESC LIMIT 1;
  IF newest > statement_timestamp() - keep AND NOT is_full THEN
    RETURN false;
  END IF;
  IF older = 0 THEN
    TRUNCATE "leasehold".journal_0;
  ELSE
    TRUNCATE "leasehold".journal_1;
  END IF;
  UPDATE "leasehold".leadership SET journal_half = older;
  RETURN true;
END
$$;

CREATE FUNCTION leasehold.run_cron_ticks(identifiers text[], ticks timestamp with time zone[], specs
        leasehold.new_job[]) RETURNS TABLE(tick_number integer, outcome text, problem text, job
        leasehold.job_rows)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET jit TO 'off'
    AS $$
DECLARE
  -- Each has cost a lock_timeout, in which the others wait.
  most_stuck constant integer := 10;
  stuck      text[] := '{}';
  put        record;
BEGIN
  FOR i IN 1 .. coalesce(cardinality(ticks), 0) LOOP
    tick_number := i;
    outcome := 'untried';
    problem := NULL;
    job := NULL;
    IF cardinality(stuck) >= most_stuck OR identifiers[i] = ANY (stuck) THEN
      RETURN NEXT;
      CONTINUE;
    END IF;
    BEGIN
      INSERT INTO "leasehold".known_crontabs AS known (identifier, known_since, last_execution)
      VALUES (identifiers[i], ticks[i], ticks[i])
      ON CONFLICT (identifier) DO UPDATE
      SET last_execution = excluded.last_execution
      WHERE known.last_execution IS NULL OR known.last_execution < excluded.last_execution;
      IF FOUND THEN
        SELECT * INTO STRICT put FROM "leasehold".put_jobs(ARRAY[specs[i]], ticks[i]);
        job := put.job;
        outcome := 'added';
      ELSE
        outcome := 'skipped';
      END IF;
    EXCEPTION
      WHEN lock_not_available THEN
        outcome := 'locked';
        stuck := stuck || identifiers[i];
      -- Whatever a trigger of somebody's raises, too. The caller's own are the fence, a cancelled
      -- statement, and what another try or another connection may do.
      WHEN assert_failure OR OTHERS THEN
        IF left(SQLSTATE, 2) IN ('LH', '08', '25', '40', '53', '57', '58', 'XX') THEN
          RAISE;
        END IF;
        outcome := 'refused';
        problem := SQLERRM;
        stuck := stuck || identifiers[i];
    END;
    RETURN NEXT;
  END LOOP;
END
$$;

CREATE FUNCTION leasehold.stored_flags(flags text[]) RETURNS text[]
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
  SELECT array_agg(DISTINCT flag COLLATE "C" ORDER BY flag COLLATE "C")
  FROM unnest(flags) AS flag WHERE flag IS NOT NULL
$$;

CREATE FUNCTION leasehold.tell_leader(job_ids bigint[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
  notify text := coalesce(lower(current_setting('leasehold.notify', true)), '');
BEGIN
  INSERT INTO "leasehold".inbox (job_id)
  SELECT DISTINCT changed.id FROM unnest(job_ids) AS changed (id) WHERE changed.id IS NOT NULL;
  IF FOUND AND notify NOT IN ('off', 'false', 'no', '0') THEN
    PERFORM pg_notify("leasehold".inbox_channel(), '');
  END IF;
END
$$;

CREATE FUNCTION leasehold.to_micros(moment timestamp with time zone) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
  SELECT CASE
    WHEN isfinite(moment) THEN
      ((moment AT TIME ZONE 'UTC')::date - date '1970-01-01') * 86400000000
      + (date_part('epoch', (moment AT TIME ZONE 'UTC')::time) * 1000000)::bigint
    WHEN moment > '2000-01-01 00:00:00+00' THEN 9223372036854775807
    WHEN moment < '2000-01-01 00:00:00+00' THEN -9223372036854775808
  END
$$;

CREATE TABLE leasehold.crons (
    identifier text NOT NULL COLLATE pg_catalog."C",
    source text DEFAULT ''::text NOT NULL COLLATE pg_catalog."C",
    schedule text NOT NULL,
    time_zone text NOT NULL,
    task text NOT NULL COLLATE pg_catalog."C",
    payload json NOT NULL,
    fill interval NOT NULL,
    max_attempts smallint NOT NULL,
    queue_name text COLLATE pg_catalog."C",
    job_key text COLLATE pg_catalog."C",
    key_mode text NOT NULL,
    priority smallint NOT NULL,
    flags text[] COLLATE pg_catalog."C",
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE leasehold.executors (
    number bigint NOT NULL,
    session_id text NOT NULL,
    executor_id text NOT NULL,
    executor_name text NOT NULL,
    tasks text[] NOT NULL,
    opened_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE leasehold.inbox (
    id bigint NOT NULL,
    job_id bigint NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='1000',
        autovacuum_vacuum_cost_delay='0');

ALTER TABLE leasehold.inbox ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME leasehold.inbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE leasehold.leases (
    number bigint NOT NULL,
    lo bigint NOT NULL,
    hi bigint NOT NULL,
    leased_at timestamp with time zone NOT NULL,
    job_ids bigint[] NOT NULL,
    activations integer[] NOT NULL,
    sessions bigint[] NOT NULL,
    fencing_numbers bigint[] NOT NULL,
    secrets bigint[] NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='1000',
        autovacuum_vacuum_cost_delay='0', toast.autovacuum_vacuum_scale_factor='0',
        toast.autovacuum_vacuum_threshold='10000', toast.autovacuum_vacuum_cost_delay='0');
ALTER TABLE ONLY leasehold.leases ALTER COLUMN job_ids SET STORAGE EXTERNAL;
ALTER TABLE ONLY leasehold.leases ALTER COLUMN activations SET STORAGE EXTERNAL;
ALTER TABLE ONLY leasehold.leases ALTER COLUMN sessions SET STORAGE EXTERNAL;
ALTER TABLE ONLY leasehold.leases ALTER COLUMN fencing_numbers SET STORAGE EXTERNAL;
ALTER TABLE ONLY leasehold.leases ALTER COLUMN secrets SET STORAGE EXTERNAL;

CREATE VIEW leasehold.jobs AS
 SELECT job.id,
    job.queue_name,
    job.task AS task_identifier,
    job.priority,
    job.run_at,
        CASE
            WHEN (held.job_id IS NULL) THEN job.attempts
            ELSE (LEAST((job.attempts + 1), (job.max_attempts)::integer))::smallint
        END AS attempts,
    job.max_attempts,
    job.last_error,
    job.created_at,
    job.updated_at,
    job.job_key AS key,
    held.leased_at AS locked_at,
    executors.executor_id AS locked_by,
    job.revision,
    ( SELECT jsonb_object_agg(flag.flag, true) AS jsonb_object_agg
           FROM unnest(job.flags) flag(flag)) AS flags
   FROM ((leasehold.job_rows job
     LEFT JOIN ( SELECT leases.leased_at,
            unnest(leases.job_ids) AS job_id,
            unnest(leases.activations) AS activation,
            unnest(leases.sessions) AS session
           FROM leasehold.leases) held ON (((held.job_id = job.id) AND (held.activation =
        job.activation))))
     LEFT JOIN leasehold.executors ON ((executors.number = held.session)));

CREATE TABLE leasehold.journal (
    half smallint DEFAULT leasehold.journal_half() NOT NULL,
    epoch bigint NOT NULL,
    number bigint NOT NULL,
    created_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    kind text NOT NULL COLLATE pg_catalog."C",
    request_ids bytea[],
    request_bodies bytea[],
    answer_counts integer[],
    answer_ids bigint[],
    overtaken bigint[],
    completed bigint[],
    failed bigint[],
    released bigint[],
    unreported bigint[]
)
PARTITION BY LIST (half);
ALTER TABLE ONLY leasehold.journal ALTER COLUMN request_ids SET STORAGE EXTERNAL;
ALTER TABLE ONLY leasehold.journal ALTER COLUMN request_bodies SET STORAGE EXTERNAL;
ALTER TABLE ONLY leasehold.journal ALTER COLUMN answer_counts SET STORAGE EXTERNAL;
ALTER TABLE ONLY leasehold.journal ALTER COLUMN answer_ids SET STORAGE EXTERNAL;
ALTER TABLE ONLY leasehold.journal ALTER COLUMN overtaken SET STORAGE EXTERNAL;
ALTER TABLE ONLY leasehold.journal ALTER COLUMN completed SET STORAGE EXTERNAL;
ALTER TABLE ONLY leasehold.journal ALTER COLUMN failed SET STORAGE EXTERNAL;
ALTER TABLE ONLY leasehold.journal ALTER COLUMN released SET STORAGE EXTERNAL;
ALTER TABLE ONLY leasehold.journal ALTER COLUMN unreported SET STORAGE EXTERNAL;

CREATE TABLE leasehold.journal_0 (
    half smallint DEFAULT leasehold.journal_half() NOT NULL,
    epoch bigint NOT NULL,
    number bigint NOT NULL,
    created_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    kind text NOT NULL COLLATE pg_catalog."C",
    request_ids bytea[],
    request_bodies bytea[],
    answer_counts integer[],
    answer_ids bigint[],
    overtaken bigint[],
    completed bigint[],
    failed bigint[],
    released bigint[],
    unreported bigint[]
);
ALTER TABLE ONLY leasehold.journal_0 ALTER COLUMN request_ids SET STORAGE EXTERNAL;
ALTER TABLE ONLY leasehold.journal_0 ALTER COLUMN request_bodies SET STORAGE EXTERNAL;
ALTER TABLE ONLY leasehold.journal_0 ALTER COLUMN answer_counts SET STORAGE EXTERNAL;
ALTER TABLE ONLY leasehold.journal_0 ALTER COLUMN answer_ids SET STORAGE EXTERNAL;
ALTER TABLE ONLY leasehold.journal_0 ALTER COLUMN overtaken SET STORAGE EXTERNAL;
ALTER TABLE ONLY leasehold.journal_0 ALTER COLUMN completed SET STORAGE EXTERNAL;
ALTER TABLE ONLY leasehold.journal_0 ALTER COLUMN failed SET STORAGE EXTERNAL;
ALTER TABLE ONLY leasehold.journal_0 ALTER COLUMN released SET STORAGE EXTERNAL;
ALTER TABLE ONLY leasehold.journal_0 ALTER COLUMN unreported SET STORAGE EXTERNAL;

CREATE TABLE leasehold.journal_1 (
    half smallint DEFAULT leasehold.journal_half() NOT NULL,
    epoch bigint NOT NULL,
    number bigint NOT NULL,
    created_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    kind text NOT NULL COLLATE pg_catalog."C",
    request_ids bytea[],
    request_bodies bytea[],
    answer_counts integer[],
    answer_ids bigint[],
    overtaken bigint[],
    completed bigint[],
    failed bigint[],
    released bigint[],
    unreported bigint[]
);
ALTER TABLE ONLY leasehold.journal_1 ALTER COLUMN request_ids SET STORAGE EXTERNAL;
ALTER TABLE ONLY leasehold.journal_1 ALTER COLUMN request_bodies SET STORAGE EXTERNAL;
ALTER TABLE ONLY leasehold.journal_1 ALTER COLUMN answer_counts SET STORAGE EXTERNAL;
ALTER TABLE ONLY leasehold.journal_1 ALTER COLUMN answer_ids SET STORAGE EXTERNAL;
ALTER TABLE ONLY leasehold.journal_1 ALTER COLUMN overtaken SET STORAGE EXTERNAL;
ALTER TABLE ONLY leasehold.journal_1 ALTER COLUMN completed SET STORAGE EXTERNAL;
ALTER TABLE ONLY leasehold.journal_1 ALTER COLUMN failed SET STORAGE EXTERNAL;
ALTER TABLE ONLY leasehold.journal_1 ALTER COLUMN released SET STORAGE EXTERNAL;
ALTER TABLE ONLY leasehold.journal_1 ALTER COLUMN unreported SET STORAGE EXTERNAL;

CREATE TABLE leasehold.known_crontabs (
    identifier text NOT NULL,
    known_since timestamp with time zone NOT NULL,
    last_execution timestamp with time zone,
    schedule text,
    time_zone text,
    fill interval,
    paused boolean DEFAULT false NOT NULL
);

CREATE TABLE leasehold.leadership (
    only_row boolean DEFAULT true NOT NULL,
    epoch bigint DEFAULT 0 NOT NULL,
    server_id text,
    since timestamp with time zone DEFAULT now() NOT NULL,
    journal_half smallint DEFAULT 0 NOT NULL,
    wanted_by text,
    wanted_ticks bigint DEFAULT 0 NOT NULL,
    timeline text,
    CONSTRAINT an_epoch_fits_the_upper_half_of_a_fencing_number CHECK (((epoch >= 0) AND (epoch <=
        2147483647))),
    CONSTRAINT leadership_has_one_row CHECK (only_row),
    CONSTRAINT the_journal_has_two_halves CHECK ((journal_half = ANY (ARRAY[0, 1])))
);

CREATE TABLE leasehold.migrations (
    id integer NOT NULL,
    ts timestamp with time zone DEFAULT now() NOT NULL,
    breaking boolean DEFAULT false NOT NULL
);

CREATE TABLE leasehold.servers (
    id text NOT NULL,
    address text NOT NULL,
    version text NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    renewed_at timestamp with time zone DEFAULT now() NOT NULL,
    renewals bigint DEFAULT 0 NOT NULL,
    host text DEFAULT ''::text NOT NULL,
    streams integer DEFAULT 0 NOT NULL
)
WITH (fillfactor='50');

ALTER TABLE ONLY leasehold.journal ATTACH PARTITION leasehold.journal_0 FOR VALUES IN ('0');

ALTER TABLE ONLY leasehold.journal ATTACH PARTITION leasehold.journal_1 FOR VALUES IN ('1');

ALTER TABLE ONLY leasehold.crons
    ADD CONSTRAINT crons_pkey PRIMARY KEY (identifier);

ALTER TABLE ONLY leasehold.executors
    ADD CONSTRAINT executors_pkey PRIMARY KEY (number);

ALTER TABLE ONLY leasehold.executors
    ADD CONSTRAINT executors_session_id_key UNIQUE (session_id);

ALTER TABLE ONLY leasehold.inbox
    ADD CONSTRAINT inbox_pkey PRIMARY KEY (id);

ALTER TABLE ONLY leasehold.job_rows
    ADD CONSTRAINT job_rows_pkey PRIMARY KEY (id);

ALTER TABLE ONLY leasehold.journal
    ADD CONSTRAINT journal_pkey PRIMARY KEY (epoch, number, half);

ALTER TABLE ONLY leasehold.journal_0
    ADD CONSTRAINT journal_0_pkey PRIMARY KEY (epoch, number, half);

ALTER TABLE ONLY leasehold.journal_1
    ADD CONSTRAINT journal_1_pkey PRIMARY KEY (epoch, number, half);

ALTER TABLE ONLY leasehold.known_crontabs
    ADD CONSTRAINT known_crontabs_pkey PRIMARY KEY (identifier);

ALTER TABLE ONLY leasehold.leadership
    ADD CONSTRAINT leadership_pkey PRIMARY KEY (only_row);

ALTER TABLE ONLY leasehold.leases
    ADD CONSTRAINT leases_pkey PRIMARY KEY (number);

ALTER TABLE ONLY leasehold.migrations
    ADD CONSTRAINT migrations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY leasehold.servers
    ADD CONSTRAINT servers_pkey PRIMARY KEY (id);

CREATE INDEX job_rows_failed_of_queue ON leasehold.job_rows USING btree (queue_name) WHERE
        ((queue_name IS NOT NULL) AND (attempts >= max_attempts));

CREATE UNIQUE INDEX job_rows_key ON leasehold.job_rows USING btree (job_key) WHERE (job_key IS NOT
        NULL);

CREATE INDEX job_rows_queued ON leasehold.job_rows USING btree (queue_name, priority, run_at, id)
        WHERE ((queue_name IS NOT NULL) AND (attempts < max_attempts));

CREATE INDEX job_rows_ready ON leasehold.job_rows USING btree (task, priority, run_at, id) WHERE
        ((attempts < max_attempts) AND ((NOT born_leased) OR (activation > 0)));

ALTER INDEX leasehold.journal_pkey ATTACH PARTITION leasehold.journal_0_pkey;

ALTER INDEX leasehold.journal_pkey ATTACH PARTITION leasehold.journal_1_pkey;

REVOKE ALL ON FUNCTION leasehold.add_job(identifier text, payload json, queue_name text, run_at
        timestamp with time zone, max_attempts integer, job_key text, priority integer, flags
        text[], job_key_mode text) FROM PUBLIC;

REVOKE ALL ON FUNCTION leasehold.add_jobs(specs leasehold.job_spec[], job_key_preserve_run_at
        boolean) FROM PUBLIC;

REVOKE ALL ON FUNCTION leasehold.as_job(job leasehold.job_rows, locked_at timestamp with time zone,
        locked_by text) FROM PUBLIC;

REVOKE ALL ON FUNCTION leasehold.change_jobs(change text, job_ids bigint[], error_message text,
        run_at timestamp with time zone, priority integer, attempts integer, max_attempts integer,
        executor_ids text[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION leasehold.clean_up(after bigint, unchanged_for interval, most integer,
        rows_read integer, OUT deleted bigint, OUT last_id bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION leasehold.complete_jobs(job_ids bigint[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION leasehold.drop_keyed_job(key text) FROM PUBLIC;

REVOKE ALL ON FUNCTION leasehold.end_leases_of(executor_ids text[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION leasehold.fail_unleased_jobs(job_ids bigint[], error_message text) FROM
        PUBLIC;

REVOKE ALL ON FUNCTION leasehold.fence(epoch bigint, durable boolean) FROM PUBLIC;

REVOKE ALL ON FUNCTION leasehold.force_unlock_workers(worker_ids text[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION leasehold.from_micros(micros bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION leasehold.held_by(executor_ids text[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION leasehold.inbox_channel() FROM PUBLIC;

REVOKE ALL ON FUNCTION leasehold.is_leased(job_id bigint, activation integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION leasehold.jobs_in_order(ids bigint[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION leasehold.journal_half() FROM PUBLIC;

REVOKE ALL ON FUNCTION leasehold.lease_of(job_id bigint, activation integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION leasehold.lock_key(purpose text) FROM PUBLIC;

REVOKE ALL ON FUNCTION leasehold.lock_unleased_jobs(job_ids bigint[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION leasehold.merged_payload(earlier json, later json) FROM PUBLIC;

REVOKE ALL ON FUNCTION leasehold.permanently_fail_jobs(job_ids bigint[], error_message text) FROM
        PUBLIC;

REVOKE ALL ON FUNCTION leasehold.put_jobs(specs leasehold.new_job[], default_run_at timestamp with
        time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION leasehold.put_keyed_job(spec leasehold.new_job, new_id bigint, default_run_at
        timestamp with time zone, OUT job leasehold.job_rows, OUT changed boolean, OUT overtaken
        bigint) FROM PUBLIC;

REVOKE ALL ON FUNCTION leasehold.raise_epoch(server_id text, expected bigint, at_least bigint) FROM
        PUBLIC;

REVOKE ALL ON FUNCTION leasehold.remove_job(job_key text) FROM PUBLIC;

REVOKE ALL ON FUNCTION leasehold.reschedule_jobs(job_ids bigint[], run_at timestamp with time zone,
        priority integer, attempts integer, max_attempts integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION leasehold.reschedule_unleased_jobs(job_ids bigint[], run_at timestamp with
        time zone, priority integer, attempts integer, max_attempts integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION leasehold.rotate_journal(epoch bigint, keep interval, is_full boolean) FROM
        PUBLIC;

REVOKE ALL ON FUNCTION leasehold.run_cron_ticks(identifiers text[], ticks timestamp with time
        zone[], specs leasehold.new_job[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION leasehold.stored_flags(flags text[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION leasehold.tell_leader(job_ids bigint[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION leasehold.to_micros(moment timestamp with time zone) FROM PUBLIC;

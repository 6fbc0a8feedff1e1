-- What adds jobs and removes them by key: the inner functions that both SQL callers and the leader
-- go through, then the public ones.
--
-- A function that may change a job locks its row first and reads `leases` in a second statement,
-- whose snapshot is newer than the lock. In one statement it could miss the lease of a leader that
-- committed between.

-- How a job looks from outside: the columns of the view `jobs`, and the payload.
CREATE TYPE :"schema".job AS (
  id              bigint,
  queue_name      text,
  task_identifier text,
  priority        smallint,
  run_at          timestamptz,
  attempts        smallint,
  max_attempts    smallint,
  last_error      text,
  created_at      timestamptz,
  updated_at      timestamptz,
  key             text,
  locked_at       timestamptz,
  locked_by       text,
  revision        integer,
  flags           jsonb,
  payload         json
);

CREATE TYPE :"schema".job_spec AS (
  identifier   text,
  payload      json,
  queue_name   text,
  run_at       timestamptz,
  max_attempts smallint,
  job_key      text,
  priority     smallint,
  flags        text[]
);

-- A job to add. NULL means the default in every field but task.
CREATE TYPE :"schema".new_job AS (
  task         text,
  payload      json,
  queue_name   text,
  run_at       timestamptz,
  max_attempts smallint,
  job_key      text,
  priority     smallint,
  flags        text[],
  metadata     json,
  -- replace, preserve_run_at, unsafe_dedupe or reject
  key_mode     text
);

-- Flags as they are stored: sorted, each once, NULL for none.
CREATE FUNCTION :"schema".stored_flags(flags text[]) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$
  SELECT array_agg(DISTINCT flag COLLATE "C" ORDER BY flag COLLATE "C")
  FROM unnest(flags) AS flag WHERE flag IS NOT NULL
$$;

-- Two arrays joined into one, byte for byte; otherwise the later payload.
CREATE FUNCTION :"schema".merged_payload(earlier json, later json) RETURNS json
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

-- The live lease of this activation of a job: no row if there is none. There is never a second one:
-- LIMIT keeps the search one per job, with lo and hi looked at first, wherever it is inlined.
CREATE FUNCTION :"schema".lease_of(job_id bigint, activation integer)
RETURNS TABLE (locked_at timestamptz, locked_by text)
LANGUAGE sql STABLE
AS $$
  SELECT leases.leased_at, executors.executor_id
  FROM :"schema".leases
  CROSS JOIN LATERAL unnest(job_ids, activations, sessions) AS held (job_id, activation, session)
  LEFT JOIN :"schema".executors ON executors.number = held.session
  WHERE lease_of.job_id BETWEEN lo AND hi
    AND lease_of.job_id = ANY (job_ids)
    AND held.job_id = lease_of.job_id
    AND held.activation = lease_of.activation
  LIMIT 1
$$;

-- Whether a lease of this activation of the job stands. Lock the job's row in an earlier statement.
CREATE FUNCTION :"schema".is_leased(job_id bigint, activation integer) RETURNS boolean
LANGUAGE plpgsql VOLATILE
AS $$
BEGIN
  RETURN EXISTS (SELECT FROM :"schema".lease_of(is_leased.job_id, is_leased.activation));
END
$$;

-- Adds one job with a key, under the id `new_id` if it becomes a row of its own. `id` is the job
-- that now has the key; `changed` is false if it was left as it was; `overtaken` is a leased job
-- that lost its key and its retries.
CREATE FUNCTION :"schema".put_keyed_job(
  spec :"schema".new_job, new_id bigint, default_run_at timestamptz,
  OUT id bigint, OUT changed boolean, OUT overtaken bigint)
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
  existing :"schema".job_rows;
BEGIN
  changed := true;
  LOOP
    SELECT * INTO existing
    FROM :"schema".job_rows WHERE job_key = spec.job_key
    FOR UPDATE;

    IF NOT FOUND THEN
      INSERT INTO :"schema".job_rows
        (id, task, payload, queue_name, run_at, max_attempts, job_key, priority, flags, metadata)
      VALUES (new_id, spec.task, coalesce(spec.payload, '{}'), spec.queue_name,
        coalesce(spec.run_at, default_run_at), coalesce(spec.max_attempts, 25), spec.job_key,
        coalesce(spec.priority, 0), :"schema".stored_flags(spec.flags),
        coalesce(spec.metadata, '{}'))
      ON CONFLICT (job_key) WHERE job_key IS NOT NULL DO NOTHING
      RETURNING job_rows.id INTO id;
      -- Somebody else's insert of this key came between: look again, it is there now.
      CONTINUE WHEN id IS NULL;
      RETURN;
    END IF;

    IF spec.key_mode = 'reject' THEN
      RAISE EXCEPTION 'job % has the key "%"', existing.id, spec.job_key USING ERRCODE = 'LH002';
    ELSIF spec.key_mode = 'unsafe_dedupe' THEN
      UPDATE :"schema".job_rows
      SET revision = job_rows.revision + 1, updated_at = statement_timestamp()
      WHERE job_rows.id = existing.id;
      id := existing.id;
      changed := false;
      RETURN;
    ELSIF :"schema".is_leased(existing.id, existing.activation) THEN
      UPDATE :"schema".job_rows
      SET job_key = NULL, attempts = job_rows.max_attempts, updated_at = statement_timestamp()
      WHERE job_rows.id = existing.id;
      overtaken := existing.id;
      CONTINUE;
    END IF;

    UPDATE :"schema".job_rows
    SET task         = spec.task,
        payload      = :"schema".merged_payload(existing.payload, coalesce(spec.payload, '{}')),
        queue_name   = spec.queue_name,
        run_at       = CASE
          WHEN spec.key_mode = 'preserve_run_at' AND existing.attempts = 0 THEN existing.run_at
          ELSE coalesce(spec.run_at, default_run_at)
        END,
        max_attempts = coalesce(spec.max_attempts, 25),
        priority     = coalesce(spec.priority, 0),
        flags        = :"schema".stored_flags(spec.flags),
        metadata     = coalesce(spec.metadata, '{}'),
        attempts     = 0,
        crashes      = 0,
        last_error   = NULL,
        activation   = existing.activation + 1,
        revision     = existing.revision + 1,
        updated_at   = statement_timestamp()
    WHERE job_rows.id = existing.id;
    id := existing.id;
    RETURN;
  END LOOP;
END
$$;

-- Adds jobs; ids of new rows grow in the order of the specs. One row per spec, in any order: the
-- job that stands for it in the end, and what put_keyed_job says of it. Of two specs with one key
-- the later comes upon the job of the first.
CREATE FUNCTION :"schema".put_jobs(specs :"schema".new_job[], default_run_at timestamptz)
RETURNS TABLE (spec_number integer, job :"schema".job_rows, changed boolean, overtaken bigint)
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
  ordered     :"schema".new_job[] := ARRAY(SELECT spec FROM unnest(specs) AS spec);
  ids         bigint[]  := ARRAY(SELECT nextval(':"schema".job_ids') FROM unnest(ordered));
  unkeyed     integer[] := ARRAY(
    SELECT spec.ordinality
    FROM unnest(ordered) WITH ORDINALITY AS spec
    WHERE spec.job_key IS NULL
    ORDER BY spec.ordinality);
  -- In the order of keys, so that two callers with the same keys do not wait for each other.
  keyed       integer[] := ARRAY(
    SELECT spec.ordinality
    FROM unnest(ordered) WITH ORDINALITY AS spec
    WHERE spec.job_key IS NOT NULL
    ORDER BY spec.job_key COLLATE "C", spec.ordinality);
  put         record;
  was_changed boolean[];
  overtook    bigint[];
BEGIN
  RETURN QUERY
  WITH inserted AS (
    INSERT INTO :"schema".job_rows
      (id, task, payload, queue_name, run_at, max_attempts, priority, flags, metadata)
    SELECT spec.id, spec.task, coalesce(spec.payload, '{}'), spec.queue_name,
      coalesce(spec.run_at, default_run_at), coalesce(spec.max_attempts, 25),
      coalesce(spec.priority, 0), :"schema".stored_flags(spec.flags),
      coalesce(spec.metadata, '{}')
    FROM ROWS FROM (unnest(ordered), unnest(ids)) AS spec (
      task, payload, queue_name, run_at, max_attempts, job_key, priority, flags, metadata,
      key_mode, id)
    WHERE spec.job_key IS NULL
    RETURNING job_rows AS job
  )
  SELECT unkeyed[row_number() OVER (ORDER BY (inserted.job).id)], inserted.job, true, NULL::bigint
  FROM inserted;

  FOREACH spec_number IN ARRAY keyed LOOP
    SELECT * INTO put
    FROM :"schema".put_keyed_job(ordered[spec_number], ids[spec_number], default_run_at);
    ids[spec_number] := put.id;
    was_changed[spec_number] := put.changed;
    overtook[spec_number] := put.overtaken;
  END LOOP;

  FOREACH spec_number IN ARRAY keyed LOOP
    SELECT * INTO STRICT job FROM :"schema".job_rows WHERE id = ids[spec_number];
    changed := was_changed[spec_number];
    overtaken := overtook[spec_number];
    RETURN NEXT;
  END LOOP;
END
$$;

-- Takes the key `key` from its job: an unleased job is deleted, a leased one runs on, loses the key
-- and is not retried. No row if no job has the key.
CREATE FUNCTION :"schema".drop_keyed_job(key text)
RETURNS TABLE (dropped :"schema".job_rows, deleted boolean)
LANGUAGE plpgsql VOLATILE
AS $$
BEGIN
  SELECT * INTO dropped FROM :"schema".job_rows WHERE job_key = drop_keyed_job.key FOR UPDATE;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  deleted := NOT :"schema".is_leased(dropped.id, dropped.activation);
  IF deleted THEN
    DELETE FROM :"schema".job_rows WHERE job_rows.id = dropped.id;
  ELSE
    UPDATE :"schema".job_rows
    SET job_key = NULL, attempts = job_rows.max_attempts, updated_at = statement_timestamp()
    WHERE job_rows.id = dropped.id
    RETURNING * INTO dropped;
  END IF;
  RETURN NEXT;
END
$$;

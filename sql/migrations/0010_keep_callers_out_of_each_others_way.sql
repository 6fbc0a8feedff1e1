-- SQL callers meet each other less: a key that is new is inserted without reading anything that a
-- SERIALIZABLE neighbour could write. And Graphile Worker's library, which reads `migrations`
-- before it adds a job, leaves the schema alone.

DROP FUNCTION :"schema".put_keyed_job(:"schema".new_job, bigint, timestamptz);

-- Adds one job with a key, under the id `new_id` if it becomes a row of its own. `job` is the job
-- that now has the key; `changed` is false if it was left as it was; `overtaken` is a leased job
-- that lost its key and its retries.
CREATE FUNCTION :"schema".put_keyed_job(
  spec :"schema".new_job, new_id bigint, default_run_at timestamptz,
  OUT job :"schema".job_rows, OUT changed boolean, OUT overtaken bigint)
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
  sees_all constant boolean := current_setting('transaction_isolation') = 'read committed';
  existing :"schema".job_rows;
BEGIN
  changed := true;
  LOOP
    -- Those who want one key queue up for its row: they are woken one by one, where an insert wakes
    -- all. At SERIALIZABLE a search that finds nothing would lock a page of the index, on which
    -- other callers' new keys belong too.
    IF sees_all THEN
      PERFORM FROM :"schema".job_rows WHERE job_key = spec.job_key FOR UPDATE;
    END IF;

    -- Before anything is done with a job that has the key: the checks are for all specs.
    INSERT INTO :"schema".job_rows AS added
      (id, task, payload, queue_name, run_at, max_attempts, job_key, priority, flags, metadata)
    VALUES (new_id, spec.task, coalesce(spec.payload, '{}'), spec.queue_name,
      coalesce(spec.run_at, default_run_at), coalesce(spec.max_attempts, 25), spec.job_key,
      coalesce(spec.priority, 0), :"schema".stored_flags(spec.flags),
      coalesce(spec.metadata, '{}'))
    ON CONFLICT (job_key) WHERE job_key IS NOT NULL DO NOTHING
    RETURNING added.* INTO job;
    IF FOUND THEN
      RETURN;
    END IF;

    SELECT * INTO existing
    FROM :"schema".job_rows WHERE job_key = spec.job_key
    FOR UPDATE;
    -- It lost the key meanwhile.
    CONTINUE WHEN NOT FOUND;

    IF spec.key_mode = 'reject' THEN
      RAISE EXCEPTION 'job % has the key "%"', existing.id, spec.job_key USING ERRCODE = 'LH002';
    ELSIF spec.key_mode = 'unsafe_dedupe' THEN
      UPDATE :"schema".job_rows AS kept
      SET revision = kept.revision + 1, updated_at = statement_timestamp()
      WHERE kept.id = existing.id
      RETURNING kept.* INTO job;
      changed := false;
      RETURN;
    ELSIF :"schema".is_leased(existing.id, existing.activation) THEN
      UPDATE :"schema".job_rows
      SET job_key = NULL, attempts = job_rows.max_attempts, updated_at = statement_timestamp()
      WHERE job_rows.id = existing.id;
      overtaken := existing.id;
      CONTINUE;
    END IF;

    UPDATE :"schema".job_rows AS replaced
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
    WHERE replaced.id = existing.id
    RETURNING replaced.* INTO job;
    RETURN;
  END LOOP;
END
$$;

REVOKE EXECUTE ON FUNCTION
  :"schema".put_keyed_job(:"schema".new_job, bigint, timestamptz) FROM PUBLIC;

-- Adds jobs; ids of new rows grow in the order of the specs. One row per spec, in any order: the
-- job that stands for it in the end, and what put_keyed_job says of it. Of two specs with one key
-- the later comes upon the job of the first.
CREATE OR REPLACE FUNCTION :"schema".put_jobs(
  specs :"schema".new_job[], default_run_at timestamptz)
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

  FOR i IN 1 .. cardinality(keyed) LOOP
    SELECT * INTO put
    FROM :"schema".put_keyed_job(ordered[keyed[i]], ids[keyed[i]], default_run_at);
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

-- Takes the key `key` from its job: an unleased job is deleted, a leased one runs on, loses the key
-- and is not retried. No row if no job has the key.
CREATE OR REPLACE FUNCTION :"schema".drop_keyed_job(key text)
RETURNS TABLE (dropped :"schema".job_rows, deleted boolean)
LANGUAGE plpgsql VOLATILE
AS $$
BEGIN
  LOOP
    SELECT * INTO dropped FROM :"schema".job_rows WHERE job_key = drop_keyed_job.key FOR UPDATE;
    EXIT WHEN FOUND;
    -- While we waited for the row, its key may have gone to another job.
    IF NOT EXISTS (SELECT FROM :"schema".job_rows WHERE job_key = drop_keyed_job.key) THEN
      RETURN;
    END IF;
  END LOOP;
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

-- Graphile Worker's library applies what it finds missing above the largest id here, and stops its
-- program if the largest breaking one is above its own. This row is above all that it will ever
-- have; what comes after this migration is recorded under the negative of its number
-- (sql/migration.h).
INSERT INTO :"schema".migrations (id, breaking) VALUES (1000000, false);

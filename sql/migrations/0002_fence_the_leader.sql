-- The functions that the leader's statements stand on. Its connections run READ COMMITTED.

-- Whole microseconds since 1970 and back: exact, and infinity survives. Not STRICT, because
-- PostgreSQL then would not inline them: NULL gives NULL all the same.
CREATE FUNCTION :"schema".to_micros(moment timestamptz) RETURNS bigint
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

-- Two multiplications, because an interval is multiplied as a double: whole seconds stay exact.
CREATE FUNCTION :"schema".from_micros(micros bigint) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
  SELECT CASE micros
    WHEN 9223372036854775807 THEN timestamptz 'infinity'
    WHEN -9223372036854775808 THEN timestamptz '-infinity'
    ELSE (timestamp '1970-01-01' + (micros / 1000000) * interval '1 second'
          + (micros % 1000000) * interval '1 microsecond') AT TIME ZONE 'UTC'
  END
$$;

-- The schema's advisory locks: of the fence, of the leader's own connection, of migrations.
CREATE FUNCTION :"schema".lock_key(purpose text) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$
  SELECT hashtextextended('leasehold/' || purpose || '/' || :'schema', 0)
$$;

-- What NOTIFY says that rows stand in the inbox.
CREATE FUNCTION :"schema".inbox_channel() RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
  SELECT 'leasehold/' || :'schema'
$$;

-- Lets a write of the leader of `epoch` pass and keeps any takeover waiting until it has committed;
-- LH001 if the epoch is another. Not durable: the transaction commits asynchronously.
--
-- The lock comes first and the epoch is read in a second statement, whose snapshot is newer than
-- the lock: in one statement a deposed leader would pass.
CREATE FUNCTION :"schema".fence(epoch bigint, durable boolean DEFAULT true) RETURNS bigint
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
  actual bigint;
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'the leader writes at READ COMMITTED, not %',
      current_setting('transaction_isolation') USING ERRCODE = 'LH003';
  END IF;
  PERFORM pg_advisory_xact_lock_shared(:"schema".lock_key('fence'));
  SELECT leadership.epoch INTO STRICT actual FROM :"schema".leadership;
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

-- Begins a leadership of `server_id`; returns its epoch, above the last and above `at_least`. With
-- `expected` it does so only if that is the epoch now (LH001 otherwise). Waits until every write
-- that has passed the fence is over.
CREATE FUNCTION :"schema".raise_epoch(
  server_id text, expected bigint DEFAULT NULL, at_least bigint DEFAULT 0)
RETURNS bigint
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
  raised bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(:"schema".lock_key('fence'));
  IF current_setting('synchronous_commit') = 'off' THEN
    PERFORM set_config('synchronous_commit', 'on', true);
  END IF;
  UPDATE :"schema".leadership
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

-- Empties the half of the journal that is not written now and turns to it, if its newest row is
-- older than `keep` or `is_full` says that the other half alone holds enough. Nothing is done while
-- that one is empty. Returns whether it turned.
CREATE FUNCTION :"schema".rotate_journal(epoch bigint, keep interval, is_full boolean)
RETURNS boolean
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
  older  smallint;
  newest timestamptz;
BEGIN
  PERFORM :"schema".fence(rotate_journal.epoch);
  SELECT 1 - journal_half INTO STRICT older FROM :"schema".leadership;
  IF NOT EXISTS (SELECT FROM :"schema".journal WHERE half = 1 - older) THEN
    RETURN false;
  END IF;
  SELECT created_at INTO newest
  FROM :"schema".journal WHERE half = older
  ORDER BY journal.epoch DESC, number DESC LIMIT 1;
  IF newest > statement_timestamp() - keep AND NOT is_full THEN
    RETURN false;
  END IF;
  IF older = 0 THEN
    TRUNCATE :"schema".journal_0;
  ELSE
    TRUNCATE :"schema".journal_1;
  END IF;
  UPDATE :"schema".leadership SET journal_half = older;
  RETURN true;
END
$$;

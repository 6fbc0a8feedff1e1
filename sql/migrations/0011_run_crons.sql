-- Crons: those that are stored here, what is known of all of them, and what runs their ticks.

-- Crons that were stored through a server; those of crontab files stand in no table.
CREATE TABLE :"schema".crons (
  identifier   text        NOT NULL COLLATE "C" PRIMARY KEY,
  -- The name of the crontab that it came with; empty: it came alone.
  source       text        NOT NULL COLLATE "C" DEFAULT '',
  schedule     text        NOT NULL,
  time_zone    text        NOT NULL,
  task         text        NOT NULL COLLATE "C",
  payload      json        NOT NULL,
  fill         interval    NOT NULL,
  max_attempts smallint    NOT NULL,
  queue_name   text        COLLATE "C",
  job_key      text        COLLATE "C",
  key_mode     text        NOT NULL,
  priority     smallint    NOT NULL,
  flags        text[]      COLLATE "C",
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now()
);

-- Of every cron that a leader has met, those of crontab files included.
ALTER TABLE :"schema".known_crontabs
  -- When it ran and how far back, as it was last met: a cron that changes in one of them begins
  -- anew. NULL: not known, as in rows of Graphile Worker's.
  ADD COLUMN schedule  text,
  ADD COLUMN time_zone text,
  ADD COLUMN fill      interval,
  ADD COLUMN paused    boolean NOT NULL DEFAULT false;

-- Runs ticks in their order: advances last_execution of the cron and adds the job of `specs`, both
-- or none. One row a tick, its outcome:
--   added    `job` is there now
--   skipped  last_execution says that it ran before
--   locked   somebody holds the row of the cron or of a job with its key; nothing was done
--   refused  PostgreSQL does not take the job, `problem` says why; nothing was done
--   untried  it stands behind one that is locked or refused, or too many of those were met
CREATE FUNCTION :"schema".run_cron_ticks(
  identifiers text[], ticks timestamptz[], specs :"schema".new_job[])
RETURNS TABLE (tick_number integer, outcome text, problem text, job :"schema".job_rows)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
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
      INSERT INTO :"schema".known_crontabs AS known (identifier, known_since, last_execution)
      VALUES (identifiers[i], ticks[i], ticks[i])
      ON CONFLICT (identifier) DO UPDATE
      SET last_execution = excluded.last_execution
      WHERE known.last_execution IS NULL OR known.last_execution < excluded.last_execution;
      IF FOUND THEN
        SELECT * INTO STRICT put FROM :"schema".put_jobs(ARRAY[specs[i]], ticks[i]);
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

REVOKE EXECUTE ON FUNCTION
  :"schema".run_cron_ticks(text[], timestamptz[], :"schema".new_job[]) FROM PUBLIC;

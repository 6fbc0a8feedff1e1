-- breaking: true

-- Where the queue's facts stand. The schema's name is put in by whoever runs this.

-- A role that may not create schemas can be given one.
DO $$
BEGIN
  IF to_regnamespace(':"schema"') IS NULL THEN
    CREATE SCHEMA :"schema";
  END IF;
END
$$;

-- What has been done to this schema. A server refuses one with a breaking migration it does not
-- know.
CREATE TABLE :"schema".migrations (
  id       integer     NOT NULL PRIMARY KEY,
  ts       timestamptz NOT NULL DEFAULT now(),
  breaking boolean     NOT NULL DEFAULT false
);

-- Ids of jobs: SQL callers take one at a time, the leader takes blocks.
CREATE SEQUENCE :"schema".job_ids AS bigint;

-- A job row is inserted once and deleted once. Between the two it changes only when an attempt ends
-- without success or somebody changes the job.
CREATE TABLE :"schema".job_rows (
  id           bigint      NOT NULL DEFAULT nextval(':"schema".job_ids'),
  run_at       timestamptz NOT NULL DEFAULT now(),
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now(),
  -- Grows by 1 with every change that ends or overtakes an attempt but keeps the row. A lease names
  -- (id, activation) and is live only as long as the row has both.
  activation   integer     NOT NULL DEFAULT 0,
  revision     integer     NOT NULL DEFAULT 0,
  -- Activations in a row that were lost with their executor.
  crashes      integer     NOT NULL DEFAULT 0,
  priority     smallint    NOT NULL DEFAULT 0,
  attempts     smallint    NOT NULL DEFAULT 0,
  max_attempts smallint    NOT NULL DEFAULT 25,
  task         text        NOT NULL COLLATE "C",
  queue_name   text        COLLATE "C",
  job_key      text        COLLATE "C",
  -- NULL or sorted, each once.
  flags        text[]      COLLATE "C",
  payload      json        NOT NULL DEFAULT '{}',
  metadata     json        NOT NULL DEFAULT '{}',
  last_error   text,

  PRIMARY KEY (id),
  CONSTRAINT a_task_has_1_to_128_characters CHECK (length(task) BETWEEN 1 AND 128),
  CONSTRAINT a_queue_name_has_1_to_128_characters CHECK (length(queue_name) BETWEEN 1 AND 128),
  CONSTRAINT a_job_key_has_1_to_512_characters CHECK (length(job_key) BETWEEN 1 AND 512),
  CONSTRAINT a_job_has_at_least_one_attempt CHECK (max_attempts >= 1),
  CONSTRAINT attempts_are_between_none_and_all CHECK (attempts BETWEEN 0 AND max_attempts),
  -- A job without flags has NULL, not an empty array.
  CONSTRAINT flags_are_null_or_some CHECK (cardinality(flags) > 0),
  -- Every clock that reads it can: absl's, protobuf's, whole microseconds in 64 bits.
  CONSTRAINT a_job_runs_in_the_years_1_to_9999_or_never CHECK (
    run_at BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00'
    OR NOT isfinite(run_at))
) WITH (
  -- Rows come and go by the hundred thousand a second: vacuum early, often and without pauses.
  autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_threshold = 5000,
  autovacuum_vacuum_cost_delay = 0,
  autovacuum_analyze_scale_factor = 0.2,
  autovacuum_analyze_threshold = 10000
);

-- The order of work of each task. Jobs that have permanently failed are not in it.
CREATE INDEX job_rows_ready ON :"schema".job_rows (task, priority, run_at, id)
  WHERE attempts < max_attempts;

-- The order of work of each serial queue.
CREATE INDEX job_rows_queued ON :"schema".job_rows (queue_name, priority, run_at, id)
  WHERE queue_name IS NOT NULL AND attempts < max_attempts;

CREATE UNIQUE INDEX job_rows_key ON :"schema".job_rows (job_key)
  WHERE job_key IS NOT NULL;

-- One row per batch of leases. Element i of each array belongs to the same lease. Rows are never
-- updated; what they say of a job counts only while the job has that activation. No CHECK
-- constraints: PostgreSQL parses them anew in every statement, and only the leader writes here.
CREATE TABLE :"schema".leases (
  -- Chosen by the leader.
  number          bigint      NOT NULL PRIMARY KEY,
  -- The smallest and the largest of job_ids: id BETWEEN lo AND hi AND id = ANY (job_ids) finds a
  -- job.
  lo              bigint      NOT NULL,
  hi              bigint      NOT NULL,
  leased_at       timestamptz NOT NULL,
  job_ids         bigint[]    NOT NULL,
  activations     integer[]   NOT NULL,
  sessions        bigint[]    NOT NULL,
  fencing_numbers bigint[]    NOT NULL,
  -- The random bits of the lease tokens.
  secrets         bigint[]    NOT NULL
) WITH (
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 1000,
  autovacuum_vacuum_cost_delay = 0,
  toast.autovacuum_vacuum_scale_factor = 0,
  toast.autovacuum_vacuum_threshold = 10000,
  toast.autovacuum_vacuum_cost_delay = 0
);

-- Rows live for seconds: compressing them would cost more than it saves.
ALTER TABLE :"schema".leases
  ALTER job_ids SET STORAGE EXTERNAL,
  ALTER activations SET STORAGE EXTERNAL,
  ALTER sessions SET STORAGE EXTERNAL,
  ALTER fencing_numbers SET STORAGE EXTERNAL,
  ALTER secrets SET STORAGE EXTERNAL;

-- Jobs that SQL callers changed and the leader has not read yet. Order and duplicates mean nothing.
CREATE TABLE :"schema".inbox (
  id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  job_id bigint NOT NULL
) WITH (
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 1000,
  autovacuum_vacuum_cost_delay = 0
);

-- Who leads: one row. The epoch grows with every takeover and fences every write of the leader.
CREATE TABLE :"schema".leadership (
  only_row     boolean     NOT NULL DEFAULT true PRIMARY KEY,
  epoch        bigint      NOT NULL DEFAULT 0,
  server_id    text,
  since        timestamptz NOT NULL DEFAULT now(),
  -- The half of the journal that is written now.
  journal_half smallint    NOT NULL DEFAULT 0,

  CONSTRAINT leadership_has_one_row CHECK (only_row),
  CONSTRAINT an_epoch_fits_the_upper_half_of_a_fencing_number CHECK (
    epoch BETWEEN 0 AND 2147483647),
  CONSTRAINT the_journal_has_two_halves CHECK (journal_half IN (0, 1))
);

INSERT INTO :"schema".leadership DEFAULT VALUES;

CREATE FUNCTION :"schema".journal_half() RETURNS smallint
LANGUAGE plpgsql STABLE
AS $$
BEGIN
  RETURN (SELECT leadership.journal_half FROM :"schema".leadership);
END
$$;

-- One row per write transaction of the leader: the proof that it committed, the answers to repeated
-- requests and the fate of every token it ended. Two halves in rotation; the older is truncated.
CREATE TABLE :"schema".journal (
  half           smallint    NOT NULL DEFAULT :"schema".journal_half(),
  epoch          bigint      NOT NULL,
  -- Chosen by the leader before it sends the statement.
  number         bigint      NOT NULL,
  created_at     timestamptz NOT NULL DEFAULT statement_timestamp(),
  -- The statement's name.
  kind           text        NOT NULL COLLATE "C",
  -- Hashes of the request ids, of the bodies that came with them, and how many of answer_ids, one
  -- after the other, answer each.
  request_ids    bytea[],
  request_bodies bytea[],
  answer_counts  integer[],
  answer_ids     bigint[],
  -- Jobs that ran under a key and lost it.
  overtaken      bigint[],
  -- Fencing numbers of the leases it ended, by how they ended.
  completed      bigint[],
  failed         bigint[],
  released       bigint[],
  -- Ended by the server itself: swept or taken back.
  unreported     bigint[],

  PRIMARY KEY (epoch, number, half)
) PARTITION BY LIST (half);

CREATE TABLE :"schema".journal_0 PARTITION OF :"schema".journal FOR VALUES IN (0);
CREATE TABLE :"schema".journal_1 PARTITION OF :"schema".journal FOR VALUES IN (1);

-- Sessions that did not end cleanly, and those that have not ended. A row commits before the
-- session is told that it is open.
CREATE TABLE :"schema".executors (
  number        bigint      NOT NULL PRIMARY KEY,
  session_id    text        NOT NULL UNIQUE,
  executor_id   text        NOT NULL,
  executor_name text        NOT NULL,
  tasks         text[]      NOT NULL,
  opened_at     timestamptz NOT NULL DEFAULT now()
);

-- The replicas. `renewals` is what the others watch, on their own clocks.
CREATE TABLE :"schema".servers (
  id         text        NOT NULL PRIMARY KEY,
  address    text        NOT NULL,
  version    text        NOT NULL,
  started_at timestamptz NOT NULL DEFAULT now(),
  renewed_at timestamptz NOT NULL DEFAULT now(),
  renewals   bigint      NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

CREATE TABLE :"schema".known_crontabs (
  identifier     text        NOT NULL PRIMARY KEY,
  known_since    timestamptz NOT NULL,
  last_execution timestamptz
);

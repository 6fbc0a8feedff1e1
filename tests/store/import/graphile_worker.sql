-- The schema of graphile-worker 0.18 as its users' databases have it: the names, types, defaults,
-- constraints and rights that a take-over has to do with. The functions do what producers and the
-- tests need of them.

CREATE SCHEMA graphile_worker;

CREATE TABLE graphile_worker.migrations (
  id       integer     PRIMARY KEY,
  ts       timestamptz NOT NULL DEFAULT now(),
  breaking boolean     NOT NULL DEFAULT false
);
INSERT INTO graphile_worker.migrations (id, breaking)
SELECT id, id IN (1, 3, 11, 13, 14, 16, 19) FROM generate_series(1, 20) AS id;

CREATE TABLE graphile_worker._private_tasks (
  id         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  identifier text NOT NULL UNIQUE CHECK (length(identifier) <= 128)
);

CREATE TABLE graphile_worker._private_job_queues (
  id           integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  queue_name   text NOT NULL UNIQUE CHECK (length(queue_name) <= 128),
  locked_at    timestamptz,
  locked_by    text,
  is_available boolean NOT NULL GENERATED ALWAYS AS (locked_at IS NULL) STORED
);

CREATE TABLE graphile_worker._private_jobs (
  id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  job_queue_id integer,
  task_id      integer     NOT NULL,
  payload      json        NOT NULL DEFAULT '{}',
  priority     smallint    NOT NULL DEFAULT 0,
  run_at       timestamptz NOT NULL DEFAULT now(),
  attempts     smallint    NOT NULL DEFAULT 0,
  max_attempts smallint    NOT NULL DEFAULT 25 CHECK (max_attempts >= 1),
  last_error   text,
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now(),
  key          text UNIQUE CHECK (length(key) BETWEEN 1 AND 512),
  locked_at    timestamptz,
  locked_by    text,
  revision     integer     NOT NULL DEFAULT 0,
  flags        jsonb,
  is_available boolean NOT NULL
    GENERATED ALWAYS AS (locked_at IS NULL AND attempts < max_attempts) STORED
);

CREATE TABLE graphile_worker._private_known_crontabs (
  identifier     text PRIMARY KEY,
  known_since    timestamptz NOT NULL,
  last_execution timestamptz
);

ALTER TABLE graphile_worker._private_tasks ENABLE ROW LEVEL SECURITY;
ALTER TABLE graphile_worker._private_job_queues ENABLE ROW LEVEL SECURITY;
ALTER TABLE graphile_worker._private_jobs ENABLE ROW LEVEL SECURITY;
ALTER TABLE graphile_worker._private_known_crontabs ENABLE ROW LEVEL SECURITY;

CREATE TYPE graphile_worker.job_spec AS (
  identifier text, payload json, queue_name text, run_at timestamptz, max_attempts smallint,
  job_key text, priority smallint, flags text[]
);

CREATE VIEW graphile_worker.jobs AS
SELECT job.id, queue.queue_name, task.identifier AS task_identifier, job.priority, job.run_at,
  job.attempts, job.max_attempts, job.last_error, job.created_at, job.updated_at, job.key,
  job.locked_at, job.locked_by, job.revision, job.flags
FROM graphile_worker._private_jobs AS job
JOIN graphile_worker._private_tasks AS task ON task.id = job.task_id
LEFT JOIN graphile_worker._private_job_queues AS queue ON queue.id = job.job_queue_id;

CREATE FUNCTION graphile_worker.add_job(
  identifier text, payload json DEFAULT NULL, queue_name text DEFAULT NULL,
  run_at timestamptz DEFAULT NULL, max_attempts integer DEFAULT NULL, job_key text DEFAULT NULL,
  priority integer DEFAULT NULL, flags text[] DEFAULT NULL, job_key_mode text DEFAULT 'replace')
RETURNS graphile_worker._private_jobs
LANGUAGE plpgsql
AS $$
DECLARE
  added graphile_worker._private_jobs;
BEGIN
  INSERT INTO graphile_worker._private_tasks (identifier) VALUES (add_job.identifier)
  ON CONFLICT DO NOTHING;
  INSERT INTO graphile_worker._private_job_queues (queue_name)
  SELECT add_job.queue_name WHERE add_job.queue_name IS NOT NULL
  ON CONFLICT DO NOTHING;
  INSERT INTO graphile_worker._private_jobs
    (task_id, job_queue_id, payload, run_at, max_attempts, key, priority, flags)
  VALUES (
    (SELECT id FROM graphile_worker._private_tasks AS task
     WHERE task.identifier = add_job.identifier),
    (SELECT id FROM graphile_worker._private_job_queues AS queue
     WHERE queue.queue_name = add_job.queue_name),
    coalesce(payload, '{}'), coalesce(run_at, now()), coalesce(max_attempts, 25), job_key,
    coalesce(priority, 0), (SELECT jsonb_object_agg(flag, true) FROM unnest(flags) AS flag))
  RETURNING * INTO added;
  RETURN added;
END
$$;

CREATE FUNCTION graphile_worker.add_jobs(
  specs graphile_worker.job_spec[], job_key_preserve_run_at boolean DEFAULT false)
RETURNS SETOF graphile_worker._private_jobs
LANGUAGE sql
AS $$
  SELECT job.*
  FROM unnest(specs) AS spec
  CROSS JOIN LATERAL graphile_worker.add_job(spec.identifier, spec.payload) AS job
$$;

CREATE FUNCTION graphile_worker.remove_job(job_key text) RETURNS graphile_worker._private_jobs
LANGUAGE sql STRICT
AS $$
  DELETE FROM graphile_worker._private_jobs WHERE key = job_key AND locked_at IS NULL RETURNING *
$$;

CREATE FUNCTION graphile_worker.complete_jobs(job_ids bigint[])
RETURNS SETOF graphile_worker._private_jobs
LANGUAGE sql
AS $$
  DELETE FROM graphile_worker._private_jobs
  WHERE id = ANY (job_ids) AND locked_at IS NULL RETURNING *
$$;

CREATE FUNCTION graphile_worker.permanently_fail_jobs(
  job_ids bigint[], error_message text DEFAULT NULL)
RETURNS SETOF graphile_worker._private_jobs
LANGUAGE sql
AS $$
  UPDATE graphile_worker._private_jobs SET attempts = max_attempts, last_error = error_message
  WHERE id = ANY (job_ids) AND locked_at IS NULL RETURNING *
$$;

CREATE FUNCTION graphile_worker.reschedule_jobs(
  job_ids bigint[], run_at timestamptz DEFAULT NULL, priority integer DEFAULT NULL,
  attempts integer DEFAULT NULL, max_attempts integer DEFAULT NULL)
RETURNS SETOF graphile_worker._private_jobs
LANGUAGE sql
AS $$
  UPDATE graphile_worker._private_jobs AS job
  SET run_at = coalesce(reschedule_jobs.run_at, job.run_at)
  WHERE id = ANY (job_ids) AND locked_at IS NULL RETURNING *
$$;

CREATE FUNCTION graphile_worker.force_unlock_workers(worker_ids text[]) RETURNS void
LANGUAGE sql
AS $$
  UPDATE graphile_worker._private_jobs SET locked_at = NULL, locked_by = NULL
  WHERE locked_by = ANY (worker_ids)
$$;

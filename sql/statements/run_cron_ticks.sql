-- Runs ticks of crons: for each that did not run before, advances its cron and adds its job. One
-- row a tick: tick_number (from 1, not in order), outcome and problem as run_cron_ticks() says them
-- (sql/migrations/0011_run_crons.sql), then the job, ranked, NULL unless it was added: id, task,
-- queue_name, priority, run_at, attempts, max_attempts, activation, crashes, flags.
--
-- $1 bigint epoch, $2 bigint number in the journal
-- Element i of each array belongs to tick i; those of one cron ascend:
-- $3 text[] identifiers of crons, $4 timestamptz[] ticks, which are run_at of the jobs
-- $5 text[] tasks, $6 json[] payloads, $7 text[] queue names (NULL: none),
-- $8 smallint[] max_attempts, $9 text[] keys (NULL: none), $10 text[] key modes (replace,
-- preserve_run_at, unsafe_dedupe), $11 smallint[] priorities, $12 text[] flags (NULL, or text[]
-- literals), $13 json[] metadata
WITH
new_job AS (
  SELECT
    unnest($5::text[]) AS task, unnest($6::json[]) AS payload, unnest($7::text[]) AS queue_name,
    unnest($4::timestamptz[]) AS run_at, unnest($8::smallint[]) AS max_attempts,
    unnest($9::text[]) AS job_key, unnest($10::text[]) AS key_mode,
    unnest($11::smallint[]) AS priority, unnest($12::text[]) AS flags,
    unnest($13::json[]) AS metadata
),
spec AS (
  SELECT CAST(
    ROW(task, payload, queue_name, run_at, max_attempts, job_key, priority,
      flags::text[], metadata, key_mode)
    AS :"schema".new_job) AS spec
  FROM new_job
),
ran AS MATERIALIZED (
  SELECT *
  FROM :"schema".run_cron_ticks($3::text[], $4::timestamptz[], ARRAY(SELECT spec FROM spec))
),
journaled AS (
  -- One answer a tick, so that it can be given again: the job's id, or what stands for the outcome.
  INSERT INTO :"schema".journal (epoch, number, kind, answer_ids)
  SELECT :"schema".fence($1), $2, 'run_cron_ticks',
    array_agg(
      CASE ran.outcome
        WHEN 'added' THEN (ran.job).id
        WHEN 'skipped' THEN 0
        WHEN 'locked' THEN -1
        WHEN 'refused' THEN -2
        ELSE -3
      END
      ORDER BY ran.tick_number)
  FROM ran
)
SELECT ran.tick_number, ran.outcome, ran.problem, (ran.job).id, (ran.job).task,
  (ran.job).queue_name, (ran.job).priority, timestamptz_send((ran.job).run_at) AS run_at,
  (ran.job).attempts, (ran.job).max_attempts, (ran.job).activation, (ran.job).crashes,
  (ran.job).flags
FROM ran

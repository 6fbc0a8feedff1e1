-- Stores and removes crons, and writes what is known of crons. No rows come back. 55P03: somebody
-- holds the row of one of them, and nothing was done.
--
-- $1 bigint epoch, $2 bigint number in the journal
-- Crons to store, new or changed; element i of each array belongs to cron i:
-- $3 text[] identifiers, $4 text[] sources, $5 text[] schedules, $6 text[] time zones,
-- $7 text[] tasks, $8 json[] payloads, $9 bigint[] fills in microseconds, $10 smallint[]
-- max_attempts, $11 text[] queue names (NULL: none), $12 text[] keys (NULL: none), $13 text[] key
-- modes, $14 smallint[] priorities, $15 text[] flags (NULL, or text[] literals)
-- $16 text[] identifiers of stored crons to remove
-- What is known, last_execution left as it is; element i of each array belongs to cron i:
-- $17 text[] identifiers, $18 timestamptz[] known_since, $19 text[] schedules, $20 text[] time
-- zones, $21 bigint[] fills in microseconds, $22 boolean[] paused
-- $23 text[] identifiers of crons of which nothing is to be known any more
WITH
stored AS (
  INSERT INTO :"schema".crons
    (identifier, source, schedule, time_zone, task, payload, fill, max_attempts, queue_name,
     job_key, key_mode, priority, flags)
  SELECT
    unnest($3::text[]), unnest($4::text[]), unnest($5::text[]), unnest($6::text[]),
    unnest($7::text[]), unnest($8::json[]), unnest($9::bigint[]) * interval '1 microsecond',
    unnest($10::smallint[]), unnest($11::text[]), unnest($12::text[]), unnest($13::text[]),
    unnest($14::smallint[]), unnest($15::text[])::text[]
  ON CONFLICT (identifier) DO UPDATE
  SET source       = excluded.source,
      schedule     = excluded.schedule,
      time_zone    = excluded.time_zone,
      task         = excluded.task,
      payload      = excluded.payload,
      fill         = excluded.fill,
      max_attempts = excluded.max_attempts,
      queue_name   = excluded.queue_name,
      job_key      = excluded.job_key,
      key_mode     = excluded.key_mode,
      priority     = excluded.priority,
      flags        = excluded.flags,
      updated_at   = statement_timestamp()
),
removed AS (
  DELETE FROM :"schema".crons
  WHERE identifier = ANY ($16::text[])
),
known AS (
  INSERT INTO :"schema".known_crontabs
    (identifier, known_since, schedule, time_zone, fill, paused)
  SELECT
    unnest($17::text[]), unnest($18::timestamptz[]), unnest($19::text[]), unnest($20::text[]),
    unnest($21::bigint[]) * interval '1 microsecond', unnest($22::boolean[])
  ON CONFLICT (identifier) DO UPDATE
  SET known_since = excluded.known_since,
      schedule    = excluded.schedule,
      time_zone   = excluded.time_zone,
      fill        = excluded.fill,
      paused      = excluded.paused
),
forgotten AS (
  DELETE FROM :"schema".known_crontabs
  WHERE identifier = ANY ($23::text[])
)
INSERT INTO :"schema".journal (epoch, number, kind)
VALUES (:"schema".fence($1), $2, 'change_crons')

-- Adds a job as a program does that speaks SQL. One row: its id.
--
-- $1 text task, $2 json payload, $3 text queue name, $4 timestamptz run_at (NULL: after the delay),
-- $5 bigint microseconds of delay, $6 integer max_attempts, $7 text key, $8 integer priority,
-- $9 text[] flags, $10 text key mode
SELECT id
FROM :"schema".add_job(
  $1, $2, $3, coalesce($4::timestamptz, now() + $5::bigint * interval '1 microsecond'), $6, $7, $8,
  $9, $10)

-- Rows: the ids of the jobs changed, ascending. NULL leaves a value as it is.
--
-- $1 bigint[] ids, $2 timestamptz run_at (NULL: after the delay), $3 bigint microseconds of delay,
-- $4 integer priority, $5 integer attempts, $6 integer max_attempts
SELECT id
FROM :"schema".reschedule_jobs(
  $1, coalesce($2::timestamptz, now() + $3::bigint * interval '1 microsecond'), $4, $5, $6)
ORDER BY id

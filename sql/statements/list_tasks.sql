-- The tasks that have jobs, by name, with their jobs counted by state as count_jobs counts them.
-- Rows: name, ready, scheduled, leased, failed, oldest_ready_run_at (NULL: none is ready). Reads
-- every job row.
--
-- $1 integer limit, $2 bigint microseconds by which the jobs' clock is ahead
WITH
clock AS (
  SELECT :"schema".from_micros(:"schema".to_micros(statement_timestamp()) + $2::bigint) AS now
),
leased AS MATERIALIZED (
  SELECT job.id, job.task
  FROM (
    SELECT unnest(job_ids) AS job_id, unnest(activations) AS activation
    FROM :"schema".leases
  ) AS held
  JOIN :"schema".job_rows AS job
    ON job.id = ANY (ARRAY[held.job_id]) AND job.activation = held.activation
),
counted AS (
  SELECT task,
    count(*) FILTER (WHERE run_at <= (SELECT now FROM clock)) AS ready,
    count(*) FILTER (WHERE run_at > (SELECT now FROM clock)) AS scheduled,
    0::bigint AS leased,
    0::bigint AS failed,
    min(run_at) FILTER (WHERE run_at <= (SELECT now FROM clock)) AS oldest_ready_run_at
  FROM :"schema".job_rows
  WHERE attempts < max_attempts AND (NOT born_leased OR activation > 0)
    AND id NOT IN (SELECT id FROM leased)
  GROUP BY task
  UNION ALL
  SELECT task, 0, 0, count(*), 0, NULL
  FROM leased
  GROUP BY task
  UNION ALL
  SELECT task, 0, 0, 0, count(*), NULL
  FROM :"schema".job_rows
  WHERE attempts >= max_attempts AND id NOT IN (SELECT id FROM leased)
  GROUP BY task
)
SELECT task AS name, sum(ready)::bigint AS ready, sum(scheduled)::bigint AS scheduled,
  sum(leased)::bigint AS leased, sum(failed)::bigint AS failed,
  timestamptz_send(min(oldest_ready_run_at)) AS oldest_ready_run_at
FROM counted
GROUP BY task
ORDER BY task
LIMIT $1

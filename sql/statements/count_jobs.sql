-- How many jobs there are, by state. One row: ready, scheduled, leased, failed, and
-- oldest_ready_run_at (NULL: none is ready). Reads the whole ready index.
--
-- $1 bigint microseconds by which the jobs' clock is ahead
WITH
clock AS (
  SELECT :"schema".from_micros(:"schema".to_micros(statement_timestamp()) + $1::bigint) AS now
),
leased AS MATERIALIZED (
  SELECT job.id
  FROM (
    SELECT unnest(job_ids) AS job_id, unnest(activations) AS activation
    FROM :"schema".leases
  ) AS held
  JOIN :"schema".job_rows AS job
    ON job.id = ANY (ARRAY[held.job_id]) AND job.activation = held.activation
),
waiting AS (
  SELECT count(*) FILTER (WHERE run_at <= (SELECT now FROM clock)) AS ready,
    count(*) FILTER (WHERE run_at > (SELECT now FROM clock)) AS scheduled,
    min(run_at) FILTER (WHERE run_at <= (SELECT now FROM clock)) AS oldest_ready_run_at
  FROM :"schema".job_rows
  WHERE attempts < max_attempts AND (NOT born_leased OR activation > 0)
    AND id NOT IN (SELECT id FROM leased)
),
failed AS (
  SELECT count(*) AS failed
  FROM :"schema".job_rows
  WHERE attempts >= max_attempts AND id NOT IN (SELECT id FROM leased)
)
SELECT waiting.ready, waiting.scheduled, (SELECT count(*) FROM leased) AS leased, failed.failed,
  timestamptz_send(waiting.oldest_ready_run_at) AS oldest_ready_run_at
FROM waiting, failed

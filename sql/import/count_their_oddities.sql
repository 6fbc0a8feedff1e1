-- Jobs with values that Leasehold keeps in another form. One row of counts: attempts beyond
-- max_attempts or below 0, run_at outside the years 1 to 9999, errors too long.
SELECT
  count(*) FILTER (WHERE attempts NOT BETWEEN 0 AND max_attempts) AS attempts,
  count(*) FILTER (
    WHERE isfinite(run_at) AND run_at NOT BETWEEN '0001-01-01 00:00:00+00'
      AND '9999-12-31 23:59:59.999999+00') AS run_at,
  count(*) FILTER (WHERE length(last_error) > 65536) AS errors
FROM :"theirs"._private_jobs

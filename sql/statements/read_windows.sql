-- Reads on in windows, each one task and priority in the order (run_at, id). One row for each row
-- read, in no order: window_number (from 1), excluded (it has a forbidden flag), id, queue_name,
-- run_at, attempts, max_attempts, activation, crashes, flags; NULL for a 0. Fewer rows of a window
-- than its limit: nothing stands behind them.
--
-- Element i of each array belongs to window i:
-- $1 text[] tasks, $2 smallint[] priorities, $3 timestamptz[] run_at and $4 bigint[] id of the last
-- row read before (NULL: from the head), $5 integer[] limits, $6 text[] forbidden flags (NULL, or
-- text[] literals)
WITH wanted AS MATERIALIZED (
  SELECT
    unnest($1::text[]) AS task, unnest($2::smallint[]) AS priority,
    unnest($3::timestamptz[]) AS run_at, unnest($4::bigint[]) AS id,
    unnest($5::integer[]) AS row_limit, unnest($6::text[]) AS forbidden,
    generate_subscripts($1::text[], 1) AS window_number
)
SELECT wanted.window_number, page.*
FROM wanted
CROSS JOIN LATERAL (
  SELECT job.flags && wanted.forbidden::text[] AS excluded, job.id, job.queue_name,
    timestamptz_send(job.run_at) AS run_at, nullif(job.attempts, 0) AS attempts, job.max_attempts,
    nullif(job.activation, 0) AS activation, nullif(job.crashes, 0) AS crashes, job.flags
  FROM :"schema".job_rows AS job
  WHERE job.task = wanted.task
    AND job.priority = wanted.priority
    AND (job.run_at, job.id) > (
      coalesce(wanted.run_at, '-infinity'), coalesce(wanted.id, -9223372036854775808))
    AND job.attempts < job.max_attempts
    AND (NOT job.born_leased OR job.activation > 0)
  ORDER BY job.run_at, job.id
  LIMIT wanted.row_limit
) AS page

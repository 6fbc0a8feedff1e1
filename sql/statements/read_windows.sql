-- Reads on in windows, each one task and priority in the order (run_at, id). Rows, in the order of
-- windows and then of work: window_number (from 1), position (of the row among those read in its
-- window, from 1), excluded, then the job ranked: id, task, queue_name, priority, run_at,
-- attempts, max_attempts, activation, crashes, flags.
-- Rows with a forbidden flag are read but left out, except the last row read of a window, which is
-- always there, `excluded` if it has one. Its position is below the limit if nothing stands behind
-- it.
--
-- Element i of each array belongs to window i:
-- $1 text[] tasks, $2 smallint[] priorities, $3 timestamptz[] run_at and $4 bigint[] id
-- of the last row read before (NULL: from the head), $5 integer[] limits, $6 text[] forbidden flags
-- (NULL, or text[] literals)
WITH wanted AS MATERIALIZED (
  SELECT
    unnest($1::text[]) AS task, unnest($2::smallint[]) AS priority,
    unnest($3::timestamptz[]) AS run_at, unnest($4::bigint[]) AS id,
    unnest($5::integer[]) AS row_limit, unnest($6::text[]) AS forbidden,
    generate_subscripts($1::text[], 1) AS window_number
)
SELECT wanted.window_number, page.position, page.excluded, page.id, page.task, page.queue_name,
  page.priority, timestamptz_send(page.run_at) AS run_at, page.attempts, page.max_attempts,
  page.activation, page.crashes, page.flags
FROM wanted
CROSS JOIN LATERAL (
  SELECT read.*,
    coalesce(read.flags && wanted.forbidden::text[], false) AS excluded,
    row_number() OVER in_order AS position,
    lead(read.id) OVER in_order IS NULL AS is_last
  FROM (
    SELECT job.id, job.task, job.queue_name, job.priority, job.run_at, job.attempts,
      job.max_attempts, job.activation, job.crashes, job.flags
    FROM :"schema".job_rows AS job
    WHERE job.task = wanted.task
      AND job.priority = wanted.priority
      AND (job.run_at, job.id) > (
        coalesce(wanted.run_at, '-infinity'),
        coalesce(wanted.id, -9223372036854775808))
      AND job.attempts < job.max_attempts
    ORDER BY job.run_at, job.id
    LIMIT wanted.row_limit
  ) AS read
  WINDOW in_order AS (ORDER BY read.run_at, read.id)
) AS page
WHERE NOT page.excluded OR page.is_last
ORDER BY wanted.window_number, page.position

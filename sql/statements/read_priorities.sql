-- The priorities that jobs of these tasks have, permanently failed jobs left out. Rows: task,
-- priority. One probe of the ready index for each of them, however many jobs there are.
--
-- $1 text[] tasks
SELECT wanted.task, found.priority
FROM (SELECT unnest($1::text[]) AS task) AS wanted
CROSS JOIN LATERAL (
  WITH RECURSIVE step AS (
    (SELECT job.priority
     FROM :"schema".job_rows AS job
     WHERE job.task = wanted.task AND job.attempts < job.max_attempts
       AND (NOT job.born_leased OR job.activation > 0)
     ORDER BY job.priority
     LIMIT 1)
    UNION ALL
    SELECT (
      SELECT job.priority
      FROM :"schema".job_rows AS job
      WHERE job.task = wanted.task AND job.attempts < job.max_attempts
        AND (NOT job.born_leased OR job.activation > 0)
        AND job.priority > step.priority
      ORDER BY job.priority
      LIMIT 1)
    FROM step
    WHERE step.priority IS NOT NULL
  )
  SELECT priority FROM step WHERE priority IS NOT NULL
) AS found

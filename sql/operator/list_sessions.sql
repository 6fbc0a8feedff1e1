-- Executors whose sessions have not ended, by id: number, executor_id, executor_name, tasks,
-- microseconds since a server could have heard of it last, live leases. A server renews its row
-- each second; a row of the journal, or the leadership's beginning, shows one at work as well.
WITH
at_work AS (
  SELECT greatest(
    (SELECT since FROM :"schema".leadership),
    (SELECT max(renewed_at) FROM :"schema".servers),
    (SELECT created_at FROM :"schema".journal ORDER BY epoch DESC, number DESC LIMIT 1)) AS last
),
held AS (
  SELECT lease.session, count(*) AS leases
  FROM (
    SELECT unnest(job_ids) AS job_id, unnest(activations) AS activation,
      unnest(sessions) AS session
    FROM :"schema".leases
  ) AS lease
  JOIN :"schema".job_rows AS job
    ON job.id = ANY (ARRAY[lease.job_id]) AND job.activation = lease.activation
  GROUP BY lease.session
)
SELECT executors.number, executor_id, executor_name, tasks,
  greatest(0, extract(epoch FROM statement_timestamp() - greatest(opened_at, at_work.last))
    * 1000000)::bigint AS silent,
  coalesce(held.leases, 0) AS leases
FROM :"schema".executors
CROSS JOIN at_work
LEFT JOIN held ON held.session = executors.number
ORDER BY executor_id, executors.number

-- Serial queues that have jobs, by name, with their jobs counted by state. Rows: name, ready,
-- scheduled, leased, failed, oldest_ready_run_at (NULL: none is ready), and of its leased job
-- locked_at and locked_by (NULL: none is leased). Goes from one name to the next on the indexes:
-- queues beyond the page cost nothing.
--
-- $1 text name that the page begins behind, $2 integer limit,
-- $3 bigint microseconds by which the jobs' clock is ahead
WITH RECURSIVE
clock AS (
  SELECT :"schema".from_micros(:"schema".to_micros(statement_timestamp()) + $3::bigint) AS now
),
named AS (
  SELECT $1::text COLLATE "C" AS name, 0 AS number
  UNION ALL
  SELECT
    least(
      (SELECT queue_name FROM :"schema".job_rows
       WHERE queue_name > named.name AND attempts < max_attempts
       ORDER BY queue_name LIMIT 1),
      (SELECT queue_name FROM :"schema".job_rows
       WHERE queue_name > named.name AND attempts >= max_attempts
       ORDER BY queue_name LIMIT 1)),
    number + 1
  FROM named
  WHERE name IS NOT NULL AND number < $2
),
held AS MATERIALIZED (
  SELECT held.job_id, held.activation
  FROM :"schema".leases
  CROSS JOIN LATERAL unnest(job_ids, activations) AS held (job_id, activation)
),
counted AS (
  SELECT named.name,
    count(*) FILTER (WHERE NOT leased AND NOT failed AND run_at <= (SELECT now FROM clock))
      AS ready,
    count(*) FILTER (WHERE NOT leased AND NOT failed AND run_at > (SELECT now FROM clock))
      AS scheduled,
    count(*) FILTER (WHERE leased) AS leased,
    count(*) FILTER (WHERE NOT leased AND failed) AS failed,
    min(run_at) FILTER (WHERE NOT leased AND NOT failed AND run_at <= (SELECT now FROM clock))
      AS oldest_ready_run_at,
    max(id) FILTER (WHERE leased) AS holder,
    (array_agg(activation ORDER BY id DESC) FILTER (WHERE leased))[1] AS holder_activation
  FROM named
  CROSS JOIN LATERAL (
    SELECT id, activation, run_at, false AS failed,
      (id, activation) IN (SELECT job_id, activation FROM held) AS leased
    FROM :"schema".job_rows
    WHERE queue_name = named.name AND attempts < max_attempts
    UNION ALL
    SELECT id, activation, run_at, true,
      (id, activation) IN (SELECT job_id, activation FROM held)
    FROM :"schema".job_rows
    WHERE queue_name = named.name AND attempts >= max_attempts
  ) AS job
  WHERE named.number > 0
  GROUP BY named.name
)
SELECT name, ready, scheduled, leased, failed,
  timestamptz_send(oldest_ready_run_at) AS oldest_ready_run_at,
  timestamptz_send(lease.locked_at) AS locked_at, lease.locked_by
FROM counted
LEFT JOIN LATERAL :"schema".lease_of(holder, holder_activation) AS lease ON true
ORDER BY name

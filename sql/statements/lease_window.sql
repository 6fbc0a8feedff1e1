-- Leases the first due jobs of a window that stand behind what the leader has in memory of it, and
-- that nobody has leased: the leader knows. Every row read is there, in the order of work: leased,
-- id, queue_name, run_at, attempts, max_attempts, activation, crashes, flags, payload, metadata
-- (NULL: {}), last_error, job_key, revision, created_at, updated_at (NULL: as created_at); NULL for
-- a 0. Jobs with a forbidden flag are passed over; a job of
-- a serial queue or one that crashed is not leased so, nor are those behind it. The i-th job leased
-- has the i-th lease. If none could be leased there is no lease row. 55P03: somebody holds one of
-- the rows; nothing is done.
--
-- $1 bigint epoch, $2 bigint number in the journal
-- $3 bigint number of the lease row
-- $4 text task, $5 smallint priority
-- $6 timestamptz run_at and $7 bigint id to read after
-- $8 timestamptz now: jobs due later are left
-- $9 integer limit of rows
-- $10 text[] forbidden flags
-- Leases, at least as many as the limit:
-- $11 bigint[] session numbers, $12 bigint[] fencing numbers, $13 bigint[] secrets
WITH
page AS MATERIALIZED (
  SELECT job.*,
    (job.flags && $10::text[]) IS NOT TRUE AS allowed,
    job.queue_name IS NULL AND job.crashes = 0 AS plain
  FROM :"schema".job_rows AS job
  WHERE job.task = $4
    AND job.priority = $5::smallint
    AND (job.run_at, job.id) > ($6::timestamptz, $7)
    AND job.run_at <= $8::timestamptz
    AND job.attempts < job.max_attempts
    AND (NOT job.born_leased OR job.activation > 0)
  ORDER BY job.run_at, job.id
  LIMIT $9::integer
  -- NOWAIT: the leader never waits for a row, and must know of each that it could not lease.
  FOR UPDATE OF job NOWAIT
),
-- The first job that must be ranked in memory.
barrier AS (
  SELECT run_at, id FROM page WHERE allowed AND NOT plain ORDER BY run_at, id LIMIT 1
),
leased AS (
  INSERT INTO :"schema".leases
    (number, lo, hi, leased_at, job_ids, activations, sessions, fencing_numbers, secrets)
  SELECT $3, min(id), max(id), statement_timestamp(), array_agg(id ORDER BY run_at, id),
    array_agg(activation ORDER BY run_at, id), ($11::bigint[])[1:count(*)],
    ($12::bigint[])[1:count(*)], ($13::bigint[])[1:count(*)]
  FROM page
  WHERE allowed AND plain
    AND ((run_at, id) < (SELECT run_at, id FROM barrier)) IS NOT FALSE
  HAVING count(*) > 0
),
journaled AS (
  INSERT INTO :"schema".journal (epoch, number, kind)
  VALUES (:"schema".fence($1, false), $2, 'lease_window')
)
SELECT
  allowed AND plain AND ((run_at, id) < (SELECT run_at, id FROM barrier)) IS NOT FALSE AS leased,
  id, queue_name, timestamptz_send(run_at) AS run_at, nullif(attempts, 0) AS attempts, max_attempts,
  nullif(activation, 0) AS activation, nullif(crashes, 0) AS crashes, flags, payload,
  CASE WHEN metadata::text <> '{}' THEN metadata END AS metadata, last_error, job_key,
  nullif(revision, 0) AS revision, timestamptz_send(created_at) AS created_at,
  CASE WHEN updated_at <> created_at THEN timestamptz_send(updated_at) END AS updated_at
FROM page
ORDER BY page.run_at, id

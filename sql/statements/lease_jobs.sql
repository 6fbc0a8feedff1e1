-- Leases those of the jobs that still stand as they were ranked and that nobody has locked. One row
-- for each job leased: its position in the arrays (from 1) and what these do not say of it:
-- priority, max_attempts, crashes, payload, metadata (NULL: {}), last_error, job_key, revision,
-- created_at, updated_at (NULL: as created_at); NULL for a 0. If none could be leased there is no
-- lease row.
--
-- $1 bigint epoch, $2 bigint number in the journal, $3 boolean: commit synchronously
-- $4 bigint number of the lease row
-- Element i of each array belongs to job i; $5 to $10 are as ranked:
-- $5 bigint[] ids, $6 integer[] activations, $7 timestamptz[] run_at, $8 smallint[] attempts,
-- $9 text[] tasks, $10 text[] queue names (NULL: none), $11 text[] flags (NULL, or text[]
-- literals), $12 bigint[] session numbers, $13 bigint[] fencing numbers,
-- $14 bigint[] secrets
WITH
ranked AS (
  SELECT
    generate_subscripts($5::bigint[], 1) AS position,
    unnest($5::bigint[]) AS id, unnest($6::integer[]) AS activation,
    unnest($7::timestamptz[]) AS run_at, unnest($8::smallint[]) AS attempts,
    unnest($9::text[]) AS task, unnest($10::text[]) AS queue_name, unnest($11::text[]) AS flags,
    unnest($12::bigint[]) AS session, unnest($13::bigint[]) AS fencing_number,
    unnest($14::bigint[]) AS secret
),
-- SKIP LOCKED: the leader never waits for a row. What somebody changes meanwhile is checked again
-- on the locked row.
got AS MATERIALIZED (
  SELECT ranked.position, ranked.session, ranked.fencing_number, ranked.secret, job.id,
    job.activation, job.priority, job.max_attempts, job.crashes, job.payload, job.metadata,
    job.last_error, job.job_key, job.revision, job.created_at, job.updated_at
  FROM ranked
  JOIN :"schema".job_rows AS job ON job.id = ANY (ARRAY[ranked.id])
  WHERE job.activation = ranked.activation
    AND job.run_at = ranked.run_at
    AND job.attempts = ranked.attempts
    -- Not written as in the ready index, which a plan made while the table was small would use.
    AND job.max_attempts - job.attempts > 0
    AND job.task = ranked.task
    AND job.queue_name IS NOT DISTINCT FROM ranked.queue_name
    AND job.flags IS NOT DISTINCT FROM ranked.flags::text[]
  FOR UPDATE OF job SKIP LOCKED
),
leased AS (
  INSERT INTO :"schema".leases
    (number, lo, hi, leased_at, job_ids, activations, sessions, fencing_numbers, secrets)
  SELECT $4, min(id), max(id), statement_timestamp(), array_agg(id), array_agg(activation),
    array_agg(session), array_agg(fencing_number), array_agg(secret)
  FROM got
  HAVING count(*) > 0
),
journaled AS (
  INSERT INTO :"schema".journal (epoch, number, kind)
  VALUES (:"schema".fence($1, $3), $2, 'lease_jobs')
)
SELECT position, priority, max_attempts, nullif(crashes, 0) AS crashes, payload,
  CASE WHEN metadata::text <> '{}' THEN metadata END AS metadata, last_error, job_key,
  nullif(revision, 0) AS revision, timestamptz_send(created_at) AS created_at,
  CASE WHEN updated_at <> created_at THEN timestamptz_send(updated_at) END AS updated_at
FROM got

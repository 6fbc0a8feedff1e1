-- Inserts the rows of `leases` that are not there. No rows come back.
--
-- $1 bigint epoch, $2 bigint number in the journal
-- Element i of each array belongs to lease i:
-- $3 bigint[] numbers of lease rows, $4 bigint[] job ids, $5 integer[] activations,
-- $6 bigint[] session numbers, $7 bigint[] fencing numbers, $8 bigint[] secrets
WITH
held AS (
  SELECT
    unnest($3::bigint[]) AS number, unnest($4::bigint[]) AS job_id,
    unnest($5::integer[]) AS activation, unnest($6::bigint[]) AS session,
    unnest($7::bigint[]) AS fencing_number, unnest($8::bigint[]) AS secret
),
written AS (
  INSERT INTO :"schema".leases
    (number, lo, hi, leased_at, job_ids, activations, sessions, fencing_numbers, secrets)
  SELECT number, min(job_id), max(job_id), statement_timestamp(), array_agg(job_id),
    array_agg(activation), array_agg(session), array_agg(fencing_number), array_agg(secret)
  FROM held
  GROUP BY number
  ON CONFLICT (number) DO NOTHING
)
INSERT INTO :"schema".journal (epoch, number, kind)
VALUES (:"schema".fence($1), $2, 'write_missing_leases')

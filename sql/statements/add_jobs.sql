-- Inserts jobs without keys, with the leases of those that are born leased. No rows come back:
-- every id was chosen by the leader. All or nothing.
--
-- $1 bigint epoch, $2 bigint number in the journal
-- Element i of each array belongs to job i:
-- $3 bigint[] ids, $4 text[] tasks, $5 json[] payloads, $6 text[] queue names (NULL: none),
-- $7 timestamptz[] run_at, $8 smallint[] max_attempts, $9 smallint[] priorities,
-- $10 text[] flags (NULL, or a text[] literal sorted and without duplicates), $11 json[] metadata,
-- $12 boolean[] whether it is born leased
-- The lease row, everything NULL if there is none:
-- $13 bigint number, $14 bigint[] job ids, $15 bigint[] session numbers, $16 bigint[] fencing
-- numbers, $17 bigint[] secrets
-- Requests with a request id, NULL or empty if there are none:
-- $18 bytea[] hashes of request ids, $19 bytea[] hashes of bodies, $20 integer[] ids answered to
-- each, $21 bigint[] those ids one after the other
WITH
new_job AS (
  SELECT
    unnest($3::bigint[]) AS id, unnest($4::text[]) AS task, unnest($5::json[]) AS payload,
    unnest($6::text[]) AS queue_name, unnest($7::timestamptz[]) AS run_at,
    unnest($8::smallint[]) AS max_attempts, unnest($9::smallint[]) AS priority,
    unnest($10::text[]) AS flags, unnest($11::json[]) AS metadata,
    unnest($12::boolean[]) AS born_leased
),
inserted AS (
  INSERT INTO :"schema".job_rows
    (id, task, payload, queue_name, run_at, max_attempts, priority, flags, metadata, born_leased)
  SELECT id, task, payload, queue_name, run_at, max_attempts, priority, flags::text[],
    metadata, born_leased
  FROM new_job
),
leased AS (
  INSERT INTO :"schema".leases
    (number, lo, hi, leased_at, job_ids, activations, sessions, fencing_numbers, secrets)
  SELECT $13, min(job_id), max(job_id), statement_timestamp(), $14::bigint[],
    array_fill(0, ARRAY[cardinality($14::bigint[])]), $15::bigint[], $16::bigint[], $17::bigint[]
  FROM unnest($14::bigint[]) AS job_id
  HAVING $13::bigint IS NOT NULL
)
INSERT INTO :"schema".journal
  (epoch, number, kind, request_ids, request_bodies, answer_counts, answer_ids)
VALUES (:"schema".fence($1), $2, 'add_jobs', nullif($18::bytea[], '{}'), nullif($19::bytea[], '{}'),
  nullif($20::integer[], '{}'), nullif($21::bigint[], '{}'))

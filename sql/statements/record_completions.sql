-- As record_outcomes where every job of the batch completed, which is most of the time. One row:
-- how many jobs it deleted, and their fencing numbers bigint[] (NULL: all, or none).
--
-- $1 bigint epoch, $2 bigint number in the journal
-- $3 bigint[] ids, $4 integer[] activations, $5 bigint[] fencing numbers
-- $6 bigint[] lease rows to delete
WITH
completed AS (
  DELETE FROM :"schema".job_rows AS job
  USING (
    -- In the order of ids, the order in which everybody locks.
    SELECT
      unnest($3::bigint[]) AS id, unnest($4::integer[]) AS activation,
      unnest($5::bigint[]) AS fencing_number
    ORDER BY id
    OFFSET 0
  ) AS ended
  WHERE job.id = ended.id AND job.activation = ended.activation
  RETURNING ended.fencing_number
),
emptied AS (
  DELETE FROM :"schema".leases
  WHERE number = ANY ($6::bigint[])
)
INSERT INTO :"schema".journal (epoch, number, kind, completed)
SELECT :"schema".fence($1), $2, 'record_completions', array_agg(fencing_number)
FROM completed
RETURNING coalesce(cardinality(completed), 0) AS deleted,
  CASE WHEN cardinality(completed) < cardinality($3::bigint[]) THEN completed END AS completed

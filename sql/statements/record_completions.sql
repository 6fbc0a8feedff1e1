-- As record_outcomes where every job of the batch completed and all have one activation, which is
-- most of the time. One row: how many jobs it deleted, and their ids bigint[] (NULL: all, or none).
--
-- $1 bigint epoch, $2 bigint number in the journal
-- $3 bigint[] ids, $4 integer activation, $5 bigint[] fencing numbers
-- $6 bigint[] lease rows to delete
WITH
completed AS (
  -- Goes through the ids in their order, the order in which everybody locks.
  DELETE FROM :"schema".job_rows
  WHERE id = ANY ($3::bigint[]) AND activation = $4::integer
  RETURNING id
),
emptied AS (
  DELETE FROM :"schema".leases
  WHERE number = ANY ($6::bigint[])
),
counted AS MATERIALIZED (
  SELECT array_agg(id) AS ids, count(*) = cardinality($3::bigint[]) AS are_all FROM completed
)
INSERT INTO :"schema".journal (epoch, number, kind, completed)
SELECT :"schema".fence($1), $2, 'record_completions',
  CASE
    WHEN are_all THEN $5::bigint[]
    -- Not an array searched for each: some hundreds of them are a set that is hashed.
    ELSE (
      SELECT array_agg(ended.fencing_number)
      FROM (SELECT unnest($3::bigint[]) AS id, unnest($5::bigint[]) AS fencing_number) AS ended
      WHERE ended.id IN (SELECT unnest(ids) FROM counted))
  END
FROM counted
RETURNING coalesce(cardinality(completed), 0) AS deleted,
  CASE WHEN cardinality(completed) < cardinality($3::bigint[]) THEN completed END AS completed

-- The journal's answers and ended tokens, newest first, up to an age and a number of request ids
-- and tokens. Rows: age in microseconds, request_ids bytea[], request_bodies bytea[], answer_counts
-- integer[], answer_ids bigint[], completed bigint[], failed bigint[], released bigint[]; NULL for
-- empty. Rows that hold neither request ids nor tokens are left out.
--
-- $1 interval age, $2 bigint how many
SELECT :"schema".to_micros(statement_timestamp()) - :"schema".to_micros(created_at) AS age,
  request_ids, request_bodies, answer_counts,
  CASE WHEN request_ids IS NOT NULL THEN answer_ids END AS answer_ids,
  completed, failed, released
FROM (
  SELECT *, sum(size) OVER (ORDER BY epoch DESC, number DESC) - size AS newer
  FROM :"schema".journal
  CROSS JOIN LATERAL (
    SELECT coalesce(cardinality(request_ids), 0) + coalesce(cardinality(completed), 0)
      + coalesce(cardinality(failed), 0) + coalesce(cardinality(released), 0) AS size
  ) AS counted
  WHERE size > 0 AND created_at > statement_timestamp() - $1::interval
) AS entry
WHERE newer < $2
ORDER BY epoch DESC, number DESC

-- The journal's answers and ended tokens before a row of it and up to an age, in no order. Each
-- half of the journal holds no more than fits (see rotate_journal). Rows: age in microseconds,
-- request_ids bytea[], request_bodies bytea[], answer_counts integer[], answer_ids bigint[],
-- completed bigint[], failed bigint[], released bigint[]; NULL for empty. Rows that hold neither
-- request ids nor tokens are left out.
--
-- $1 interval age, $2 bigint epoch and $3 bigint number of that row
SELECT :"schema".to_micros(statement_timestamp()) - :"schema".to_micros(created_at) AS age,
  request_ids, request_bodies, answer_counts,
  CASE WHEN request_ids IS NOT NULL THEN answer_ids END AS answer_ids,
  completed, failed, released
FROM :"schema".journal
WHERE (epoch, number) < ($2::bigint, $3::bigint)
  AND created_at > statement_timestamp() - $1::interval
  AND (request_ids IS NOT NULL OR completed IS NOT NULL OR failed IS NOT NULL
    OR released IS NOT NULL)

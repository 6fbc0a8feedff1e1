-- The newest rows of the journal: a takeover waits for them. Rows, the newest first: epoch, number,
-- then as of load_journal.
--
-- $1 integer how many
SELECT epoch, number,
  :"schema".to_micros(statement_timestamp()) - :"schema".to_micros(created_at) AS age,
  request_ids, request_bodies, answer_counts,
  CASE WHEN request_ids IS NOT NULL THEN answer_ids END AS answer_ids,
  completed, failed, released
FROM :"schema".journal
ORDER BY epoch DESC, number DESC
LIMIT $1

-- Deletes exactly these rows of the inbox. Commits asynchronously: rows that come back after a
-- crash are read once more. No rows come back.
--
-- $1 bigint epoch, $2 bigint number in the journal, $3 bigint[] inbox ids
WITH deleted AS (
  DELETE FROM :"schema".inbox
  WHERE id = ANY ($3::bigint[])
)
INSERT INTO :"schema".journal (epoch, number, kind)
VALUES (:"schema".fence($1, false), $2, 'delete_inbox')

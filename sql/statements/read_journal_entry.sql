-- Whether a write committed, and what it answered. One row if it did: kind, answer_ids, overtaken,
-- completed, failed, released, unreported (all bigint[], NULL for empty); none if it did not. End
-- the connection that sent the write before you ask.
--
-- $1 bigint epoch, $2 bigint number in the journal
SELECT kind, answer_ids, overtaken, completed, failed, released, unreported
FROM :"schema".journal
WHERE epoch = $1 AND number = $2

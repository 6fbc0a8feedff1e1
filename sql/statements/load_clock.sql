-- What a new leader counts on from. One row: epoch, next_session (numbers of sessions carry the
-- epoch in their upper half, as fencing numbers do, so none is ever used twice), now.
SELECT epoch, epoch << 32 | 1 AS next_session, timestamptz_send(statement_timestamp()) AS now
FROM :"schema".leadership

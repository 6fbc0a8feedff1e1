-- Empties the half of the journal that is not written now and turns to it, if it is old enough. One
-- row: whether it did. 55P03: somebody reads the journal. Not in the journal itself: run it again
-- after a lost connection.
--
-- $1 bigint epoch, $2 interval: keep rows younger than this, $3 boolean: the half that is written
-- now holds as much as is ever kept, so the other may go at any age
SELECT :"schema".rotate_journal($1, $2, $3) AS rotated

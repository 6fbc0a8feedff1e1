-- Deletes a page of the jobs that have permanently failed. One row: deleted, last_id (NULL: the end
-- of the jobs).
--
-- $1 bigint id that the page begins behind, $2 bigint microseconds unchanged, $3 integer most
-- deleted, $4 integer rows read
SELECT deleted, last_id
FROM :"schema".clean_up($1, $2::bigint * interval '1 microsecond', $3, $4)

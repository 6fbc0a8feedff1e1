-- Deletes a page of the jobs that have permanently failed and not changed for a time; see the
-- function. One row: deleted, last_id (NULL: the end of the jobs). No row in the journal: whoever
-- does not hear of it does it again.
--
-- $1 bigint epoch, $2 bigint id that the page begins behind, $3 bigint microseconds unchanged,
-- $4 integer most deleted, $5 integer rows read
SELECT cleaned.deleted, cleaned.last_id
FROM :"schema".fence($1) AS epoch
CROSS JOIN LATERAL :"schema".clean_up(
  $2, make_interval(secs => $3::bigint / 1000000.0), $4, $5) AS cleaned
WHERE epoch IS NOT NULL

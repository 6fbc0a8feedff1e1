-- Ends other database connections of a server. Returns how many were told to.
--
-- $1 text application_name of its connections, $2 bigint[] process ids (NULL: all but this one)
SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) AS ended
FROM pg_stat_activity
WHERE datname = current_database()
  AND application_name = $1
  AND pid <> pg_backend_pid()
  AND ($2::bigint[] IS NULL OR pid = ANY ($2::bigint[]))

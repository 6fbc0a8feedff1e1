-- Ends the leases of executors. One row: the ids of the jobs that they held, ascending.
--
-- $1 text[] executor ids
SELECT :"schema".end_leases_of($1) AS ids

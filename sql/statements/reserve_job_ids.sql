-- Takes ids from the sequence of jobs, one row each, ascending.
--
-- $1 integer how many
SELECT nextval(':"schema".job_ids') AS id
FROM generate_series(1, $1)

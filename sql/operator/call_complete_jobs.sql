-- $1 bigint[] ids. Rows: the ids of the jobs completed, ascending.
SELECT id FROM :"schema".complete_jobs($1) ORDER BY id

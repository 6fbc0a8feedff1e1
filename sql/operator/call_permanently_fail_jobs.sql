-- $1 bigint[] ids, $2 text error (NULL: the default). Rows: the ids of the jobs failed, ascending.
SELECT id FROM :"schema".permanently_fail_jobs($1, $2) ORDER BY id

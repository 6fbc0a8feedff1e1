-- $1 text key. No row: no job has it. Rows: id.
SELECT id FROM :"schema".remove_job($1)

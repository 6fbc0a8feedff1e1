-- Sessions that have not ended cleanly: number, session_id, executor_id, executor_name, tasks.
SELECT number, session_id, executor_id, executor_name, tasks
FROM :"schema".executors
ORDER BY number

-- Their jobs by task: task, jobs, and among these permanently failed, locked, in a queue.
SELECT coalesce(task.identifier, '') AS task, count(*) AS jobs,
  count(*) FILTER (WHERE locked_at IS NULL AND attempts >= max_attempts) AS failed,
  count(locked_at) AS locked,
  count(job_queue_id) AS queued
FROM :"theirs"._private_jobs AS job
LEFT JOIN :"theirs"._private_tasks AS task ON task.id = job.task_id
GROUP BY 1
ORDER BY 1

-- Jobs that no worker there can run, and that name nothing that could be moved: how many, and the
-- first 20 with the reason.
SELECT count(*) OVER () AS unmovable, job.id,
  CASE
    WHEN task.id IS NULL THEN 'its task is gone'
    WHEN task.identifier = '' THEN 'its task has no name'
    ELSE 'its queue is gone'
  END AS reason
FROM :"theirs"._private_jobs AS job
LEFT JOIN :"theirs"._private_tasks AS task ON task.id = job.task_id
LEFT JOIN :"theirs"._private_job_queues AS queue ON queue.id = job.job_queue_id
WHERE task.id IS NULL OR task.identifier = '' OR (job.job_queue_id IS NOT NULL AND queue.id IS NULL)
ORDER BY job.id
LIMIT 20

-- One row: serial queues that have jobs, jobs of the queue that has no name, known crontabs.
SELECT count(DISTINCT queue.id) AS queues,
  count(*) FILTER (WHERE queue.queue_name = '') AS unnamed,
  (SELECT count(*) FROM :"theirs"._private_known_crontabs) AS crontabs
FROM :"theirs"._private_jobs AS job
JOIN :"theirs"._private_job_queues AS queue ON queue.id = job.job_queue_id

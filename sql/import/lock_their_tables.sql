-- Keeps every write away, and every claim of a job, until the transaction ends.
LOCK TABLE :"theirs"._private_jobs, :"theirs"._private_job_queues, :"theirs"._private_tasks,
  :"theirs"._private_known_crontabs IN EXCLUSIVE MODE

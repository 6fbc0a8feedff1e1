-- Stop the executors first, then the servers.
BEGIN;
ALTER SCHEMA graphile_worker RENAME TO graphile_worker_of_leasehold;
ALTER SCHEMA graphile_worker_before_leasehold RENAME TO graphile_worker;
LOCK TABLE graphile_worker_of_leasehold.job_rows;

INSERT INTO graphile_worker._private_tasks (identifier)
SELECT DISTINCT task FROM graphile_worker_of_leasehold.job_rows
ON CONFLICT DO NOTHING;

INSERT INTO graphile_worker._private_job_queues (queue_name)
SELECT DISTINCT queue_name FROM graphile_worker_of_leasehold.job_rows WHERE queue_name IS NOT NULL
ON CONFLICT DO NOTHING;

INSERT INTO graphile_worker._private_jobs
  (id, task_id, job_queue_id, payload, priority, run_at, attempts, max_attempts, last_error,
   created_at, updated_at, key, revision, flags)
OVERRIDING SYSTEM VALUE
SELECT job.id, task.id, queue.id, payload, priority, run_at, attempts, max_attempts, last_error,
  created_at, updated_at, job_key, revision,
  (SELECT jsonb_object_agg(flag, true) FROM unnest(flags) AS flag)
FROM graphile_worker_of_leasehold.job_rows AS job
JOIN graphile_worker._private_tasks AS task ON task.identifier = job.task
LEFT JOIN graphile_worker._private_job_queues AS queue ON queue.queue_name = job.queue_name;

SELECT setval(pg_get_serial_sequence('graphile_worker._private_jobs', 'id'), last_value)
FROM graphile_worker_of_leasehold.job_ids;

INSERT INTO graphile_worker._private_known_crontabs
SELECT identifier, known_since, last_execution FROM graphile_worker_of_leasehold.known_crontabs;

DELETE FROM graphile_worker_of_leasehold.job_rows;
COMMIT;

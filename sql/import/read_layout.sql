-- What stands in their schema. One row of booleans: it is there, it is ours, it has their present
-- layout, the one before, the table of workers of graphile_worker_rs; then the owner of their jobs,
-- and whether we may act as that role.
--
-- $1 text their schema
WITH relations AS (
  SELECT pg_class.oid, relname, relkind, relowner
  FROM pg_class
  JOIN pg_namespace ON pg_namespace.oid = relnamespace
  WHERE nspname = $1
),
tables AS (
  SELECT * FROM relations WHERE relkind IN ('r', 'p')
)
SELECT
  EXISTS (SELECT FROM pg_namespace WHERE nspname = $1) AS found,
  EXISTS (SELECT FROM tables WHERE relname = 'leadership') AS ours,
  (SELECT count(*) = 5 FROM tables
   WHERE relname IN ('_private_jobs', '_private_tasks', '_private_job_queues',
                     '_private_known_crontabs', 'migrations'))
  AND (SELECT count(*) = 16 FROM pg_attribute
       WHERE attrelid = (SELECT oid FROM tables WHERE relname = '_private_jobs')
         AND attname IN (
           'id', 'job_queue_id', 'task_id', 'payload', 'priority', 'run_at', 'attempts',
           'max_attempts', 'last_error', 'created_at', 'updated_at', 'key', 'locked_at',
           'locked_by', 'revision', 'flags')
         AND NOT attisdropped) AS present,
  (SELECT count(*) = 2 FROM tables WHERE relname IN ('jobs', 'migrations')) AS older,
  EXISTS (SELECT FROM tables WHERE relname = '_private_workers') AS rust,
  (SELECT pg_get_userbyid(relowner) FROM tables WHERE relname = '_private_jobs') AS owner,
  (SELECT pg_has_role(relowner, 'MEMBER') FROM tables WHERE relname = '_private_jobs') AS may_act

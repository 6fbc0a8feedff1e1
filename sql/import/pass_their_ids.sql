-- Moves our sequence beyond their ids.
SELECT setval(':"schema".job_ids', greatest(max(id), 1))
FROM :"theirs"._private_jobs
HAVING max(id) IS NOT NULL

-- Whether our schema has never given an id out and no server leads it, nor can begin to before the
-- transaction ends: then theirs can be kept. One boolean.
SELECT server_id IS NULL
  AND pg_try_advisory_xact_lock(:"schema".lock_key('leader'))
  AND pg_try_advisory_xact_lock(:"schema".lock_key('fence'))
  AND (SELECT NOT is_called FROM :"schema".job_ids) AS kept
FROM :"schema".leadership

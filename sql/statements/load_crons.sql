-- The stored crons. One row each, by identifier: identifier, source, schedule, time_zone, task,
-- payload, fill in microseconds (at most 285,000 years: a bigint holds no more), max_attempts,
-- queue_name, job_key, key_mode, priority, flags.
SELECT identifier, source, schedule, time_zone, task, payload,
  (greatest(-9e12, least(9e12, date_part('epoch', fill))) * 1000000)::bigint AS fill, max_attempts,
  queue_name, job_key, key_mode, priority, flags
FROM :"schema".crons
ORDER BY identifier

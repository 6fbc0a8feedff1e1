-- What is known of crons. One row each: identifier, known_since, last_execution, schedule,
-- time_zone, fill in microseconds, paused; schedule, time_zone and fill NULL where only Graphile
-- Worker has met it.
SELECT identifier, timestamptz_send(known_since) AS known_since,
  timestamptz_send(last_execution) AS last_execution, schedule, time_zone,
  (date_part('epoch', fill) * 1000000)::bigint AS fill, paused
FROM :"schema".known_crontabs

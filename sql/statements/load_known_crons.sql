-- What is known of crons. One row each: identifier, known_since, last_execution, schedule,
-- time_zone, fill in microseconds (at most 285,000 years: a bigint holds no more), paused;
-- schedule, time_zone and fill NULL where only Graphile Worker has met it.
SELECT identifier, timestamptz_send(known_since) AS known_since,
  timestamptz_send(last_execution) AS last_execution, schedule, time_zone,
  CASE WHEN fill IS NOT NULL
    THEN (greatest(-9e12, least(9e12, date_part('epoch', fill))) * 1000000)::bigint
  END AS fill, paused
FROM :"schema".known_crontabs

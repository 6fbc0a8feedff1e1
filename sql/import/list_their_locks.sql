-- Who has locked jobs there: worker, jobs, since when as text. The one with the most first.
SELECT coalesce(locked_by, '') AS worker, count(*) AS jobs,
  to_char(min(locked_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS since
FROM :"theirs"._private_jobs
WHERE locked_at IS NOT NULL
GROUP BY 1
ORDER BY 2 DESC, 1

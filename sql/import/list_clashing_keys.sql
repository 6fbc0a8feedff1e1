-- Keys that a job there and a job of ours both have: how many, and the first 20.
SELECT count(*) OVER () AS clashes, ours.job_key AS key
FROM :"theirs"._private_jobs AS theirs
JOIN :"schema".job_rows AS ours ON ours.job_key = theirs.key COLLATE "C"
ORDER BY key
LIMIT 20

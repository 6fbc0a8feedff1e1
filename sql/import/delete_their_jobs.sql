-- What has been moved is no longer theirs to run.
WITH deleted AS (
  DELETE FROM :"theirs"._private_jobs RETURNING id
)
SELECT count(*) AS deleted FROM deleted

-- What the database says of itself. One row: now in microseconds, start time in microseconds,
-- timeline, whether it is read-only, fsync, synchronous_commit, server_version_num.
SELECT :"schema".to_micros(statement_timestamp()) AS now,
  :"schema".to_micros(pg_postmaster_start_time()) AS started_at,
  CASE
    WHEN NOT pg_is_in_recovery() THEN left(pg_walfile_name(pg_current_wal_lsn()), 8)
  END AS timeline,
  pg_is_in_recovery() AS read_only,
  current_setting('fsync') AS fsync,
  current_setting('synchronous_commit') AS synchronous_commit,
  current_setting('server_version_num')::integer AS server_version_num

-- What the database says of itself. One row: now, start time,
-- timeline, whether it is read-only, fsync, synchronous_commit, server_version_num.
SELECT timestamptz_send(statement_timestamp()) AS now,
  timestamptz_send(pg_postmaster_start_time()) AS started_at,
  CASE
    WHEN NOT pg_is_in_recovery() THEN left(pg_walfile_name(pg_current_wal_lsn()), 8)
  END AS timeline,
  pg_is_in_recovery() AS read_only,
  current_setting('fsync') AS fsync,
  current_setting('synchronous_commit') AS synchronous_commit,
  current_setting('server_version_num')::integer AS server_version_num

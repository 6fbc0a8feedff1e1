-- What graphile_worker_rs has beyond graphile_worker.sql.

CREATE TABLE graphile_worker._private_workers (
  id                text        PRIMARY KEY,
  last_heartbeat_at timestamptz NOT NULL,
  started_at        timestamptz NOT NULL DEFAULT now(),
  metadata          jsonb
);
CREATE INDEX ON graphile_worker._private_workers (last_heartbeat_at);

-- Writes a replica's row. No rows come back.
--
-- $1 text server id, $2 text address, $3 text version, $4 text host
INSERT INTO :"schema".servers (id, address, version, host)
VALUES ($1, $2, $3, $4)
ON CONFLICT (id) DO UPDATE
SET address    = excluded.address,
    version    = excluded.version,
    host       = excluded.host,
    started_at = excluded.started_at,
    renewed_at = excluded.renewed_at

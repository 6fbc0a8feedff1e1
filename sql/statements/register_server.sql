-- Writes a replica's row. No rows come back.
--
-- $1 text server id, $2 text address, $3 text version
INSERT INTO :"schema".servers (id, address, version)
VALUES ($1, $2, $3)
ON CONFLICT (id) DO UPDATE
SET address    = excluded.address,
    version    = excluded.version,
    started_at = excluded.started_at,
    renewed_at = excluded.renewed_at

-- graphile-worker's programs that add jobs first look for the newest migration, and would apply
-- their own from there. One beyond all of theirs, that they may live with, lets them go on.
--
-- $1 integer its number
INSERT INTO :"schema".migrations (id, breaking) VALUES ($1, false)

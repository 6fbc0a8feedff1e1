-- Begins a leadership; returns its epoch, one bigint. On disk before the answer. LH001: $2 is not
-- the epoch any more. 55P03: a write of the present leader is under way.
--
-- $1 text server id, $2 bigint epoch that must stand now (NULL: whatever stands), $3 bigint the new
-- epoch lies above this one too (0: no matter)
SELECT :"schema".raise_epoch($1, $2, $3) AS epoch

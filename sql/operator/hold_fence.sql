-- Until the transaction ends no leader can write, and no leadership can begin. 55P03: a write is
-- under way.
SELECT pg_advisory_xact_lock(:"schema".lock_key('fence'))

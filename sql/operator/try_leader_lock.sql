-- Takes the lock that a leader's own connection holds, until the transaction ends: nobody can begin
-- to lead by it. One boolean: whether it was free.
SELECT pg_try_advisory_xact_lock(:"schema".lock_key('leader')) AS free

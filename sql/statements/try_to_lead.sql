-- Takes the session advisory lock that the leader's own connection holds. One boolean: whether this
-- connection now has it. Never waits.
SELECT pg_try_advisory_lock(:"schema".lock_key('leader')) AS obtained

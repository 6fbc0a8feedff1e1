-- The settings of the import's transaction: short waits for locks, no limit on its work, plans for
-- whole tables. With row_security off a policy that would hide rows from us is an error.
SET LOCAL lock_timeout = '200ms';
SET LOCAL statement_timeout = 0;
SET LOCAL idle_in_transaction_session_timeout = 0;
SET LOCAL row_security = off;
SET LOCAL enable_seqscan = on;
SET LOCAL enable_bitmapscan = on;
SET LOCAL enable_hashjoin = on;
SET LOCAL enable_mergejoin = on;
SET LOCAL plan_cache_mode = auto

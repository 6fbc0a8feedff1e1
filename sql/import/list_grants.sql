-- The GRANTs, as text, by which everybody may do with our schema what they could do with theirs.
--
-- Their functions run with the caller's rights, behind row security: who has EXECUTE, as PUBLIC has
-- by default, can do something only with rights on the table of jobs and no policy in the way. Ours
-- run with the owner's rights, and EXECUTE is all that it takes. So EXECUTE goes to who had both.
--
-- $1 text their schema, $2 text ours
WITH
theirs AS (
  SELECT * FROM pg_namespace WHERE nspname = $1
),
jobs AS (
  SELECT pg_class.* FROM pg_class, pg_namespace
  WHERE relnamespace = pg_namespace.oid AND nspname = $1 AND relname = '_private_jobs'
),
granted AS (
  SELECT 1 AS rank, 'USAGE ON SCHEMA ' || quote_ident($2) AS what, entry.*
  FROM (SELECT nspowner, nspacl FROM pg_namespace WHERE nspname = $1) AS schema
  CROSS JOIN LATERAL aclexplode(coalesce(nspacl, acldefault('n', nspowner))) AS entry
  WHERE privilege_type = 'USAGE'
  UNION ALL
  SELECT 2, 'SELECT ON ' || quote_ident($2) || '.jobs', entry.*
  FROM pg_class
  JOIN pg_namespace ON pg_namespace.oid = relnamespace
  CROSS JOIN LATERAL aclexplode(coalesce(relacl, acldefault('r', relowner))) AS entry
  WHERE nspname = $1 AND relname = 'jobs' AND relkind = 'v' AND privilege_type = 'SELECT'
  UNION ALL
  -- Their library reads it before it adds a job.
  SELECT 2, 'SELECT ON ' || quote_ident($2) || '.migrations', entry.*
  FROM pg_class
  JOIN pg_namespace ON pg_namespace.oid = relnamespace
  CROSS JOIN LATERAL aclexplode(coalesce(relacl, acldefault('r', relowner))) AS entry
  WHERE nspname = $1 AND relname = 'migrations' AND privilege_type = 'SELECT'
),
-- Role 0 is PUBLIC.
roles AS (
  SELECT oid, rolname::text AS name, rolbypassrls FROM pg_roles WHERE NOT rolsuper
  UNION ALL
  SELECT 0, 'public', false
),
writers AS (
  SELECT roles.oid, roles.name, functions.name AS function
  FROM roles
  CROSS JOIN (VALUES
    ('add_job', 'INSERT', 'a'), ('add_jobs', 'INSERT', 'a'), ('remove_job', 'DELETE', 'd'),
    ('complete_jobs', 'DELETE', 'd'), ('permanently_fail_jobs', 'UPDATE', 'w'),
    ('reschedule_jobs', 'UPDATE', 'w'), ('force_unlock_workers', 'UPDATE', 'w')
  ) AS functions (name, privilege, command)
  CROSS JOIN jobs
  JOIN pg_proc ON proname = functions.name AND pronamespace = jobs.relnamespace
  WHERE has_function_privilege(roles.name, pg_proc.oid, 'EXECUTE')
    AND (roles.oid = 0 OR NOT pg_has_role(roles.name, jobs.relowner, 'USAGE'))
    AND (prosecdef
         OR has_table_privilege(roles.name, jobs.oid, functions.privilege)
            AND (NOT jobs.relrowsecurity OR roles.rolbypassrls
                 OR EXISTS (
                   SELECT FROM pg_policy CROSS JOIN LATERAL unnest(polroles) AS allowed (role)
                   WHERE polrelid = jobs.oid
                     AND (allowed.role = 0
                          OR roles.oid <> 0 AND pg_has_role(roles.name, allowed.role, 'USAGE'))
                     -- Of all rows: who was allowed some cannot be allowed the same by a GRANT.
                     AND polcmd IN ('*', functions.command)
                     AND coalesce(pg_get_expr(polqual, polrelid), 'true') = 'true'
                     AND coalesce(pg_get_expr(polwithcheck, polrelid), 'true') = 'true')
               AND NOT EXISTS (
                 SELECT FROM pg_policy WHERE polrelid = jobs.oid AND NOT polpermissive)))
)
SELECT format('GRANT %s TO %s', statement.what, statement.whom) AS text
FROM (
  SELECT rank, what,
    CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END
    || CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END AS whom
  FROM granted, jobs
  WHERE grantee <> jobs.relowner
  UNION
  SELECT 3, 'EXECUTE ON FUNCTION ' || quote_ident($2) || '.' || function,
    CASE oid WHEN 0 THEN 'PUBLIC' ELSE quote_ident(name) END
  FROM writers
  WHERE oid = 0
    OR has_schema_privilege(name, (SELECT theirs.oid FROM theirs), 'USAGE')
    AND NOT EXISTS (
      SELECT FROM writers AS everybody
      WHERE everybody.oid = 0 AND everybody.function = writers.function)
) AS statement
ORDER BY rank, what, whom

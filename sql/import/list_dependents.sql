-- What stands outside their schema and is bound to something in it, not to its name: views,
-- triggers, columns of their types. It goes with the schema when that is renamed.
--
-- $1 text their schema
WITH
theirs AS (
  SELECT oid FROM pg_namespace WHERE nspname = $1
),
inside AS (
  SELECT 'pg_class'::regclass AS class, oid FROM pg_class
  WHERE relnamespace = (SELECT oid FROM theirs)
  UNION ALL
  SELECT 'pg_proc'::regclass, oid FROM pg_proc WHERE pronamespace = (SELECT oid FROM theirs)
  UNION ALL
  SELECT 'pg_type'::regclass, oid FROM pg_type WHERE typnamespace = (SELECT oid FROM theirs)
),
dependents AS (
  SELECT DISTINCT
    CASE WHEN classid = 'pg_rewrite'::regclass THEN 'pg_class'::regclass ELSE classid END AS class,
    CASE
      WHEN classid = 'pg_rewrite'::regclass
        THEN (SELECT ev_class FROM pg_rewrite WHERE pg_rewrite.oid = objid)
      ELSE objid
    END AS oid,
    CASE WHEN classid = 'pg_rewrite'::regclass THEN 0 ELSE objsubid END AS part
  FROM pg_depend
  JOIN inside ON refclassid = inside.class AND refobjid = inside.oid
  WHERE deptype = 'n'
)
SELECT pg_describe_object(class, oid, part) AS dependent
FROM dependents
WHERE NOT EXISTS (
    SELECT FROM inside WHERE inside.class = dependents.class AND inside.oid = dependents.oid)
  AND CASE class
    WHEN 'pg_trigger'::regclass THEN (
      SELECT relnamespace FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
      WHERE pg_trigger.oid = dependents.oid)
    WHEN 'pg_constraint'::regclass THEN (
      SELECT connamespace FROM pg_constraint WHERE pg_constraint.oid = dependents.oid)
    WHEN 'pg_attrdef'::regclass THEN (
      SELECT relnamespace FROM pg_attrdef JOIN pg_class ON pg_class.oid = adrelid
      WHERE pg_attrdef.oid = dependents.oid)
    WHEN 'pg_policy'::regclass THEN (
      SELECT relnamespace FROM pg_policy JOIN pg_class ON pg_class.oid = polrelid
      WHERE pg_policy.oid = dependents.oid)
  END IS DISTINCT FROM (SELECT oid FROM theirs)
ORDER BY 1

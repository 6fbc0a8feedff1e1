-- The newest migration of their schema, and the newest that older programs cannot live with. Early
-- schemas have no column for that.
SELECT coalesce(max(id), 0) AS newest,
  coalesce(max(id) FILTER (WHERE (to_jsonb(migration) ->> 'breaking')::boolean), 0) AS breaking
FROM :"theirs".migrations AS migration

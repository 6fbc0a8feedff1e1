-- The same with what add_job has no argument for; only the owner of the schema may. LH002: key mode
-- reject, and a job has the key.
--
-- $1 to $10 as call_add_job, with the key mode reject too; $11 json metadata
SELECT (put.job).id,
  CASE WHEN put.changed THEN :"schema".tell_leader(ARRAY[(put.job).id, put.overtaken]) END
FROM :"schema".put_jobs(
  ARRAY[CAST(
    ROW($1::text, $2::json, $3::text,
      coalesce($4::timestamptz, now() + $5::bigint * interval '1 microsecond'), $6::integer,
      $7::text, $8::integer, $9::text[], $11::json, $10::text)
    AS :"schema".new_job)],
  now()) AS put

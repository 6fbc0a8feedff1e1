-- The servers that have said within the time to live of a leadership that they are there: id,
-- address. Reads only what every version of the schema has.
SELECT id, address
FROM :"schema".servers
WHERE renewed_at > clock_timestamp() - interval '5 seconds'
ORDER BY id

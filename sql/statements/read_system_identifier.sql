-- Tells one cluster of databases from another: one text. 42501: this role may not know it.
SELECT system_identifier::text
FROM pg_control_system()

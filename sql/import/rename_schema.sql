-- Invalidates every plan that names it, in every session.
ALTER SCHEMA :"schema" RENAME TO :"theirs"

-- Who owned their jobs owns ours. Until the transaction ends we act as that role.
CREATE SCHEMA :"schema" AUTHORIZATION :"owner";
SET LOCAL ROLE :"owner"

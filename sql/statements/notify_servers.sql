-- Tells all servers to look who leads. One row of no interest comes back.
SELECT pg_notify('leaseholder/' || :'schema', '')

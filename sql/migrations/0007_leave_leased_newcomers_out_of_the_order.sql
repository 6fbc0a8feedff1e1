-- breaking: true

-- A job that is inserted together with its lease is out of the order of work: nobody looks for it
-- there, and most such jobs end before anybody could. Its place in the index is a third of what
-- inserting it costs. Whatever ends or overtakes that lease and keeps the row moves the activation,
-- and with it the job into the order.

ALTER TABLE :"schema".job_rows ADD COLUMN born_leased boolean NOT NULL DEFAULT false;

DROP INDEX :"schema".job_rows_ready;

-- The order of work of each task. Jobs that have permanently failed are not in it.
CREATE INDEX job_rows_ready ON :"schema".job_rows (task, priority, run_at, id)
  WHERE attempts < max_attempts AND (NOT born_leased OR activation > 0);

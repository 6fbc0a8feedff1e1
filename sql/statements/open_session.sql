-- Writes a session's row, new or changed. No rows come back.
--
-- $1 bigint epoch, $2 bigint number in the journal
-- $3 bigint session number, $4 text session id, $5 text executor id, $6 text executor name,
-- $7 text[] tasks
WITH written AS (
  INSERT INTO :"schema".executors (number, session_id, executor_id, executor_name, tasks)
  VALUES ($3, $4, $5, $6, $7)
  ON CONFLICT (number) DO UPDATE
  SET session_id    = excluded.session_id,
      executor_id   = excluded.executor_id,
      executor_name = excluded.executor_name,
      tasks         = excluded.tasks
)
INSERT INTO :"schema".journal (epoch, number, kind)
VALUES (:"schema".fence($1), $2, 'open_session')

-- What replicas tell each other beside who leads.

ALTER TABLE :"schema".leadership
  -- The server that asks for the leadership, because it has to migrate; the leader yields to it.
  ADD COLUMN wanted_by text,
  -- Moves while it asks: the others watch it on their own clocks.
  ADD COLUMN wanted_ticks bigint NOT NULL DEFAULT 0,
  -- PostgreSQL's, when the leadership began. Another one now: what the last leader did may be lost.
  ADD COLUMN timeline text;

ALTER TABLE :"schema".servers
  -- The same for servers that reach each other by their loopback addresses.
  ADD COLUMN host text NOT NULL DEFAULT '',
  -- Executors' streams that it serves or forwards, as of renewed_at.
  ADD COLUMN streams integer NOT NULL DEFAULT 0;

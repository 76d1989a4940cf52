-- Pairs of one of our resources and an account or group of the app that may be the same: a person decides. What was told
-- apart stays, so that it is never asked again; that two are the same the link remembers.
CREATE TABLE adoptions (
  id        INTEGER PRIMARY KEY AUTOINCREMENT,
  instance  INTEGER NOT NULL,
  kind      INTEGER NOT NULL,             -- 1 User, 2 Group
  ours      INTEGER NOT NULL,             -- row of the resource
  remote_id TEXT NOT NULL,                -- the app's id
  why       TEXT NOT NULL,                -- email | name | external
  apart     INTEGER NOT NULL DEFAULT 0,   -- told apart; else it waits
  at        INTEGER NOT NULL,
  UNIQUE (ours, remote_id)
);
CREATE INDEX adoptions_remote ON adoptions(instance, kind, remote_id);
CREATE INDEX adoptions_waiting ON adoptions(instance, id) WHERE apart = 0;

CREATE TRIGGER adoptions_gone AFTER DELETE ON resources BEGIN
  DELETE FROM adoptions WHERE ours = old.row;
END;

-- What each app can do, as it was last tried, and when it is tried again. One row for each instance that has an app.
CREATE TABLE probes (
  instance  INTEGER PRIMARY KEY,
  due_at    INTEGER NOT NULL,
  writes    INTEGER NOT NULL DEFAULT 0,     -- the next one may write: an admin said so
  began_at  INTEGER,                        -- one is under way since then
  profile   TEXT                            -- JSON; NULL: none was ever finished
);
CREATE INDEX probes_due ON probes(due_at);
INSERT INTO probes(instance, due_at) SELECT id, 0 FROM instances WHERE target IS NOT NULL AND deleted_at IS NULL;

-- Attributes of extensions that an admin declared for an instance. Values are in the documents, whether declared or not.
CREATE TABLE custom_attributes (
  row          INTEGER PRIMARY KEY,          -- in this order they are published
  instance     INTEGER NOT NULL,
  kind         INTEGER NOT NULL,             -- 1 User, 2 Group
  urn          TEXT NOT NULL,
  name         TEXT NOT NULL,
  type         TEXT NOT NULL,                -- as in /Schemas
  multi_valued INTEGER NOT NULL,
  created      INTEGER NOT NULL
);
-- Both are ASCII, so NOCASE folds all of them.
CREATE UNIQUE INDEX custom_attributes_path
  ON custom_attributes(instance, kind, urn COLLATE NOCASE, name COLLATE NOCASE);

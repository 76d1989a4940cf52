-- Times are milliseconds since 1970 UTC. A resource's `doc` is the truth; the columns beside it are an index that
-- can be rebuilt from it. Folded columns are folded in Rust: NOCASE and lower() fold ASCII only.

CREATE TABLE settings (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE instances (
  id            INTEGER PRIMARY KEY,
  slug          TEXT NOT NULL UNIQUE,         -- fixed for life, never reused: the row of a deleted instance stays
  name          TEXT NOT NULL,
  app           TEXT NOT NULL,
  scope         TEXT NOT NULL,
  enabled       INTEGER NOT NULL DEFAULT 1,
  paused        INTEGER NOT NULL DEFAULT 0,
  target        TEXT,                         -- JSON, without the credential; null: receives only
  secret        BLOB,                         -- sealed
  secret_set_at INTEGER,
  policies      TEXT NOT NULL DEFAULT '{}',
  sync_every_s  INTEGER NOT NULL DEFAULT 3600,
  next_sync_at  INTEGER,
  last_sync_at  INTEGER,
  imported_at   INTEGER,
  retry_at      INTEGER,                      -- backoff that belongs to the target, not to one resource
  retry_count   INTEGER NOT NULL DEFAULT 0,
  parked_since  INTEGER,
  created       INTEGER NOT NULL,
  deleted_at    INTEGER
);

CREATE TABLE resources (
  row           INTEGER PRIMARY KEY AUTOINCREMENT, -- never reused; order of creation: lists are in this order
  instance      INTEGER NOT NULL,
  kind          INTEGER NOT NULL,             -- 1 User, 2 Group
  id            TEXT NOT NULL UNIQUE,
  external_id   TEXT,
  name          TEXT NOT NULL,                -- userName or displayName as given
  name_key      TEXT NOT NULL,                -- folded
  display       TEXT NOT NULL,                -- what a person calls it
  active        INTEGER NOT NULL,
  managed       INTEGER NOT NULL,             -- owned is not empty
  owned         TEXT NOT NULL,                -- JSON array of paths
  version       INTEGER NOT NULL,
  created       INTEGER NOT NULL,
  last_modified INTEGER NOT NULL,
  deleted_at    INTEGER,                      -- a tombstone until its link is done
  doc           TEXT NOT NULL                 -- attributes, id, meta; without groups, members and meta.location
);
CREATE INDEX resources_list ON resources(instance, kind, row) WHERE deleted_at IS NULL;
CREATE INDEX resources_name ON resources(instance, kind, name_key);
CREATE INDEX resources_external ON resources(instance, kind, external_id) WHERE external_id IS NOT NULL;
-- Uniqueness binds managed users only: what an app holds must never stop an import.
CREATE UNIQUE INDEX resources_unique ON resources(instance, name_key)
  WHERE kind = 1 AND managed = 1 AND deleted_at IS NULL;
CREATE INDEX resources_tombs ON resources(instance, deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE emails (
  resource  INTEGER NOT NULL,
  value_key TEXT NOT NULL,
  instance  INTEGER NOT NULL,
  PRIMARY KEY (resource, value_key)
) WITHOUT ROWID;
CREATE INDEX emails_value ON emails(instance, value_key);

-- The member row is the difference: wanted = SCIM shows it, held = the app is believed to have it.
CREATE TABLE members (
  grp    INTEGER NOT NULL,
  member INTEGER NOT NULL,
  wanted INTEGER NOT NULL,
  held   INTEGER NOT NULL,
  keep   INTEGER NOT NULL DEFAULT 0,          -- a rejected removal: left alone until our side changes
  owned  INTEGER NOT NULL DEFAULT 0,          -- an IdP or admin put it here
  PRIMARY KEY (grp, member)
) WITHOUT ROWID;
CREATE INDEX members_of ON members(member, grp);
CREATE INDEX members_delta ON members(grp) WHERE wanted <> held;

CREATE TABLE links (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  instance    INTEGER NOT NULL,
  kind        INTEGER NOT NULL,
  resource    INTEGER,
  remote_id   TEXT,
  state       TEXT NOT NULL,
  external_id TEXT,
  name_key    TEXT,
  pushed      TEXT NOT NULL DEFAULT '{}',
  base        TEXT NOT NULL DEFAULT '{}',
  seen        TEXT NOT NULL DEFAULT '{}',
  seen_active INTEGER NOT NULL DEFAULT 1,
  seen_doc    TEXT,                           -- the latest observation, for people to read
  ended_by_us INTEGER NOT NULL DEFAULT 0,
  enforced    TEXT NOT NULL DEFAULT '{}',     -- path -> [times] of enforcing pushes in the last day
  rev         INTEGER NOT NULL DEFAULT 1,
  written_seq INTEGER NOT NULL DEFAULT 0,
  seen_run    INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX links_remote ON links(instance, kind, remote_id) WHERE remote_id IS NOT NULL;
CREATE UNIQUE INDEX links_resource ON links(resource) WHERE resource IS NOT NULL;
CREATE INDEX links_seen ON links(instance, seen_run);
CREATE INDEX links_name ON links(instance, kind, name_key);
CREATE INDEX links_external ON links(instance, kind, external_id);
-- Who has access in the app, for the removal limit.
CREATE INDEX links_access ON links(instance, kind) WHERE state = 'linked' AND seen_active = 1;

CREATE TABLE jobs (
  instance   INTEGER NOT NULL,
  kind       INTEGER NOT NULL,                -- 1 push, 2 import, 3 verify, 4 reconcile
  subject    INTEGER NOT NULL,
  wanted     INTEGER NOT NULL DEFAULT 1,
  priority   INTEGER NOT NULL,
  due_at     INTEGER,                         -- null: rejected, sleeps until it changes or is tried again
  attempts   INTEGER NOT NULL DEFAULT 0,
  leased_by  TEXT,                            -- boot id; a lease of another boot is free at once
  last_error TEXT,
  state      TEXT NOT NULL DEFAULT 'waiting', -- waiting | retrying | rejected | held
  cursor     TEXT,
  PRIMARY KEY (instance, kind, subject)
) WITHOUT ROWID;
CREATE INDEX jobs_due ON jobs(instance, priority, due_at) WHERE due_at IS NOT NULL AND leased_by IS NULL;
CREATE INDEX jobs_stuck ON jobs(instance, kind, state) WHERE state IN ('rejected', 'held');

CREATE TABLE events (
  id         INTEGER PRIMARY KEY,
  at         INTEGER NOT NULL,
  instance   INTEGER,
  resource   INTEGER,
  subject    TEXT NOT NULL,
  actor      TEXT NOT NULL,
  action     TEXT NOT NULL,
  outcome    TEXT NOT NULL,
  detail     TEXT NOT NULL,
  changes    TEXT
);
CREATE INDEX events_instance ON events(instance, id);
CREATE INDEX events_resource ON events(resource, id) WHERE resource IS NOT NULL;
-- People a group's event is also about.
CREATE TABLE event_people (
  resource INTEGER NOT NULL,
  event    INTEGER NOT NULL,
  PRIMARY KEY (resource, event)
) WITHOUT ROWID;

CREATE TABLE runs (
  id       INTEGER PRIMARY KEY,
  instance INTEGER NOT NULL,
  phase    TEXT NOT NULL,
  started  INTEGER NOT NULL,
  ended    INTEGER,
  expected INTEGER,
  cursor   INTEGER NOT NULL DEFAULT 1,        -- the startIndex to read next in this phase
  counts   TEXT NOT NULL DEFAULT '{}',
  error    TEXT
);
CREATE INDEX runs_instance ON runs(instance, id);

CREATE TABLE conditions (
  id       INTEGER PRIMARY KEY,
  instance INTEGER NOT NULL,
  kind     TEXT NOT NULL,
  reason   TEXT NOT NULL,
  since    INTEGER NOT NULL,
  until    INTEGER,
  next_try INTEGER
);
CREATE UNIQUE INDEX conditions_open ON conditions(instance, kind) WHERE until IS NULL;
CREATE INDEX conditions_line ON conditions(instance, since);

CREATE TABLE removals (
  id       INTEGER PRIMARY KEY,
  instance INTEGER NOT NULL,
  class    TEXT NOT NULL,
  subject  INTEGER NOT NULL,
  member   INTEGER NOT NULL DEFAULT 0,
  label    TEXT NOT NULL,
  state    TEXT NOT NULL,
  reason   TEXT NOT NULL,
  at       INTEGER NOT NULL,
  done_at  INTEGER,
  run      INTEGER NOT NULL DEFAULT 0,        -- born of this sync's read; 0: of a push
  freed    INTEGER NOT NULL DEFAULT 0         -- an admin allowed it: it counts towards no limit
);
CREATE UNIQUE INDEX removals_open ON removals(instance, class, subject, member) WHERE state <> 'done';
CREATE INDEX removals_state ON removals(instance, state);
CREATE INDEX removals_window ON removals(instance, class, done_at) WHERE state = 'done';

CREATE TABLE api_keys (
  id         INTEGER PRIMARY KEY,
  instance   INTEGER NOT NULL,
  hash       BLOB NOT NULL UNIQUE,
  name       TEXT NOT NULL,
  prefix     TEXT NOT NULL,
  created    INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  expires_at INTEGER,
  revoked_at INTEGER
);
CREATE INDEX api_keys_instance ON api_keys(instance);

CREATE TABLE admins (
  id        INTEGER PRIMARY KEY,
  email     TEXT NOT NULL,
  email_key TEXT NOT NULL UNIQUE,
  role      TEXT NOT NULL,
  password  TEXT NOT NULL,
  created   INTEGER NOT NULL
);

CREATE TABLE sessions (
  hash    BLOB PRIMARY KEY,
  admin   INTEGER NOT NULL,
  created INTEGER NOT NULL,
  expires INTEGER NOT NULL
) WITHOUT ROWID;

-- Where a run goes on is text, as the connector wrote it; null: from the beginning of its phase.
ALTER TABLE runs DROP COLUMN cursor;
ALTER TABLE runs ADD COLUMN place TEXT;
-- When it last got on.
ALTER TABLE runs ADD COLUMN saved INTEGER NOT NULL DEFAULT 0;
-- The first objects that could not be understood: JSON array of {kind, id, name, why}.
ALTER TABLE runs ADD COLUMN troubles TEXT NOT NULL DEFAULT '[]';
UPDATE runs SET saved = coalesce(ended, started);

-- When the stored credential ends, as far as anybody said; a reminder, nothing else.
ALTER TABLE instances ADD COLUMN secret_ends_at INTEGER;
-- The credential before it, sealed, until the first success with the new one.
ALTER TABLE instances ADD COLUMN secret_before BLOB;
ALTER TABLE instances ADD COLUMN secret_before_set_at INTEGER;
ALTER TABLE instances ADD COLUMN secret_before_ends_at INTEGER;

-- How many live resources lie in each block of 1,024 row numbers: totals are a sum over blocks, and skipping to a page
-- walks blocks and then at most one of them. Kept by triggers, so that no way of writing can pass it by.
CREATE TABLE landmarks (
  instance INTEGER NOT NULL,
  kind     INTEGER NOT NULL,
  block    INTEGER NOT NULL,                  -- row >> 10
  live     INTEGER NOT NULL,                  -- never 0: such a block has no row here
  PRIMARY KEY (instance, kind, block)
) WITHOUT ROWID;

INSERT INTO landmarks SELECT instance, kind, row >> 10, count(*) FROM resources WHERE deleted_at IS NULL GROUP BY 1, 2, 3;

CREATE TRIGGER resources_born AFTER INSERT ON resources WHEN new.deleted_at IS NULL BEGIN
  INSERT INTO landmarks VALUES (new.instance, new.kind, new.row >> 10, 1)
    ON CONFLICT (instance, kind, block) DO UPDATE SET live = live + 1;
END;
CREATE TRIGGER resources_back AFTER UPDATE OF deleted_at ON resources
  WHEN old.deleted_at IS NOT NULL AND new.deleted_at IS NULL BEGIN
  INSERT INTO landmarks VALUES (new.instance, new.kind, new.row >> 10, 1)
    ON CONFLICT (instance, kind, block) DO UPDATE SET live = live + 1;
END;
CREATE TRIGGER resources_buried AFTER UPDATE OF deleted_at ON resources
  WHEN old.deleted_at IS NULL AND new.deleted_at IS NOT NULL BEGIN
  UPDATE landmarks SET live = live - 1 WHERE instance = old.instance AND kind = old.kind AND block = old.row >> 10;
  DELETE FROM landmarks WHERE instance = old.instance AND kind = old.kind AND block = old.row >> 10 AND live = 0;
END;
CREATE TRIGGER resources_gone AFTER DELETE ON resources WHEN old.deleted_at IS NULL BEGIN
  UPDATE landmarks SET live = live - 1 WHERE instance = old.instance AND kind = old.kind AND block = old.row >> 10;
  DELETE FROM landmarks WHERE instance = old.instance AND kind = old.kind AND block = old.row >> 10 AND live = 0;
END;

-- With deleted_at in it, a list in the order of names, and a search for a piece of one, look at the index alone.
DROP INDEX resources_name;
CREATE INDEX resources_name ON resources(instance, kind, name_key, deleted_at);

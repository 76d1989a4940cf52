-- As before, without ON CONFLICT: it made SQLite keep, for each new row, what all pages held that the row touched.
DROP TRIGGER resources_born;
CREATE TRIGGER resources_born AFTER INSERT ON resources WHEN new.deleted_at IS NULL BEGIN
  INSERT INTO landmarks SELECT new.instance, new.kind, new.row >> 10, 0 WHERE NOT EXISTS
    (SELECT 1 FROM landmarks WHERE instance = new.instance AND kind = new.kind AND block = new.row >> 10);
  UPDATE landmarks SET live = live + 1 WHERE instance = new.instance AND kind = new.kind AND block = new.row >> 10;
END;

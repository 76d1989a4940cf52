-- How often a run broke off for a passing reason and went on, why, and where: JSON, {} for one that never did.
ALTER TABLE runs ADD COLUMN breaks TEXT NOT NULL DEFAULT '{}';

-- Which log this is, whatever becomes of it; and since when it has the history that it has.
ALTER TABLE log_head ADD COLUMN log BLOB;
ALTER TABLE log_head ADD COLUMN began_at INTEGER NOT NULL DEFAULT 0;
UPDATE log_head SET log = randomblob(16);

-- By which request a feed was begun again last: done twice, it is done once.
ALTER TABLE feed_cursor ADD COLUMN replayed uuid;

-- Since when whoever a feed is told to has taken nothing, in milliseconds since 1970; 0 while they take what comes.
ALTER TABLE feed_cursor ADD COLUMN failing_since INTEGER NOT NULL DEFAULT 0;

-- How far each feed has come, and which process carries it. What was delivered to whom is in the log; this may be lost, and then the feed
-- begins again.
CREATE TABLE feed_cursor (
    feed         BLOB    PRIMARY KEY,
    -- The epoch of the log of which the positions are.
    epoch        BLOB    NOT NULL,
    -- How often it was begun.
    run          INTEGER NOT NULL DEFAULT 1,
    -- Up to here events have their receipts.
    delivered    INTEGER NOT NULL DEFAULT 0,
    -- Up to here the agency's system has them.
    acknowledged INTEGER NOT NULL DEFAULT 0,
    -- Who carries it, and until when, in milliseconds since 1970 by this database's clock.
    holder       BLOB,
    held_until   INTEGER NOT NULL DEFAULT 0,
    -- When it failed last, in milliseconds since 1970, and why; 0 and empty when it has not.
    failed_at    INTEGER NOT NULL DEFAULT 0,
    failure      TEXT    NOT NULL DEFAULT ''
) WITHOUT ROWID;

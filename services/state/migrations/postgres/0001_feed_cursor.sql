-- How far each feed has come, and which process carries it. What was delivered to whom is in the log; this may be lost, and then the feed
-- begins again.
CREATE TABLE feed_cursor (
    feed         uuid    PRIMARY KEY,
    -- The epoch of the log of which the positions are.
    epoch        uuid    NOT NULL,
    -- How often it was begun.
    run          integer NOT NULL DEFAULT 1,
    -- Up to here events have their receipts.
    delivered    bigint  NOT NULL DEFAULT 0,
    -- Up to here the agency's system has them.
    acknowledged bigint  NOT NULL DEFAULT 0,
    -- Who carries it, and until when, in milliseconds since 1970 by this database's clock.
    holder       uuid,
    held_until   bigint  NOT NULL DEFAULT 0,
    -- When it failed last, in milliseconds since 1970, and why; 0 and empty when it has not.
    failed_at    bigint  NOT NULL DEFAULT 0,
    failure      text    NOT NULL DEFAULT ''
);

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'alongside_app') THEN
        GRANT SELECT, INSERT, UPDATE, DELETE ON feed_cursor TO alongside_app;
    END IF;
END $$;

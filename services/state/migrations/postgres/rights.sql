-- What the app's role may do. Given after every `alongside migrate`, so that a role that is made later gets it, too.
-- One at a time, as schema.sql: two that give at once refuse each other.
SELECT pg_advisory_xact_lock(7113004252);

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'alongside_app') THEN
        GRANT SELECT, INSERT, UPDATE, DELETE ON feed_cursor, session TO alongside_app;
    END IF;
END $$;

-- What the app's role may do. Given after every `alongside migrate`, so that a role that is made later gets it, too.
-- One at a time, as schema.sql: two that give at once refuse each other.
SELECT pg_advisory_xact_lock(7113004252);

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'alongside_app') THEN
        GRANT SELECT ON log_head, stream_head, event TO alongside_app;
        GRANT EXECUTE ON FUNCTION log_append, log_enter, log_renew, log_now TO alongside_app;
    END IF;
END $$;

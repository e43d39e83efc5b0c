-- What the app's role may do. Given after every `alongside migrate`, so that a role that is made later gets it, too.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'alongside_app') THEN
        GRANT SELECT ON log_head, stream_head, event TO alongside_app;
        GRANT EXECUTE ON FUNCTION log_append, log_enter, log_renew, log_now TO alongside_app;
    END IF;
END $$;

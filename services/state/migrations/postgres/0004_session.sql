-- Who has signed in on the person's web pages. Each is sealed with a key that only a browser has; this may be lost, and then they sign in again.
CREATE TABLE session (
    -- What follows from the browser's secret, and does not tell it.
    id      bytea  PRIMARY KEY,
    -- Whose it is: what follows from whom their identity provider says that they are.
    owner   bytea  NOT NULL,
    body    bytea  NOT NULL,
    -- Until when it is good without a click, and in any case, in milliseconds since 1970 by this database's clock.
    idle_at bigint NOT NULL,
    ends_at bigint NOT NULL
);

CREATE INDEX session_owner ON session (owner);
CREATE INDEX session_ends_at ON session (ends_at);

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'alongside_app') THEN
        GRANT SELECT, INSERT, UPDATE, DELETE ON session TO alongside_app;
    END IF;
END $$;

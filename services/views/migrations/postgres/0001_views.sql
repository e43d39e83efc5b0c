-- Views: sealed documents, and how far each generation of a view has read the log. All of it can be rebuilt.

CREATE TABLE view_state (
    view       text    NOT NULL,
    generation integer NOT NULL,
    position   bigint  NOT NULL DEFAULT 0,
    current    boolean NOT NULL,
    PRIMARY KEY (view, generation)
) WITH (fillfactor = 10);
CREATE UNIQUE INDEX view_state_current ON view_state (view) WHERE current;

CREATE TABLE document (
    view       text    NOT NULL,
    generation integer NOT NULL,
    key        bytea   NOT NULL,
    subject    uuid    NOT NULL,
    position   bigint  NOT NULL,
    body       bytea   NOT NULL,
    PRIMARY KEY (view, generation, key)
) WITH (fillfactor = 80);

-- Subjects whose events a view could not apply: visible, and left out until a rebuild.
CREATE TABLE parked (
    view       text    NOT NULL,
    generation integer NOT NULL,
    subject    uuid    NOT NULL,
    position   bigint  NOT NULL,
    reason     text    NOT NULL,
    PRIMARY KEY (view, generation, subject)
);

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'alongside_app') THEN
        GRANT SELECT, INSERT, UPDATE, DELETE ON view_state, document, parked TO alongside_app;
    END IF;
END $$;

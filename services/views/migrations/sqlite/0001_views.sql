-- Views: sealed documents, and how far each generation of a view has read the log. All of it can be rebuilt.

CREATE TABLE view_state (
    view       TEXT    NOT NULL,
    generation INTEGER NOT NULL,
    position   INTEGER NOT NULL DEFAULT 0,
    current    INTEGER NOT NULL,
    PRIMARY KEY (view, generation)
) STRICT;
CREATE UNIQUE INDEX view_state_current ON view_state (view) WHERE current;

CREATE TABLE document (
    view       TEXT    NOT NULL,
    generation INTEGER NOT NULL,
    key        BLOB    NOT NULL,
    -- Where it stands among others: its list, and in it the position of the first event about it.
    place      BLOB    NOT NULL,
    subject    BLOB    NOT NULL,
    position   INTEGER NOT NULL,
    body       BLOB    NOT NULL,
    PRIMARY KEY (view, generation, key)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX document_by_place ON document (view, generation, place);

-- Subjects whose events a view could not apply: visible, and left out until a rebuild.
CREATE TABLE parked (
    view       TEXT    NOT NULL,
    generation INTEGER NOT NULL,
    subject    BLOB    NOT NULL,
    position   INTEGER NOT NULL,
    reason     TEXT    NOT NULL,
    PRIMARY KEY (view, generation, subject)
) STRICT;

-- Who has signed in on the person's web pages. Each is sealed with a key that only a browser has; this may be lost, and then they sign in again.
CREATE TABLE session (
    -- What follows from the browser's secret, and does not tell it.
    id      BLOB    PRIMARY KEY,
    -- Whose it is: what follows from whom their identity provider says that they are.
    owner   BLOB    NOT NULL,
    body    BLOB    NOT NULL,
    -- Until when it is good without a click, and in any case, in milliseconds since 1970 by this database's clock.
    idle_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX session_owner ON session (owner);
CREATE INDEX session_ends_at ON session (ends_at);

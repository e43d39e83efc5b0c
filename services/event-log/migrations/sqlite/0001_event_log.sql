-- The log: positions are gapless and in commit order; nothing in it is ever changed.

CREATE TABLE log_head (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    epoch    BLOB    NOT NULL,
    position INTEGER NOT NULL
) STRICT;

INSERT INTO log_head VALUES (1, randomblob(16), 0);

CREATE TABLE stream_head (
    kind    INTEGER NOT NULL,
    stream  BLOB    NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (kind, stream)
) STRICT, WITHOUT ROWID;

CREATE TABLE event (
    position INTEGER PRIMARY KEY,
    kind     INTEGER NOT NULL,
    stream   BLOB    NOT NULL,
    version  INTEGER NOT NULL,
    type     INTEGER NOT NULL,
    key_id   BLOB    NOT NULL,
    at       INTEGER NOT NULL,
    request  BLOB    NOT NULL,
    head     BLOB    NOT NULL,
    body     BLOB    NOT NULL
) STRICT;

-- Receipts (kind 3) are facts that nobody folds: they are read in the log's order alone, and most events are theirs.
CREATE UNIQUE INDEX event_by_stream ON event (kind, stream, version) WHERE kind <> 3;

CREATE TRIGGER event_refuses_update BEFORE UPDATE ON event
BEGIN SELECT RAISE(ABORT, 'the log is append-only: UPDATE is refused'); END;

CREATE TRIGGER event_refuses_delete BEFORE DELETE ON event
BEGIN SELECT RAISE(ABORT, 'the log is append-only: DELETE is refused'); END;

-- REPLACE deletes what is in its way without firing the trigger above.
CREATE TRIGGER event_refuses_replace BEFORE INSERT ON event
WHEN EXISTS (SELECT 1 FROM event WHERE position = NEW.position)
  OR EXISTS (SELECT 1 FROM event WHERE kind = NEW.kind AND stream = NEW.stream AND version = NEW.version AND kind <> 3)
BEGIN SELECT RAISE(ABORT, 'the log is append-only: REPLACE is refused'); END;

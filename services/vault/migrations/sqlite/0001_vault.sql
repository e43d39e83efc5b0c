-- One data key for each subject, wrapped. A destroyed key keeps its row, so that an unknown key is never mistaken for
-- an erased one.
CREATE TABLE subject_key (
    key_id    BLOB PRIMARY KEY,
    subject   BLOB NOT NULL UNIQUE,
    wrapped   BLOB,
    made_at   TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    destroyed_at TEXT,
    CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE TRIGGER subject_key_refuses_delete BEFORE DELETE ON subject_key
BEGIN SELECT RAISE(ABORT, 'a key is destroyed, never deleted'); END;

-- REPLACE deletes what is in its way without firing the trigger above: whoever has a key keeps it.
CREATE TRIGGER subject_key_refuses_replace BEFORE INSERT ON subject_key
WHEN EXISTS (SELECT 1 FROM subject_key WHERE key_id = NEW.key_id OR subject = NEW.subject)
BEGIN SELECT RAISE(IGNORE); END;

CREATE TRIGGER subject_key_refuses_change BEFORE UPDATE ON subject_key
WHEN NEW.wrapped IS NOT NULL OR NEW.key_id IS NOT OLD.key_id OR NEW.subject IS NOT OLD.subject
BEGIN SELECT RAISE(ABORT, 'a key is destroyed, never changed'); END;

CREATE TRIGGER subject_key_refuses_end BEFORE UPDATE ON subject_key
WHEN OLD.subject = zeroblob(16)
BEGIN SELECT RAISE(ABORT, 'the system''s own key is not destroyed'); END;

-- From the pseudonym of an identifier to the random id that it was given, sealed with the system's own key.
CREATE TABLE identifier (
    pseudonym BLOB PRIMARY KEY,
    sealed    BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER identifier_refuses_delete BEFORE DELETE ON identifier
BEGIN SELECT RAISE(ABORT, 'an identifier keeps its id'); END;

CREATE TRIGGER identifier_refuses_replace BEFORE INSERT ON identifier
WHEN EXISTS (SELECT 1 FROM identifier WHERE pseudonym = NEW.pseudonym)
BEGIN SELECT RAISE(IGNORE); END;

CREATE TRIGGER identifier_refuses_change BEFORE UPDATE ON identifier
BEGIN SELECT RAISE(ABORT, 'an identifier keeps its id'); END;

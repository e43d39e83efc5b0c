-- One data key for each subject, wrapped. A destroyed key keeps its row, so that an unknown key is never mistaken for
-- an erased one.
CREATE TABLE subject_key (
    key_id    BLOB PRIMARY KEY,
    subject   BLOB NOT NULL UNIQUE,
    wrapped   BLOB,
    made_at   TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    destroyed_at TEXT,
    CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
) STRICT;

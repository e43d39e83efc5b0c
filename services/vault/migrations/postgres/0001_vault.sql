-- One data key for each subject, wrapped. A destroyed key keeps its row, so that an unknown key is never mistaken for
-- an erased one.
CREATE TABLE subject_key (
    key_id    uuid   PRIMARY KEY,
    subject   uuid   NOT NULL UNIQUE,
    wrapped   bytea,
    made_at   timestamptz NOT NULL DEFAULT now(),
    destroyed_at timestamptz,
    CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
);

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'alongside_app') THEN
        GRANT SELECT, INSERT, UPDATE ON subject_key TO alongside_app;
    END IF;
END $$;

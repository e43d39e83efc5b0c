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

-- From the pseudonym of an identifier to the random id that it was given, sealed with the system's own key.
CREATE TABLE identifier (
    pseudonym uuid  PRIMARY KEY,
    sealed    bytea NOT NULL
);

-- The transaction that destroyed a key last.
CREATE TABLE key_destruction (
    transaction xid8 PRIMARY KEY
);

-- Destroys one subject's key. The only change that a key can see, and one in each transaction: nobody forgets everybody in one
-- statement.
CREATE FUNCTION destroy_key(of_subject uuid) RETURNS void LANGUAGE plpgsql VOLATILE STRICT
SECURITY DEFINER SET search_path = pg_catalog, alongside, pg_temp AS $$
BEGIN
    IF of_subject = '00000000-0000-0000-0000-000000000000' THEN
        RAISE EXCEPTION 'the system''s own key is not destroyed';
    END IF;
    DELETE FROM key_destruction WHERE transaction <> pg_current_xact_id();
    INSERT INTO key_destruction VALUES (pg_current_xact_id());
    UPDATE subject_key SET wrapped = NULL, destroyed_at = coalesce(destroyed_at, now()) WHERE subject = of_subject;
END $$;
REVOKE ALL ON FUNCTION destroy_key FROM PUBLIC;

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'alongside_app') THEN
        GRANT SELECT, INSERT (key_id, subject, wrapped) ON subject_key TO alongside_app;
        GRANT SELECT, INSERT ON identifier TO alongside_app;
        GRANT EXECUTE ON FUNCTION destroy_key TO alongside_app;
    END IF;
END $$;

-- `alongside migrate` runs this first, every time. Everything stands in a schema of its own, in which only its owner creates:
-- functions that run as the owner, and tables that they name, can then not be put there by anybody else.
SELECT pg_advisory_xact_lock(7113004252);

CREATE SCHEMA IF NOT EXISTS alongside;

DO $$
DECLARE
    house   pg_namespace%ROWTYPE;
    suspect text;
BEGIN
    SELECT * INTO house FROM pg_namespace WHERE nspname = 'alongside';
    IF house.nspowner <> current_user::regrole THEN
        RAISE EXCEPTION 'the schema "alongside" is not safe: it belongs to %', house.nspowner::regrole
            USING ERRCODE = 'insufficient_privilege', HINT = 'migrate as its owner, or give it to the role that migrates';
    END IF;
    SELECT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END INTO suspect
      FROM aclexplode(house.nspacl) a
     WHERE a.privilege_type = 'CREATE' AND a.grantee <> house.nspowner
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the schema "alongside" is not safe: % may create in it', suspect
            USING ERRCODE = 'insufficient_privilege', HINT = format('REVOKE CREATE ON SCHEMA alongside FROM %s', suspect);
    END IF;
    -- What was put there while somebody else still could.
    SELECT name INTO suspect
      FROM (SELECT relname::text, relnamespace, relowner FROM pg_class
            UNION ALL SELECT proname::text, pronamespace, proowner FROM pg_proc
            UNION ALL SELECT typname::text, typnamespace, typowner FROM pg_type) AS object (name, namespace, owner)
     WHERE namespace = house.oid AND owner <> house.nspowner
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the schema "alongside" is not safe: "%" in it belongs to somebody else', suspect
            USING ERRCODE = 'insufficient_privilege', HINT = 'look at what it is, and drop it';
    END IF;

    -- Nobody else has business here: a login without rights could still hold locks and connections.
    EXECUTE format('REVOKE CONNECT, TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
    IF has_database_privilege('public', current_database(), 'CONNECT') THEN
        RAISE EXCEPTION 'anybody may connect to this database'
            USING ERRCODE = 'insufficient_privilege', HINT = 'migrate as the owner of the database';
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'alongside_app') THEN
        IF pg_has_role('alongside_app', house.nspowner, 'MEMBER') THEN
            RAISE EXCEPTION 'the role "alongside_app" may act as the owner' USING ERRCODE = 'insufficient_privilege';
        END IF;
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO alongside_app', current_database());
        GRANT USAGE ON SCHEMA alongside TO alongside_app;
    END IF;
END $$;

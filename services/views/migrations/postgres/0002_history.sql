-- Of which history of the log a view is: the epoch in which its last event was read, and the request that appended that event. A log that
-- has another event there was restored or failed over, and what was built of it is worthless.
ALTER TABLE view_state
    ADD COLUMN epoch uuid,
    ADD COLUMN mark  uuid,
    -- A generation that was begun anew is read once it has come so far.
    ADD COLUMN readable_from bigint NOT NULL DEFAULT 0,
    -- Which version of the view's code builds it. Another version builds another generation.
    ADD COLUMN code integer NOT NULL DEFAULT 1;

DROP FUNCTION views_advance;

-- Writes what a batch changes in several views, in one round trip. Returns false, and writes nothing, when one of the views does
-- not stand where it is thought to.
--   a_*: one element for each view: where it stood, where it stands after, whether it is what readers see, and of which history the last
--   event is, and by which request.
--   u_*, r_*, p_*: documents to write, documents to remove, subjects to park; *_of is the view's ordinal from 1. A document that
--   begins is written only if it is not there.
CREATE FUNCTION views_advance(
    a_view text[], a_generation int[], a_from bigint[], a_to bigint[], a_current boolean[], a_epoch uuid[], a_mark uuid[],
    u_of int[], u_begins boolean[], u_key bytea[], u_place bytea[], u_subject uuid[], u_position bigint[], u_body bytea[],
    r_of int[], r_key bytea[],
    p_of int[], p_subject uuid[], p_position bigint[], p_reason text[]
) RETURNS boolean LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, alongside, pg_temp SET plan_cache_mode = force_generic_plan
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET enable_sort = off AS $$
DECLARE
    standing int;
BEGIN
    -- In one order, so that two runners never wait each for the other.
    PERFORM FROM view_state s
       JOIN unnest(a_view, a_generation, a_from, a_current) AS a (view, generation, position, current)
         ON s.view = a.view AND s.generation = a.generation
      WHERE s.position = a.position AND s.current = a.current
      ORDER BY s.view, s.generation
        FOR UPDATE OF s;
    GET DIAGNOSTICS standing = ROW_COUNT;
    IF standing <> cardinality(a_view) THEN
        RETURN false;
    END IF;

    UPDATE view_state s SET position = a.position, epoch = a.epoch, mark = a.mark
      FROM unnest(a_view, a_generation, a_to, a_epoch, a_mark) AS a (view, generation, position, epoch, mark)
     WHERE s.view = a.view AND s.generation = a.generation;

    IF cardinality(u_of) > 0 THEN
        INSERT INTO document (view, generation, key, place, subject, position, body)
        SELECT a_view[u.nth], a_generation[u.nth], u.key, u.place, u.subject, u.position, u.body
          FROM unnest(u_of, u_begins, u_key, u_place, u_subject, u_position, u_body)
               AS u (nth, begins, key, place, subject, position, body)
         WHERE u.begins
            ON CONFLICT (view, generation, key) DO NOTHING;
        INSERT INTO document (view, generation, key, place, subject, position, body)
        SELECT a_view[u.nth], a_generation[u.nth], u.key, u.place, u.subject, u.position, u.body
          FROM unnest(u_of, u_begins, u_key, u_place, u_subject, u_position, u_body)
               AS u (nth, begins, key, place, subject, position, body)
         WHERE NOT u.begins
            ON CONFLICT (view, generation, key)
            DO UPDATE SET place = excluded.place, subject = excluded.subject, position = excluded.position, body = excluded.body;
    END IF;

    IF cardinality(r_of) > 0 THEN
        DELETE FROM document WHERE ctid = ANY (ARRAY(
            SELECT d.ctid
              FROM unnest(r_of, r_key) AS r (nth, key)
             CROSS JOIN LATERAL (
                   SELECT ctid
                     FROM document
                    WHERE view = a_view[r.nth] AND generation = a_generation[r.nth] AND key >= r.key AND key <= r.key
                    ORDER BY key
                    LIMIT 1) d));
    END IF;

    IF cardinality(p_of) > 0 THEN
        INSERT INTO parked (view, generation, subject, position, reason)
        SELECT a_view[p.nth], a_generation[p.nth], p.subject, p.position, p.reason
          FROM unnest(p_of, p_subject, p_position, p_reason) AS p (nth, subject, position, reason)
            ON CONFLICT DO NOTHING;
    END IF;
    RETURN true;
END $$;

REVOKE ALL ON FUNCTION views_advance FROM PUBLIC;

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'alongside_app') THEN
        GRANT EXECUTE ON FUNCTION views_advance TO alongside_app;
    END IF;
END $$;

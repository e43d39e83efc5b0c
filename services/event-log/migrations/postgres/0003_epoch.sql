-- Positions and versions are used again when a log is restored or failed over: which history of which database this is, tells its
-- epoch. What was remembered, copied or built of another epoch is worthless.

-- Which log this is, whatever becomes of it.
ALTER TABLE log_head ADD COLUMN log uuid NOT NULL DEFAULT gen_random_uuid();

-- Every history that was met, and when it was first. Restored with the data, and then of no use: the identity is another.
CREATE TABLE log_epoch (
    identity text PRIMARY KEY,
    epoch    uuid   NOT NULL DEFAULT gen_random_uuid(),
    began_at bigint NOT NULL DEFAULT log_now()
);

-- The timeline on which the server writes: another one after a recovery to a point, and after the promotion of a standby. Fails on a
-- standby, which has none of its own.
CREATE FUNCTION log_timeline() RETURNS text LANGUAGE sql VOLATILE
SET search_path = pg_catalog, alongside, pg_temp AS $$
    SELECT left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)
$$;

-- What a connection does first. Which history this is: of which cluster and database, on which timeline, since which restore.
CREATE FUNCTION log_enter(OUT log uuid, OUT epoch uuid, OUT began_at bigint, OUT born uuid, OUT timeline text) LANGUAGE plpgsql VOLATILE
SECURITY DEFINER SET search_path = pg_catalog, alongside, pg_temp AS $$
#variable_conflict use_column
DECLARE
    here text;
BEGIN
    timeline := log_timeline();
    SELECT h.log, h.epoch INTO log, born FROM log_head h;
    SELECT concat_ws('/', born, s.system_identifier, d.oid, timeline) INTO here
      FROM pg_control_system() s, pg_database d
     WHERE d.datname = current_database();
    SELECT e.epoch, e.began_at INTO epoch, began_at FROM log_epoch e WHERE e.identity = here;
    IF NOT FOUND THEN
        -- Later than all before it, whatever this server's clock says.
        INSERT INTO log_epoch (identity, began_at)
        SELECT here, greatest(log_now(), coalesce(max(known.began_at), 0) + 1) FROM log_epoch known
            ON CONFLICT DO NOTHING;
        SELECT e.epoch, e.began_at INTO epoch, began_at FROM log_epoch e WHERE e.identity = here;
    END IF;
END $$;

-- Begins another epoch, unless somebody else has: the log does not hold what it held.
CREATE FUNCTION log_renew(p_born uuid) RETURNS void LANGUAGE sql VOLATILE
SECURITY DEFINER SET search_path = pg_catalog, alongside, pg_temp AS $$
    UPDATE log_head SET epoch = gen_random_uuid() WHERE epoch = p_born
$$;

DROP FUNCTION log_append;

-- Appends a batch of requests. Each is accepted or refused by itself.
--   s_*: one element for each stream that a request writes ("slot"); s_request is the request's ordinal from 1;
--        s_expected is the version it must stand at, or -1 for any; s_count is how many events it gets.
--   g_*: one element for each stream that a request only relies on.
--   e_*: one element for each event; e_slot is its slot's ordinal from 1, e_nth its place in the slot from 1.
--   r_not_after: one element for each request: from when on, by this clock, it must not commit any more, or null.
--   p_born, p_timeline: of which history the caller decided, as `log_enter` told when the connection was made; p_seen: the position of the
--   newest event of it that the caller has seen.
-- Returns for each slot the position and version before its first event, or -1 where the request was refused, and the
-- ordinals of the requests whose expectation failed, of those whose guard had moved, and of those that are too late.
--
-- No stream may be in two requests of a batch unless both write it at any version, or both only guard it: the caller
-- keeps them apart.
CREATE FUNCTION log_append(
    s_request int[], s_kind smallint[], s_stream uuid[], s_expected bigint[], s_count int[], s_id uuid[],
    g_request int[], g_kind smallint[], g_stream uuid[], g_version bigint[],
    e_slot int[], e_nth int[], e_type int[], e_key uuid[], e_at bigint[], e_head bytea[], e_body bytea[],
    r_not_after bigint[], p_born uuid, p_timeline text, p_seen bigint,
    OUT position_before bigint[], OUT version_before bigint[], OUT conflicted int[], OUT moved int[], OUT late int[]
) LANGUAGE plpgsql VOLATILE
SECURITY DEFINER SET search_path = pg_catalog, alongside, pg_temp SET plan_cache_mode = force_generic_plan
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
DECLARE
    born           uuid;
    base           bigint;
    made_to        bigint;
    total          bigint;
    standing       bigint[];
    partition_size constant bigint := 5000000;
BEGIN
    -- A statement of its own: the next statement's snapshot must be younger than the lock, or positions are reused.
    LOCK TABLE append_lock IN SHARE UPDATE EXCLUSIVE MODE;
    SELECT h.epoch, h.position, h.partitioned_to INTO born, base, made_to FROM log_head h;
    IF born <> p_born OR log_timeline() <> p_timeline OR base < p_seen THEN
        RAISE EXCEPTION 'the log has another history than the caller knows' USING ERRCODE = 'AL001';
    END IF;

    -- Every stream is looked up once, by the index, whatever is known of the table.
    SELECT array_agg(coalesce(h.version, 0) ORDER BY s.slot) INTO standing
      FROM unnest(s_kind, s_stream) WITH ORDINALITY AS s (kind, stream, slot)
      LEFT JOIN LATERAL (SELECT version FROM stream_head WHERE kind = s.kind AND stream = s.stream LIMIT 1) h ON true;

    SELECT coalesce(array_agg(DISTINCT s.request), '{}') INTO conflicted
      FROM unnest(s_request, s_expected, standing) AS s (request, expected, version)
     WHERE s.expected >= 0 AND s.expected <> s.version;

    moved := '{}';
    IF cardinality(g_request) > 0 THEN
        SELECT coalesce(array_agg(DISTINCT g.request), '{}') INTO moved
          FROM unnest(g_request, g_kind, g_stream, g_version) AS g (request, kind, stream, version)
          LEFT JOIN LATERAL (SELECT version FROM stream_head WHERE kind = g.kind AND stream = g.stream LIMIT 1) h ON true
         WHERE g.version <> coalesce(h.version, 0);
    END IF;

    late := '{}';
    IF cardinality(array_remove(r_not_after, NULL)) > 0 THEN
        SELECT coalesce(array_agg(r.request), '{}') INTO late
          FROM unnest(r_not_after) WITH ORDINALITY AS r (not_after, request)
         WHERE r.not_after <= log_now();
    END IF;

    -- Where each slot begins. Slots of refused requests count for nothing.
    SELECT array_agg(CASE WHEN p.count > 0 THEN base + p.before ELSE -1 END ORDER BY p.slot),
           array_agg(CASE WHEN p.count > 0 THEN p.version + p.before_in_stream ELSE -1 END ORDER BY p.slot),
           coalesce(sum(p.count), 0)
      INTO position_before, version_before, total
      FROM (SELECT a.slot, a.count, a.version,
                   sum(a.count) OVER (ORDER BY a.slot) - a.count AS before,
                   sum(a.count) OVER (PARTITION BY a.kind, a.stream ORDER BY a.slot) - a.count AS before_in_stream
              FROM (SELECT s.slot, s.kind, s.stream, s.version,
                           CASE WHEN s.request = ANY (conflicted) OR s.request = ANY (moved) OR s.request = ANY (late) THEN 0 ELSE s.count END AS count
                      FROM unnest(s_request, s_kind, s_stream, s_count, standing)
                           WITH ORDINALITY AS s (request, kind, stream, count, version, slot)) a) p;
    IF total = 0 THEN
        RETURN;
    END IF;

    IF base + total > made_to - partition_size THEN
        PERFORM log_extend();
    END IF;

    INSERT INTO event (position, stream, key_id, request, version, at, type, kind, head, body)
    SELECT position_before[e.slot] + e.nth, s_stream[e.slot], e.key_id, s_id[e.slot], version_before[e.slot] + e.nth,
           e.at, e.type, s_kind[e.slot], e.head, e.body
      FROM unnest(e_slot, e_nth, e_type, e_key, e_at, e_head, e_body) AS e (slot, nth, type, key_id, at, head, body)
     WHERE position_before[e.slot] >= 0;

    INSERT INTO stream_head AS h (kind, stream, version)
    SELECT s.kind, s.stream, max(s.before + s.count)
      FROM unnest(s_kind, s_stream, s_count, version_before) AS s (kind, stream, count, before)
     WHERE s.before >= 0
     GROUP BY s.kind, s.stream
        ON CONFLICT (kind, stream) DO UPDATE SET version = excluded.version;

    UPDATE log_head SET position = base + total;
END $$;

REVOKE ALL ON FUNCTION log_append, log_timeline, log_enter, log_renew FROM PUBLIC;

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'alongside_app') THEN
        GRANT EXECUTE ON FUNCTION log_append, log_enter, log_renew TO alongside_app;
    END IF;
END $$;

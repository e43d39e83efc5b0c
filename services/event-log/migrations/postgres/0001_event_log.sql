-- The log: positions are gapless and in commit order; nothing in it is ever changed.

CREATE TABLE log_head (
    only_row       boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    epoch          uuid    NOT NULL DEFAULT gen_random_uuid(),
    position       bigint  NOT NULL DEFAULT 0,
    -- Partitions exist for positions below this one.
    partitioned_to bigint  NOT NULL DEFAULT 0
) WITH (fillfactor = 10);

INSERT INTO log_head DEFAULT VALUES;

-- What an append locks. It has no grants: nobody can lock it but the owner, as whom the function runs. It has no rows, and the
-- lock is the one that vacuum and schema changes take: readers' locks do not matter to it.
CREATE TABLE append_lock ();

CREATE TABLE stream_head (
    kind    smallint NOT NULL,
    stream  uuid     NOT NULL,
    version bigint   NOT NULL,
    PRIMARY KEY (kind, stream)
) WITH (fillfactor = 70);

CREATE TABLE event (
    position bigint   NOT NULL,
    stream   uuid     NOT NULL,
    key_id   uuid     NOT NULL,
    request  uuid     NOT NULL,
    version  bigint   NOT NULL,
    at       bigint   NOT NULL,
    type     integer  NOT NULL,
    kind     smallint NOT NULL,
    head     bytea    NOT NULL,
    body     bytea    NOT NULL,
    PRIMARY KEY (position)
) PARTITION BY RANGE (position);

-- Receipts (kind 3) are facts that nobody folds: they are read in the log's order alone, and most events are theirs.
CREATE INDEX event_by_stream ON event (kind, stream, version) WHERE kind <> 3;

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the log is append-only: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;

-- Row triggers are inherited by every partition; TRUNCATE has none, so each partition gets its own.
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON event FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON event FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Makes partitions until two are empty ahead of the head. ATTACH takes a lock that lets readers and writers go on.
CREATE FUNCTION log_extend() RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, alongside, pg_temp AS $$
DECLARE
    size constant bigint := 5000000;
    head log_head%ROWTYPE;
    name text;
BEGIN
    SELECT * INTO head FROM log_head;
    WHILE head.partitioned_to < head.position + 2 * size LOOP
        name := 'event_from_' || head.partitioned_to;
        EXECUTE format('CREATE TABLE alongside.%I (LIKE alongside.event INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name);
        EXECUTE format('CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON alongside.%I FOR EACH STATEMENT EXECUTE FUNCTION alongside.refuse_change()', name);
        EXECUTE format('ALTER TABLE alongside.event ATTACH PARTITION alongside.%I FOR VALUES FROM (%s) TO (%s)', name, head.partitioned_to, head.partitioned_to + size);
        head.partitioned_to := head.partitioned_to + size;
    END LOOP;
    UPDATE log_head SET partitioned_to = head.partitioned_to;
END $$;

SELECT log_extend();

-- Appends a batch of requests. Each is accepted or refused by itself.
--   s_*: one element for each stream that a request writes ("slot"); s_request is the request's ordinal from 1;
--        s_expected is the version it must stand at, or -1 for any; s_count is how many events it gets.
--   g_*: one element for each stream that a request only relies on.
--   e_*: one element for each event; e_slot is its slot's ordinal from 1, e_nth its place in the slot from 1.
-- Returns for each slot the position and version before its first event, or -1 where the request was refused, and the
-- ordinals of the requests whose expectation failed and of those whose guard had moved.
--
-- No stream may be in two requests of a batch unless both write it at any version, or both only guard it: the caller
-- keeps them apart.
CREATE FUNCTION log_append(
    s_request int[], s_kind smallint[], s_stream uuid[], s_expected bigint[], s_count int[], s_id uuid[],
    g_request int[], g_kind smallint[], g_stream uuid[], g_version bigint[],
    e_slot int[], e_nth int[], e_type int[], e_key uuid[], e_at bigint[], e_head bytea[], e_body bytea[],
    OUT position_before bigint[], OUT version_before bigint[], OUT conflicted int[], OUT moved int[]
) LANGUAGE plpgsql VOLATILE
SECURITY DEFINER SET search_path = pg_catalog, alongside, pg_temp SET plan_cache_mode = force_generic_plan
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
DECLARE
    base           bigint;
    made_to        bigint;
    total          bigint;
    standing       bigint[];
    partition_size constant bigint := 5000000;
BEGIN
    -- A statement of its own: the next statement's snapshot must be younger than the lock, or positions are reused.
    LOCK TABLE append_lock IN SHARE UPDATE EXCLUSIVE MODE;
    SELECT h.position, h.partitioned_to INTO base, made_to FROM log_head h;

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

    -- Where each slot begins. Slots of refused requests count for nothing.
    SELECT array_agg(CASE WHEN p.count > 0 THEN base + p.before ELSE -1 END ORDER BY p.slot),
           array_agg(CASE WHEN p.count > 0 THEN p.version + p.before_in_stream ELSE -1 END ORDER BY p.slot),
           coalesce(sum(p.count), 0)
      INTO position_before, version_before, total
      FROM (SELECT a.slot, a.count, a.version,
                   sum(a.count) OVER (ORDER BY a.slot) - a.count AS before,
                   sum(a.count) OVER (PARTITION BY a.kind, a.stream ORDER BY a.slot) - a.count AS before_in_stream
              FROM (SELECT s.slot, s.kind, s.stream, s.version,
                           CASE WHEN s.request = ANY (conflicted) OR s.request = ANY (moved) THEN 0 ELSE s.count END AS count
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

REVOKE ALL ON FUNCTION log_append, log_extend FROM PUBLIC;

-- What the running system may do: append and read. A role of this name is made by whoever sets up the database.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'alongside_app') THEN
        GRANT SELECT ON log_head, stream_head, event TO alongside_app;
        GRANT EXECUTE ON FUNCTION log_append TO alongside_app;
    END IF;
END $$;

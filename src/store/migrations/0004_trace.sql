-- What is kept about the past: the audit trail, bodies where they are asked for, and the care of
-- every table that only grows.

-- For how long the tables that are partitioned by day keep their rows. Only the owner may change it.
CREATE TABLE hearth.retention (
    relation text PRIMARY KEY,                   -- partitioned by range of its column "at"
    days integer NOT NULL CHECK (days BETWEEN 1 AND 36500));
INSERT INTO hearth.retention (relation, days) VALUES ('usage', 90), ('audit', 365), ('trace', 7);

-- Which rows of other tables have served: deleted in small steps by hearth.maintain(). A migration
-- that makes such a table adds its row. The condition is of the table's columns, and an index serves it.
CREATE TABLE hearth.sweep (
    relation text PRIMARY KEY,
    condition text NOT NULL);
INSERT INTO hearth.sweep (relation, condition) VALUES
    ('revocation', 'at < now() - interval ''1 hour'''),
    ('refresh_token', 'expires_at < now() - interval ''1 day'''),
    ('sign_in', 'coalesce(ended_at, expires_at) < now() - interval ''30 days'''),
    ('idempotency', 'expires_at < now()');
CREATE INDEX refresh_token_expiry_idx ON hearth.refresh_token (expires_at);
CREATE INDEX sign_in_end_idx ON hearth.sign_in (coalesce(ended_at, expires_at));

-- When hearth.maintain() ran and what it did; the last hundred times.
CREATE TABLE hearth.maintenance (
    at timestamptz PRIMARY KEY,
    made integer NOT NULL,                       -- partitions
    moved bigint NOT NULL,                       -- rows, out of default partitions
    dropped integer NOT NULL,                    -- partitions
    deleted bigint NOT NULL,                     -- rows
    again boolean NOT NULL);                     -- there was more to do, or a table was in use

-- Who did what to whom. Rows are under 300 bytes: fixed parts of less than 90 and texts of 200.
CREATE TABLE hearth.audit (
    at timestamptz NOT NULL,
    id uuid NOT NULL,
    address inet,
    event text NOT NULL,
    actor text NOT NULL,                         -- "account:<id>", "key:<id>", "operator:<user>", "anonymous"
    subject text,                                -- whom it is about
    detail text,
    request_id text,
    PRIMARY KEY (at, id),
    CONSTRAINT audit_is_small CHECK (
        octet_length(event) + octet_length(actor) + coalesce(octet_length(subject), 0)
        + coalesce(octet_length(detail), 0) + coalesce(octet_length(request_id), 0) <= 200),
    -- Who reads the trail in a terminal or a log is not to be fooled by what a caller wrote.
    CONSTRAINT audit_is_printable CHECK (
        (event || actor || coalesce(subject, '') || coalesce(detail, '') || coalesce(request_id, ''))
        !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]')
) PARTITION BY RANGE (at);
CREATE TABLE hearth.audit_default PARTITION OF hearth.audit DEFAULT;

-- Bodies of requests and answers, only with TRACE_BODIES, capped and redacted before they come here.
CREATE TABLE hearth.trace (
    at timestamptz NOT NULL,
    id uuid NOT NULL,
    request_id text NOT NULL,
    tenant text,
    route text,
    status smallint NOT NULL,
    question text,
    answer text,
    PRIMARY KEY (at, id)
) PARTITION BY RANGE (at);
CREATE INDEX trace_request_idx ON hearth.trace (request_id);
CREATE TABLE hearth.trace_default PARTITION OF hearth.trace DEFAULT;

-- Makes the partition of one day. Rows that fell into the default one are moved over first, as a
-- partition cannot be attached while they lie there. Returns how many were.
CREATE FUNCTION hearth.make_partition(parent text, day date) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    part text := parent || to_char(day, '_YYYYMMDD');
    low timestamptz := day::timestamp AT TIME ZONE 'UTC';
    high timestamptz := (day + 1)::timestamp AT TIME ZONE 'UTC';
    moved bigint;
BEGIN
    EXECUTE format('LOCK TABLE hearth.%I IN ACCESS EXCLUSIVE MODE', parent || '_default');
    EXECUTE format('CREATE TABLE hearth.%I (LIKE hearth.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part, parent);
    EXECUTE format('WITH gone AS (DELETE FROM hearth.%I WHERE at >= $1 AND at < $2 RETURNING *) INSERT INTO hearth.%I SELECT * FROM gone',
                   parent || '_default', part) USING low, high;
    GET DIAGNOSTICS moved = ROW_COUNT;
    EXECUTE format('ALTER TABLE hearth.%I ATTACH PARTITION hearth.%I FOR VALUES FROM (%L) TO (%L)', parent, part, low, high);
    RETURN moved;
END $$;

-- The care of all tables, in steps that keep no lock for long: whoever needs one that is not to be
-- had at once gives up and says so with "again". To be called until "again" is false; by anybody, at
-- any time: two at once do no harm, as the second finds the first and does nothing (ran is false).
CREATE FUNCTION hearth.maintain(
    OUT ran boolean, OUT made integer, OUT moved bigint, OUT dropped integer, OUT deleted bigint, OUT again boolean)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '200ms'
SET timezone = 'UTC'
AS $$
DECLARE
    steps_max CONSTANT integer := 5000;          -- rows that one step deletes
    days_ahead CONSTANT integer := 7;
    enough CONSTANT timestamptz := clock_timestamp() + interval '500 ms';
    today CONSTANT date := now()::date;
    kept record;
    swept record;
    part record;
    wanted date;
    counted bigint;
BEGIN
    ran := false; made := 0; moved := 0; dropped := 0; deleted := 0; again := false;
    IF NOT pg_try_advisory_xact_lock(hashtextextended('hearth.maintain', 0)) THEN
        RETURN;
    END IF;
    ran := true;

    FOR swept IN SELECT relation, condition FROM hearth.sweep WHERE to_regclass(format('hearth.%I', relation)) IS NOT NULL
                 ORDER BY relation LOOP
        BEGIN
            EXECUTE format('DELETE FROM hearth.%I WHERE ctid = ANY (ARRAY(SELECT ctid FROM hearth.%I WHERE %s LIMIT %s FOR UPDATE SKIP LOCKED))',
                           swept.relation, swept.relation, swept.condition, steps_max);
            GET DIAGNOSTICS counted = ROW_COUNT;
            deleted := deleted + counted;
            again := again OR counted = steps_max;
        EXCEPTION
            WHEN lock_not_available OR deadlock_detected THEN again := true;
            WHEN undefined_column THEN RAISE WARNING 'hearth.sweep names a column that hearth.% does not have', swept.relation;
        END;
    END LOOP;

    FOR kept IN SELECT relation, days FROM hearth.retention WHERE to_regclass(format('hearth.%I', relation)) IS NOT NULL
                ORDER BY relation LOOP
        -- Days to come, and those of rows that found no partition.
        FOR wanted IN EXECUTE format(
                'SELECT day FROM (SELECT generate_series($1, $1 + $2, interval ''1 day'')::date AS day
                                  UNION SELECT DISTINCT at::date FROM hearth.%I WHERE at < $1 + $2 AND at >= $1 - $3) AS days
                 WHERE to_regclass(format(''hearth.%%I'', $4 || to_char(day, ''_YYYYMMDD''))) IS NULL ORDER BY day',
                kept.relation || '_default') USING today, days_ahead, kept.days, kept.relation LOOP
            BEGIN
                moved := moved + hearth.make_partition(kept.relation, wanted);
                made := made + 1;
            EXCEPTION WHEN lock_not_available OR deadlock_detected OR check_violation THEN again := true;
            END;
        END LOOP;
        EXECUTE format('DELETE FROM hearth.%I WHERE at < $1', kept.relation || '_default') USING today - kept.days;
        GET DIAGNOSTICS counted = ROW_COUNT;
        deleted := deleted + counted;
    END LOOP;

    -- Last, since what a drop locks stays locked until the end: nobody may insert meanwhile.
    <<drops>>
    FOR kept IN SELECT relation, days FROM hearth.retention ORDER BY relation LOOP
        FOR part IN SELECT child.relname AS name FROM pg_inherits
                    JOIN pg_class child ON child.oid = inhrelid
                    WHERE inhparent = to_regclass(format('hearth.%I', kept.relation))
                      AND child.relname ~ ('^' || kept.relation || '_[0-9]{8}$')
                      AND to_date(right(child.relname, 8), 'YYYYMMDD') < today - kept.days
                    ORDER BY child.relname LOOP
            IF clock_timestamp() > enough THEN
                again := true;
                EXIT drops;
            END IF;
            BEGIN
                EXECUTE format('DROP TABLE hearth.%I', part.name);
                dropped := dropped + 1;
            EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
                again := true;
                EXIT;
            END;
        END LOOP;
    END LOOP;

    INSERT INTO hearth.maintenance VALUES (clock_timestamp(), made, moved, dropped, deleted, again);
    DELETE FROM hearth.maintenance WHERE at < (SELECT min(at) FROM (SELECT at FROM hearth.maintenance ORDER BY at DESC LIMIT 100) AS latest);
END $$;

REVOKE ALL ON FUNCTION hearth.make_partition(text, date), hearth.maintain() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hearth.maintain() TO hearth_application;
GRANT SELECT ON hearth.retention, hearth.maintenance TO hearth_application;
-- Append-only: what is written can be neither changed nor taken away by the program.
GRANT SELECT, INSERT ON hearth.audit, hearth.trace TO hearth_application;

SELECT hearth.maintain();

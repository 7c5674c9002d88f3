-- What is kept about the past: the audit trail, bodies where they are asked for, and the care of
-- every table that only grows.

-- For how long tables keep their rows of a day: by its partitions, or by a sweep. Only the owner may
-- change it.
CREATE TABLE hearth.retention (
    relation text PRIMARY KEY,                   -- where it is partitioned: by range of its column "at"
    days integer NOT NULL CHECK (days BETWEEN 1 AND 36500));
INSERT INTO hearth.retention (relation, days) VALUES ('usage', 90), ('usage_day', 800), ('audit', 365), ('trace', 7);

-- Which rows of other tables have served: deleted in small steps by hearth.maintain(). A migration
-- that makes such a table adds its row. The condition is of the table's columns, and an index serves it.
CREATE TABLE hearth.sweep (
    relation text PRIMARY KEY,
    condition text NOT NULL);
INSERT INTO hearth.sweep (relation, condition) VALUES
    ('revocation', 'at < now() - interval ''1 hour'''),
    ('refresh_token', 'expires_at < now() - interval ''1 day'''),
    ('sign_in', 'coalesce(ended_at, expires_at) < now() - interval ''30 days'''),
    ('idempotency', 'expires_at < now()'),
    ('usage_day', 'day < now()::date - (SELECT days FROM hearth.retention WHERE relation = ''usage_day'')');
CREATE INDEX refresh_token_expiry_idx ON hearth.refresh_token (expires_at);
CREATE INDEX sign_in_end_idx ON hearth.sign_in (coalesce(ended_at, expires_at));

-- When hearth.maintain() ran and what it did; the last hundred times.
CREATE TABLE hearth.maintenance (
    at timestamptz PRIMARY KEY,
    made integer NOT NULL,                       -- partitions
    moved bigint NOT NULL,                       -- rows, out of default partitions
    dropped integer NOT NULL,                    -- partitions
    deleted bigint NOT NULL,                     -- rows
    again boolean NOT NULL,                      -- there was more to do, or a table was in use
    stuck text);                                 -- the step that was cancelled, or the last sweep

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
CREATE INDEX audit_subject_idx ON hearth.audit (subject, at) WHERE subject IS NOT NULL;
-- What somebody did that the other index does not lead to. 28 bytes, however long his name is.
CREATE INDEX audit_actor_idx ON hearth.audit (hashtextextended(actor, 0), at)
    WHERE subject IS DISTINCT FROM actor AND actor <> 'anonymous';
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
CREATE INDEX trace_tenant_idx ON hearth.trace (tenant, at);
CREATE TABLE hearth.trace_default PARTITION OF hearth.trace DEFAULT;

-- Makes the next partition of a day, and moves the rows over that fell into the default one, as a
-- partition cannot be attached while they lie there. A day of more rows than one step moves gets
-- several partitions, in the order of time: usage_20260131_153000250000 ends before that time of day,
-- and usage_20260131 with the day, after which there is none left to make. Returns how many rows
-- were moved.
CREATE FUNCTION hearth.make_partition(parent text, day date) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    step_rows CONSTANT integer := 10000;
    part text := parent || to_char(day, '_YYYYMMDD');
    low timestamptz := day::timestamptz;
    high timestamptz := (day + 1)::timestamptz;
    until timestamptz;
    moved bigint;
BEGIN
    SELECT greatest(low, max(to_timestamp(right(relname, 21), 'YYYYMMDD_HH24MISSUS'))) INTO low
    FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
    WHERE inhparent = format('hearth.%I', parent)::regclass AND relname ~ ('^' || part || '_[0-9]{12}$');
    EXECUTE format('LOCK TABLE hearth.%I IN ACCESS EXCLUSIVE MODE', parent || '_default');
    EXECUTE format('SELECT at + interval ''1 microsecond'' FROM hearth.%I WHERE at >= $1 AND at < $2 ORDER BY at OFFSET $3 LIMIT 1',
                   parent || '_default') INTO until USING low, high, step_rows - 1;
    IF until < high THEN
        high := until;
        part := part || to_char(high, '_HH24MISSUS');
    END IF;
    EXECUTE format('CREATE TABLE hearth.%I (LIKE hearth.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part, parent);
    EXECUTE format('WITH gone AS (DELETE FROM hearth.%I WHERE at >= $1 AND at < $2 RETURNING *) INSERT INTO hearth.%I SELECT * FROM gone',
                   parent || '_default', part) USING low, high;
    GET DIAGNOSTICS moved = ROW_COUNT;
    EXECUTE format('ALTER TABLE hearth.%I ATTACH PARTITION hearth.%I FOR VALUES FROM (%L) TO (%L)', parent, part, low, high);
    RETURN moved;
END $$;

-- Makes the days to come that are not there, then those of rows that found none, oldest first, until
-- a moment. What it locks stays locked until the end of the transaction.
CREATE FUNCTION hearth.make_partitions(until timestamptz, INOUT made integer, INOUT moved bigint, INOUT again boolean)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    days_ahead CONSTANT integer := 7;
    today CONSTANT date := now()::date;
    kept record;
    wanted date;
BEGIN
    FOR kept IN SELECT relation, days FROM hearth.retention
                JOIN pg_class ON pg_class.oid = to_regclass(format('hearth.%I', relation))
                WHERE relkind = 'p' ORDER BY relation LOOP
        LOOP
            SELECT min(day) INTO wanted
            FROM (SELECT generate_series(today, today + days_ahead, interval '1 day')::date AS day) AS coming
            WHERE to_regclass(format('hearth.%I', kept.relation || to_char(day, '_YYYYMMDD'))) IS NULL;
            IF wanted IS NULL THEN
                EXECUTE format('SELECT min(at)::date FROM hearth.%I WHERE at >= $1 AND at < $2', kept.relation || '_default')
                INTO wanted USING today - kept.days, today + days_ahead + 1;
            END IF;
            EXIT WHEN wanted IS NULL;
            IF clock_timestamp() > until THEN
                again := true;
                RETURN;
            END IF;
            BEGIN
                moved := moved + hearth.make_partition(kept.relation, wanted);
                made := made + 1;
            EXCEPTION WHEN lock_not_available OR deadlock_detected OR check_violation THEN
                again := true;
                EXIT;
            END;
        END LOOP;
    END LOOP;
END $$;

-- Drops the days past their retention until a moment. What it locks stays locked until the end of
-- the transaction: nobody may insert meanwhile.
CREATE FUNCTION hearth.drop_partitions(until timestamptz, INOUT dropped integer, INOUT again boolean)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    kept record;
    part text;
BEGIN
    FOR kept IN SELECT relation, days FROM hearth.retention LOOP
        FOR part IN SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
                    WHERE inhparent = to_regclass(format('hearth.%I', kept.relation))
                      AND relname ~ ('^' || kept.relation || '_[0-9]{8}(_[0-9]{12})?$')
                      AND to_date(substr(relname, length(kept.relation) + 2, 8), 'YYYYMMDD') < now()::date - kept.days
                    ORDER BY relname LOOP
            IF clock_timestamp() > until THEN
                again := true;
                RETURN;
            END IF;
            BEGIN
                EXECUTE format('DROP TABLE hearth.%I', part);
                dropped := dropped + 1;
            EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
                again := true;
                EXIT;
            END;
        END LOOP;
    END LOOP;
END $$;

-- Deletes the rows of a table that fit a condition, in small steps, until a moment.
CREATE FUNCTION hearth.sweep_table(relation text, condition text, until timestamptz, INOUT deleted bigint, INOUT again boolean)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    step_rows CONSTANT integer := 1000;
    counted bigint := step_rows;
BEGIN
    WHILE counted = step_rows LOOP
        IF clock_timestamp() > until THEN
            again := true;
            RETURN;
        END IF;
        EXECUTE format('DELETE FROM hearth.%I WHERE ctid = ANY (ARRAY(SELECT ctid FROM hearth.%I WHERE %s LIMIT %s FOR UPDATE SKIP LOCKED))',
                       relation, relation, condition, step_rows);
        GET DIAGNOSTICS counted = ROW_COUNT;
        deleted := deleted + counted;
    END LOOP;
EXCEPTION
    WHEN lock_not_available OR deadlock_detected THEN again := true;
    WHEN undefined_column THEN RAISE WARNING 'hearth.sweep names a column that hearth.% does not have', relation;
END $$;

-- The care of all tables, in rounds of half a second that keep no lock for longer. A round does what
-- there is to do of one kind only: first days are made, then others dropped, then rows deleted. What
-- needs a lock that is not to be had at once gives up and says so with "again". To be called until
-- "again" is false; by anybody, at any time: two at once do no harm, as the second finds the first and
-- does nothing (ran is false). What a round was cancelled at, as by statement_timeout, the next one
-- leaves for later, so that it does not keep the rest from being done.
CREATE FUNCTION hearth.maintain(
    OUT ran boolean, OUT made integer, OUT moved bigint, OUT dropped integer, OUT deleted bigint, OUT again boolean)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '200ms'
SET timezone = 'UTC'
AS $$
DECLARE
    soon CONSTANT timestamptz := clock_timestamp() + interval '250 ms';
    enough CONSTANT timestamptz := clock_timestamp() + interval '500 ms';
    stuck text;
    step record;
BEGIN
    ran := pg_try_advisory_xact_lock(hashtextextended('hearth.maintain', 0));
    made := 0; moved := 0; dropped := 0; deleted := 0; again := false;
    IF NOT ran THEN
        RETURN;
    END IF;
    SELECT maintenance.stuck INTO stuck FROM hearth.maintenance ORDER BY at DESC LIMIT 1;
    FOR step IN SELECT * FROM (
                    SELECT 1, 'make', NULL
                    UNION ALL SELECT 2, 'drop', NULL
                    UNION ALL SELECT 3, relation, condition FROM hearth.sweep
                    UNION ALL SELECT 3, relation || '_default', format('at < now()::date - %s', days) FROM hearth.retention
                ) AS steps (place, name, condition)
                WHERE place < 3 OR to_regclass(format('hearth.%I', name)) IS NOT NULL
                ORDER BY place, name <= stuck, name LOOP
        IF step.place < 3 AND step.name = stuck THEN
            again := true;
            CONTINUE;
        END IF;
        BEGIN
            CASE step.name
                WHEN 'make' THEN SELECT * INTO made, moved, again FROM hearth.make_partitions(soon, made, moved, again);
                WHEN 'drop' THEN SELECT * INTO dropped, again FROM hearth.drop_partitions(soon, dropped, again);
                ELSE SELECT * INTO deleted, again FROM hearth.sweep_table(step.name, step.condition, enough, deleted, again);
            END CASE;
            stuck := CASE WHEN step.place = 3 THEN step.name END;
        EXCEPTION WHEN query_canceled THEN
            stuck := step.name;
            again := true;
            EXIT;
        END;
        again := again OR made > 0 OR dropped > 0 OR clock_timestamp() > enough;
        EXIT WHEN made > 0 OR dropped > 0 OR clock_timestamp() > enough;
    END LOOP;
    INSERT INTO hearth.maintenance VALUES (clock_timestamp(), made, moved, dropped, deleted, again, stuck);
    DELETE FROM hearth.maintenance WHERE at < (SELECT min(at) FROM (SELECT at FROM hearth.maintenance ORDER BY at DESC LIMIT 100) AS latest);
END $$;

REVOKE ALL ON FUNCTION hearth.make_partition(text, date), hearth.make_partitions(timestamptz, integer, bigint, boolean),
    hearth.drop_partitions(timestamptz, integer, boolean),
    hearth.sweep_table(text, text, timestamptz, bigint, boolean), hearth.maintain() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hearth.maintain() TO hearth_application;
GRANT SELECT ON hearth.retention, hearth.maintenance TO hearth_application;
-- Append-only: what is written can be neither changed nor taken away by the program.
GRANT SELECT, INSERT ON hearth.audit, hearth.trace TO hearth_application;

SELECT hearth.make_partitions('infinity', 0, 0, false);
SELECT hearth.maintain();

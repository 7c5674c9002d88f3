-- Budgets, the reservations in them, and what calls cost.
--
-- Money is counted in millionths of the currency unit. Only the functions below change these tables,
-- and they run as their owner: the application may call them and read, and do no more.

-- What a key, an account or an organisation may spend. spent counts the calls that began at or after
-- since; reserved is held by calls under way that did.
CREATE TABLE hearth.budget (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    owner text NOT NULL CHECK (owner ~ '^(key|account|organisation):[0-9a-f-]{12,36}$'),
    unit text NOT NULL CHECK (unit IN ('money', 'tokens', 'calls')),
    period text NOT NULL CHECK (period IN ('day', 'month', 'total')),
    most bigint NOT NULL CHECK (most BETWEEN 0 AND 1000000000000000),
    spent bigint NOT NULL DEFAULT 0,
    reserved bigint NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    since timestamptz NOT NULL DEFAULT now(),
    UNIQUE (owner, unit, period)
) WITH (fillfactor = 50); -- it is changed with every call: room for that on the same page

-- One row for each budget that a call under way holds a part of, with what is needed to name the call
-- when its worker was lost.
CREATE TABLE hearth.reservation (
    id uuid NOT NULL,
    budget_id uuid NOT NULL REFERENCES hearth.budget ON DELETE CASCADE,
    amount bigint NOT NULL,
    at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    cost_micros bigint NOT NULL,
    tokens bigint NOT NULL,
    key_id uuid,
    account_id uuid,
    organisation_id uuid,
    tenant text,
    model text NOT NULL,
    operation text NOT NULL,
    PRIMARY KEY (id, budget_id));
CREATE INDEX reservation_expiry ON hearth.reservation (budget_id, expires_at);

-- A row for each call that asked a provider. at is when it began and, with id, its identity: whoever
-- settles it a second time finds it there.
CREATE TABLE hearth.usage (
    at timestamptz NOT NULL,
    id uuid NOT NULL,
    cost_micros bigint NOT NULL,
    input integer NOT NULL,        -- tokens, with cached and written
    output integer NOT NULL,       -- tokens, with thought
    cached integer NOT NULL,
    written integer NOT NULL,
    thought integer NOT NULL,
    duration_ms integer NOT NULL,
    calls smallint NOT NULL,       -- 0: nothing came of it
    source "char" NOT NULL,        -- p: the provider reported it, e: estimated, n: nothing is known
    key_id uuid,
    account_id uuid,
    organisation_id uuid,
    tenant text,                   -- of callers that are in no table
    model text NOT NULL,
    operation text NOT NULL,
    outcome text,                  -- null: answered; "lost": its worker ended before it did
    raw text,                      -- what the provider reported, as JSON; of a lost call what it held
    PRIMARY KEY (at, id)
) PARTITION BY RANGE (at);

-- Daily partitions are named usage_<yyyymmdd>; what has none goes here, so that no insert fails.
CREATE TABLE hearth.usage_default PARTITION OF hearth.usage DEFAULT;

-- The same by day (UTC), caller, model and operation: what reports read. Kept in step by the
-- statements that write usage.
CREATE TABLE hearth.usage_day (
    day date NOT NULL,
    caller text NOT NULL,          -- "key:<id>", "account:<id>"
    model text NOT NULL,
    operation text NOT NULL,
    account_id uuid,
    organisation_id uuid,
    calls bigint NOT NULL DEFAULT 0,
    input bigint NOT NULL DEFAULT 0,
    output bigint NOT NULL DEFAULT 0,
    cached bigint NOT NULL DEFAULT 0,
    written bigint NOT NULL DEFAULT 0,
    thought bigint NOT NULL DEFAULT 0,
    cost_micros bigint NOT NULL DEFAULT 0,
    estimated bigint NOT NULL DEFAULT 0, -- calls whose usage was not reported
    failed bigint NOT NULL DEFAULT 0,
    lost bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (day, caller, model, operation)
) WITH (fillfactor = 70);
CREATE INDEX usage_day_caller ON hearth.usage_day (caller, day);
CREATE INDEX usage_day_account ON hearth.usage_day (account_id, day) WHERE account_id IS NOT NULL;

-- The same of all callers together. A day has several rows of a model, one for each shard, so that
-- calls that end at the same moment do not wait for each other.
CREATE TABLE hearth.usage_total (
    day date NOT NULL,
    model text NOT NULL,
    operation text NOT NULL,
    shard smallint NOT NULL,
    calls bigint NOT NULL DEFAULT 0,
    input bigint NOT NULL DEFAULT 0,
    output bigint NOT NULL DEFAULT 0,
    cached bigint NOT NULL DEFAULT 0,
    written bigint NOT NULL DEFAULT 0,
    thought bigint NOT NULL DEFAULT 0,
    cost_micros bigint NOT NULL DEFAULT 0,
    estimated bigint NOT NULL DEFAULT 0,
    failed bigint NOT NULL DEFAULT 0,
    lost bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (day, model, operation, shard)
) WITH (fillfactor = 50);

-- When the window began that a moment is in.
CREATE FUNCTION hearth.budget_window(period text, moment timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
    SELECT CASE period
        WHEN 'total' THEN '-infinity'::timestamptz
        ELSE date_trunc(period, moment AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'
    END
$$;

-- When that window ends; null: never.
CREATE FUNCTION hearth.budget_end(period text, moment timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
    SELECT CASE period
        WHEN 'total' THEN NULL
        ELSE (date_trunc(period, moment AT TIME ZONE 'UTC') + ('1 ' || period)::interval) AT TIME ZONE 'UTC'
    END
$$;

-- Whose budgets apply to a caller.
CREATE FUNCTION hearth.budget_owners(key_id uuid, account_id uuid, organisation_id uuid, tenant text)
RETURNS text[] LANGUAGE sql STABLE AS $$
    SELECT array_remove(ARRAY['key:' || key_id, 'account:' || account_id,
                              'organisation:' || organisation_id, tenant], NULL)
$$;

CREATE FUNCTION hearth.has_budget(key_id uuid, account_id uuid, organisation_id uuid, tenant text DEFAULT NULL)
RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT FROM hearth.budget
                   WHERE owner = ANY (hearth.budget_owners(key_id, account_id, organisation_id, tenant)))
$$;

-- Locks these owners' budgets, in one order for all, and begins the windows that have begun. Returns
-- which they are, since one that is set from now on is none of them, and a moment that is not before
-- any of them.
CREATE FUNCTION hearth.budget_lock(owners text[], OUT moment timestamptz, OUT ids uuid[])
LANGUAGE plpgsql AS $$
DECLARE
    latest timestamptz;
BEGIN
    SELECT max(locked.since), coalesce(array_agg(locked.id), '{}') INTO latest, ids
    FROM (SELECT b.id, b.since FROM hearth.budget AS b WHERE b.owner = ANY (owners) ORDER BY b.id FOR UPDATE) AS locked;
    moment := greatest(clock_timestamp(), latest);
    UPDATE hearth.budget AS b SET spent = 0, reserved = 0, since = hearth.budget_window(b.period, moment)
    WHERE b.id = ANY (ids) AND b.since < hearth.budget_window(b.period, moment);
END
$$;

-- By which name reports know the caller of a call.
CREATE FUNCTION hearth.usage_caller(entry hearth.usage) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce('key:' || entry.key_id, 'account:' || entry.account_id, entry.tenant, 'nobody')
$$;

-- What calls add to the sums of their days, and what those in corrected take away again, which were called
-- lost: a row of each.
CREATE FUNCTION hearth.usage_parts(entries hearth.usage[], corrected hearth.usage[]) RETURNS SETOF hearth.usage_day
LANGUAGE sql STABLE AS $$
    SELECT (e.at AT TIME ZONE 'UTC')::date, hearth.usage_caller(e), e.model, e.operation, e.account_id, e.organisation_id,
        e.calls::bigint, e.input::bigint, e.output::bigint, e.cached::bigint, e.written::bigint, e.thought::bigint,
        e.cost_micros, (e.source = 'e')::integer::bigint, (e.outcome IS NOT NULL AND e.outcome <> 'lost')::integer::bigint,
        (e.outcome IS NOT NULL AND e.outcome = 'lost')::integer::bigint
    FROM unnest(entries) AS e
    UNION ALL
    SELECT (e.at AT TIME ZONE 'UTC')::date, hearth.usage_caller(e), e.model, e.operation, e.account_id, e.organisation_id,
        -e.calls, -e.input, -e.output, -e.cached, -e.written, -e.thought, -e.cost_micros, -(e.source = 'e')::integer, 0, -1
    FROM unnest(corrected) AS e
$$;

-- Adds calls to their days, and takes those in corrected, as they were, out again. Whoever writes several calls in a
-- transaction counts them together and last. So all lock rows in one order, and none waits for one that
-- waits for it: budgets by their ids, rows of usage by theirs, then these sums, those of all callers
-- together first, each by its key.
CREATE FUNCTION hearth.usage_count(entries hearth.usage[], corrected hearth.usage[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO hearth.usage_total AS sum (day, model, operation, shard,
        calls, input, output, cached, written, thought, cost_micros, estimated, failed, lost)
    SELECT part.day, part.model, part.operation, pg_backend_pid() % 16, sum(part.calls), sum(part.input), sum(part.output),
        sum(part.cached), sum(part.written), sum(part.thought), sum(part.cost_micros), sum(part.estimated),
        sum(part.failed), sum(part.lost)
    FROM hearth.usage_parts(entries, corrected) AS part
    GROUP BY part.day, part.model, part.operation ORDER BY part.day, part.model, part.operation
    ON CONFLICT (day, model, operation, shard) DO UPDATE SET
        calls = sum.calls + excluded.calls, input = sum.input + excluded.input,
        output = sum.output + excluded.output, cached = sum.cached + excluded.cached,
        written = sum.written + excluded.written, thought = sum.thought + excluded.thought,
        cost_micros = sum.cost_micros + excluded.cost_micros,
        estimated = sum.estimated + excluded.estimated, failed = sum.failed + excluded.failed,
        lost = sum.lost + excluded.lost;
    INSERT INTO hearth.usage_day AS sum (day, caller, model, operation, account_id, organisation_id,
        calls, input, output, cached, written, thought, cost_micros, estimated, failed, lost)
    SELECT part.day, part.caller, part.model, part.operation, (array_agg(part.account_id))[1],
        (array_agg(part.organisation_id))[1], sum(part.calls), sum(part.input), sum(part.output), sum(part.cached),
        sum(part.written), sum(part.thought), sum(part.cost_micros), sum(part.estimated), sum(part.failed), sum(part.lost)
    FROM hearth.usage_parts(entries, corrected) AS part
    GROUP BY part.day, part.caller, part.model, part.operation
    ORDER BY part.day, part.caller, part.model, part.operation
    ON CONFLICT (day, caller, model, operation) DO UPDATE SET
        calls = sum.calls + excluded.calls, input = sum.input + excluded.input,
        output = sum.output + excluded.output, cached = sum.cached + excluded.cached,
        written = sum.written + excluded.written, thought = sum.thought + excluded.thought,
        cost_micros = sum.cost_micros + excluded.cost_micros,
        estimated = sum.estimated + excluded.estimated, failed = sum.failed + excluded.failed,
        lost = sum.lost + excluded.lost;
END
$$;

-- Names calls as lost of which nothing is known yet.
CREATE FUNCTION hearth.usage_lose(entries hearth.usage[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    written hearth.usage[];
BEGIN
    IF cardinality(entries) = 0 THEN
        RETURN;
    END IF;
    WITH fresh AS (
        INSERT INTO hearth.usage SELECT e.* FROM unnest(entries) AS e ORDER BY e.id
        ON CONFLICT (at, id) DO NOTHING RETURNING *)
    SELECT array_agg(fresh::hearth.usage) INTO written FROM fresh;
    PERFORM hearth.usage_count(written, '{}');
END
$$;

-- Gives back what expired reservations hold of one budget, which is locked. count says how many there were,
-- lost which calls these are: for hearth.usage_lose(), when no further budget is looked at.
CREATE FUNCTION hearth.reservation_expire(which uuid, moment timestamptz, OUT count integer, OUT lost hearth.usage[])
LANGUAGE plpgsql AS $$
DECLARE
    gone hearth.reservation;
    entry hearth.usage;
BEGIN
    count := 0;
    lost := '{}';
    FOR gone IN DELETE FROM hearth.reservation
                WHERE budget_id = which AND expires_at <= moment RETURNING * LOOP
        count := count + 1;
        UPDATE hearth.budget SET reserved = reserved - gone.amount
        WHERE id = which AND since <= gone.at;
        SELECT gone.at, gone.id, 0, 0, 0, 0, 0, 0, 0, 0, 'n', gone.key_id, gone.account_id, gone.organisation_id,
            gone.tenant, gone.model, gone.operation, 'lost',
            format('{"reserved_micros":%s,"reserved_tokens":%s}', gone.cost_micros, gone.tokens)
        INTO entry;
        lost := lost || entry;
    END LOOP;
END
$$;

-- The same for all budgets: for the caretaker and for maintenance.
CREATE FUNCTION hearth.reservations_expire() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    which uuid;
    gone record;
    lost hearth.usage[] := '{}';
    count integer := 0;
BEGIN
    FOR which IN SELECT DISTINCT budget_id FROM hearth.reservation
                  WHERE expires_at <= clock_timestamp() ORDER BY budget_id LIMIT 100 LOOP
        PERFORM FROM hearth.budget WHERE id = which FOR UPDATE SKIP LOCKED;
        IF FOUND THEN
            SELECT * INTO gone FROM hearth.reservation_expire(which, clock_timestamp());
            count := count + gone.count;
            lost := lost || gone.lost;
        END IF;
    END LOOP;
    PERFORM hearth.usage_lose(lost);
    RETURN count;
END
$$;

-- Holds the worst that a call may cost in all budgets of its caller, or in none. wish has id, key_id,
-- account_id, organisation_id, tenant, model, operation, cost_micros, tokens, ttl_s and valid_until_us.
-- Answers one row: of the tightest budget where it is granted (held is false where there is no budget),
-- and of the one that is in the way longest where it is not. No row, and nothing held: it came after
-- valid_until_us, when whoever asked has gone. What it holds may be lost with a crash of the server: the
-- call is charged all the same.
CREATE FUNCTION hearth.reserve(wish jsonb)
RETURNS TABLE (granted boolean, held boolean, at_us bigint, owner text, unit text, period text,
               most bigint, used bigint, needed bigint, renews_us bigint, expired integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    key_id uuid := (wish->>'key_id')::uuid;
    account_id uuid := (wish->>'account_id')::uuid;
    organisation_id uuid := (wish->>'organisation_id')::uuid;
    cost_micros bigint := (wish->>'cost_micros')::bigint;
    tokens bigint := (wish->>'tokens')::bigint;
    owners text[] := hearth.budget_owners(key_id, account_id, organisation_id, wish->>'tenant');
    moment timestamptz;
    ids uuid[];
    blocked hearth.budget;
    gone integer := 0;
    run_out record;
    lost hearth.usage[] := '{}';
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    SELECT locked.moment, locked.ids INTO moment, ids FROM hearth.budget_lock(owners) AS locked;
    IF hearth.micros(clock_timestamp()) > (wish->>'valid_until_us')::bigint THEN
        RETURN;
    END IF;
    LOOP
        SELECT b.* INTO blocked FROM hearth.budget AS b
        WHERE b.id = ANY (ids) AND b.spent + b.reserved
            + CASE b.unit WHEN 'money' THEN cost_micros WHEN 'tokens' THEN tokens ELSE 1 END > b.most
        ORDER BY hearth.budget_end(b.period, moment) DESC NULLS FIRST LIMIT 1;
        EXIT WHEN NOT FOUND;
        SELECT * INTO run_out FROM hearth.reservation_expire(blocked.id, moment);
        gone := gone + run_out.count;
        lost := lost || run_out.lost;
        IF run_out.count = 0 THEN
            PERFORM hearth.usage_lose(lost);
            RETURN QUERY SELECT false, false, hearth.micros(moment), blocked.owner, blocked.unit,
                blocked.period, blocked.most, blocked.spent + blocked.reserved,
                CASE blocked.unit WHEN 'money' THEN cost_micros WHEN 'tokens' THEN tokens ELSE 1 END,
                hearth.micros(hearth.budget_end(blocked.period, moment)), gone;
            RETURN;
        END IF;
    END LOOP;
    PERFORM hearth.usage_lose(lost);
    WITH held AS (
        UPDATE hearth.budget AS b SET reserved = b.reserved
            + CASE b.unit WHEN 'money' THEN cost_micros WHEN 'tokens' THEN tokens ELSE 1 END
        WHERE b.id = ANY (ids) RETURNING b.id, b.unit)
    INSERT INTO hearth.reservation (id, budget_id, amount, at, expires_at, cost_micros, tokens, key_id,
        account_id, organisation_id, tenant, model, operation)
    SELECT (wish->>'id')::uuid, held.id,
        CASE held.unit WHEN 'money' THEN cost_micros WHEN 'tokens' THEN tokens ELSE 1 END,
        moment, moment + make_interval(secs => (wish->>'ttl_s')::integer), cost_micros, tokens, key_id,
        account_id, organisation_id, wish->>'tenant', wish->>'model', wish->>'operation'
    FROM held;
    RETURN QUERY
        SELECT true, true, hearth.micros(moment), b.owner, b.unit, b.period, b.most,
            b.spent + b.reserved,
            CASE b.unit WHEN 'money' THEN cost_micros WHEN 'tokens' THEN tokens ELSE 1 END,
            hearth.micros(hearth.budget_end(b.period, moment)), gone
        FROM hearth.budget AS b WHERE b.id = ANY (ids)
        ORDER BY (b.most - b.spent - b.reserved)::numeric / greatest(b.most, 1) LIMIT 1;
    IF NOT FOUND THEN
        RETURN QUERY SELECT true, false, hearth.micros(moment), NULL::text, NULL::text, NULL::text,
            0::bigint, 0::bigint, 0::bigint, NULL::bigint, gone;
    END IF;
END
$$;

-- Writes a call's row, once. Returns, in an array, the row that called it lost, if there was one; null where
-- it was written before. A lost call that is charged for what was reported of it comes in the place of one
-- of which nothing was known, as its reservation ran out.
CREATE FUNCTION hearth.usage_write(entry hearth.usage) RETURNS hearth.usage[]
LANGUAGE plpgsql AS $$
DECLARE
    lost hearth.usage;
BEGIN
    INSERT INTO hearth.usage SELECT entry.* ON CONFLICT (at, id) DO NOTHING;
    IF FOUND THEN
        RETURN '{}';
    END IF;
    SELECT u.* INTO lost FROM hearth.usage AS u
    WHERE u.at = entry.at AND u.id = entry.id AND u.outcome = 'lost' FOR UPDATE;
    IF NOT FOUND OR entry.outcome = 'lost' AND (entry.source = 'n' OR lost.source <> 'n') THEN
        RETURN NULL;
    END IF;
    UPDATE hearth.usage SET cost_micros = entry.cost_micros, input = entry.input, output = entry.output,
        cached = entry.cached, written = entry.written, thought = entry.thought,
        duration_ms = entry.duration_ms, calls = entry.calls, source = entry.source, model = entry.model,
        operation = entry.operation, outcome = entry.outcome, raw = entry.raw
    WHERE at = entry.at AND id = entry.id;
    RETURN ARRAY[lost];
END
$$;

-- What a call takes of a budget; null for no call.
CREATE FUNCTION hearth.usage_amount(entry hearth.usage, unit text) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE unit WHEN 'money' THEN entry.cost_micros WHEN 'tokens' THEN entry.input + entry.output::bigint
               ELSE entry.calls END
$$;

-- Writes what calls cost, each once: the usage rows, their days' sums, their callers' budgets, and the end
-- of their reservations. A call has the columns of usage (at_us for at), and asked, which is false where no
-- provider was asked: then only the reservation ends. Returns how many were not settled before.
CREATE FUNCTION hearth.settle_all(calls jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    call jsonb;
    entry hearth.usage;
    owners text[];
    ids uuid[];
    lost hearth.usage[];
    written hearth.usage[] := '{}';
    corrected hearth.usage[] := '{}';
    settled bigint := 0;
BEGIN
    SELECT array_agg(owner) INTO owners
    FROM jsonb_array_elements(calls) AS c, unnest(hearth.budget_owners((c->>'key_id')::uuid, (c->>'account_id')::uuid,
                                                      (c->>'organisation_id')::uuid, c->>'tenant')) AS owner;
    SELECT locked.ids INTO ids FROM hearth.budget_lock(owners) AS locked;
    FOR call IN SELECT c FROM jsonb_array_elements(calls) AS c ORDER BY c->>'id' LOOP
        entry := jsonb_populate_record(NULL::hearth.usage, call);
        entry.at := '1970-01-01 00:00:00+00'::timestamptz + (call->>'at_us')::bigint * interval '1 microsecond';
        WITH gone AS (DELETE FROM hearth.reservation WHERE id = entry.id RETURNING budget_id, amount, at)
        UPDATE hearth.budget SET reserved = reserved - gone.amount
        FROM gone WHERE budget.id = gone.budget_id AND since <= gone.at;
        lost := CASE WHEN NOT (call->>'asked')::boolean THEN '{}' ELSE hearth.usage_write(entry) END;
        CONTINUE WHEN lost IS NULL;
        settled := settled + 1;
        CONTINUE WHEN NOT (call->>'asked')::boolean;
        owners := hearth.budget_owners(entry.key_id, entry.account_id, entry.organisation_id, entry.tenant);
        UPDATE hearth.budget SET spent = spent + hearth.usage_amount(entry, unit)
            - coalesce(hearth.usage_amount(lost[1], unit), 0)
        WHERE budget.id = ANY (ids) AND budget.owner = ANY (owners) AND since <= entry.at;
        written := written || entry;
        corrected := corrected || lost;
    END LOOP;
    PERFORM hearth.usage_count(written, corrected);
    RETURN settled;
END
$$;

-- The same of one call. false: it was settled before.
CREATE FUNCTION hearth.settle(call jsonb) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT hearth.settle_all(jsonb_build_array(call)) = 1
$$;

-- Tells the hosts to look again whether a budget applies to whom this owner is.
CREATE FUNCTION hearth.budget_announce(budget_owner text) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO hearth.revocation (subject)
    SELECT budget_owner WHERE budget_owner !~ '^organisation:'
    UNION ALL SELECT 'account:' || id FROM hearth.account WHERE 'organisation:' || organisation_id = budget_owner
    UNION ALL SELECT 'key:' || id FROM hearth.key WHERE 'organisation:' || organisation_id = budget_owner
$$;

-- Sets a budget; what was spent of it in its window stays spent. A new one counts from now.
CREATE FUNCTION hearth.budget_set(budget_owner text, budget_unit text, budget_period text, budget_most bigint)
RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    set_id uuid;
BEGIN
    INSERT INTO hearth.budget (owner, unit, period, most, since)
    VALUES (budget_owner, budget_unit, budget_period, budget_most, clock_timestamp())
    ON CONFLICT (owner, unit, period) DO UPDATE SET most = excluded.most
    RETURNING id INTO set_id;
    PERFORM hearth.budget_announce(budget_owner);
    RETURN set_id;
END
$$;

-- Takes a budget away. Returns whose it was; null: there was none.
CREATE FUNCTION hearth.budget_clear(which uuid) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    budget_owner text;
BEGIN
    DELETE FROM hearth.budget WHERE id = which RETURNING owner INTO budget_owner;
    IF FOUND THEN
        PERFORM hearth.budget_announce(budget_owner);
    END IF;
    RETURN budget_owner;
END
$$;

-- A page of what callers used between two days, both included, summed by those of day, model, operation
-- and caller that parts says: the columns that are not are empty. It begins behind the row "after"
-- (caller, day, model, operation; nulls: at the first). Callers are taken in the order of their index
-- until the page is full; a plan that is made for any page would read all of them.
CREATE FUNCTION hearth.usage_of_callers(first date, last date, parts boolean[], only_model text, only_operation text,
                                        after text[], size bigint)
RETURNS TABLE (day text, model text, operation text, caller text, calls bigint, input bigint, output bigint,
               cached bigint, written bigint, thought bigint, cost_micros bigint, estimated bigint, failed bigint,
               lost bigint)
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_custom_plan SET enable_hashagg = off
    SET max_parallel_workers_per_gather = 0 SET jit = off SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
        SELECT page.day, page.model, page.operation, one.caller, page.calls, page.input, page.output, page.cached,
            page.written, page.thought, page.cost_micros, page.estimated, page.failed, page.lost
        FROM (SELECT DISTINCT u.caller FROM hearth.usage_day AS u
              WHERE u.caller >= coalesce(after[1], '') AND u.day BETWEEN first AND last ORDER BY u.caller) AS one
        CROSS JOIN LATERAL (
            SELECT CASE WHEN parts[1] THEN u.day::text ELSE '' END AS day,
                CASE WHEN parts[2] THEN u.model ELSE '' END AS model,
                CASE WHEN parts[3] THEN u.operation ELSE '' END AS operation,
                sum(u.calls)::bigint AS calls, sum(u.input)::bigint AS input, sum(u.output)::bigint AS output,
                sum(u.cached)::bigint AS cached, sum(u.written)::bigint AS written,
                sum(u.thought)::bigint AS thought, sum(u.cost_micros)::bigint AS cost_micros,
                sum(u.estimated)::bigint AS estimated, sum(u.failed)::bigint AS failed, sum(u.lost)::bigint AS lost
            FROM hearth.usage_day AS u
            WHERE u.caller = one.caller AND u.day BETWEEN first AND last
              AND (only_model IS NULL OR u.model = only_model)
              AND (only_operation IS NULL OR u.operation = only_operation)
            GROUP BY 1, 2, 3) AS page
        WHERE after[1] IS NULL
           OR (one.caller, page.day, page.model, page.operation) > (after[1], after[2], after[3], after[4])
        ORDER BY one.caller, page.day, page.model, page.operation
        LIMIT size;
END
$$;

REVOKE ALL ON FUNCTION hearth.usage_of_callers(date, date, boolean[], text, text, text[], bigint),
    hearth.has_budget(uuid, uuid, uuid, text), hearth.reserve(jsonb), hearth.settle(jsonb), hearth.settle_all(jsonb),
    hearth.reservations_expire(), hearth.budget_set(text, text, text, bigint), hearth.budget_clear(uuid),
    hearth.budget_lock(text[]), hearth.usage_parts(hearth.usage[], hearth.usage[]),
    hearth.usage_count(hearth.usage[], hearth.usage[]), hearth.usage_lose(hearth.usage[]), hearth.usage_write(hearth.usage),
    hearth.usage_caller(hearth.usage), hearth.usage_amount(hearth.usage, text), hearth.reservation_expire(uuid, timestamptz), hearth.budget_announce(text),
    hearth.budget_window(text, timestamptz), hearth.budget_end(text, timestamptz),
    hearth.budget_owners(uuid, uuid, uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hearth.usage_of_callers(date, date, boolean[], text, text, text[], bigint),
    hearth.has_budget(uuid, uuid, uuid, text), hearth.reserve(jsonb), hearth.settle(jsonb), hearth.settle_all(jsonb),
    hearth.reservations_expire(), hearth.budget_set(text, text, text, bigint), hearth.budget_clear(uuid),
    hearth.budget_window(text, timestamptz), hearth.budget_end(text, timestamptz) TO hearth_application;
GRANT SELECT ON hearth.budget, hearth.reservation, hearth.usage, hearth.usage_day, hearth.usage_total
    TO hearth_application;

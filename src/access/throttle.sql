-- How often something failed.

-- name: throttle_look
-- How long the longest of these is refused still.
SELECT greatest(max(hearth.micros(until)) - hearth.micros(clock_timestamp()), 0) AS wait_us
FROM hearth.throttle WHERE key IN ($1::bytea, $2::bytea, $3::bytea)

-- name: throttle_known
-- Whether an account signed in lately from a network ($1), or in a browser that has its cookie ($2) still.
SELECT EXISTS (SELECT FROM hearth.throttle WHERE key = $1::bytea AND known_until > now()) AS by_network,
       EXISTS (SELECT FROM hearth.sign_in
               WHERE cookie = $2::bytea AND account_id = $3::uuid AND ended_at IS NULL
                 AND last_seen_at > now() - $4::bigint * interval '1 second') AS by_cookie

-- name: throttle_know
-- An account signed in from a network: that is known for $2 seconds, and written down once an hour.
INSERT INTO hearth.throttle AS seen (key, failures, until, counts_until, known_until, forget_at)
VALUES ($1::bytea, 0, now(), now(), now() + $2::bigint * interval '1 second', now() + $2::bigint * interval '1 second')
ON CONFLICT (key) DO UPDATE SET known_until = excluded.known_until, forget_at = excluded.forget_at
WHERE seen.known_until < excluded.known_until - interval '1 hour'

-- name: throttle_take
-- Counts a try as failed before it is made, so that many at once are as many as one by one. No row
-- comes back where it is refused, which is not counted. The try number $2, and each one after it, is
-- followed by a wait: of $3 milliseconds, doubled each time, at most $4. $5 seconds after the last one
-- the count begins anew.
INSERT INTO hearth.throttle AS seen (key, failures, until, counts_until, forget_at)
VALUES ($1::bytea, 1, clock_timestamp() + CASE WHEN $2::bigint > 1 THEN 0 ELSE $3::bigint END * interval '1 millisecond',
        now() + $5::bigint * interval '1 second', now() + $5::bigint * interval '1 second')
ON CONFLICT (key) DO UPDATE SET
    failures = CASE WHEN seen.counts_until < now() THEN 1 ELSE least(seen.failures + 1, 1000) END,
    until = clock_timestamp() + interval '1 millisecond'
            * CASE WHEN $2::bigint > CASE WHEN seen.counts_until < now() THEN 1 ELSE seen.failures + 1 END THEN 0
                   ELSE least($3::bigint * 2 ^ least(seen.failures + 1 - $2::bigint, 40), $4::bigint) END,
    counts_until = now() + $5::bigint * interval '1 second',
    forget_at = now() + $5::bigint * interval '1 second'
WHERE seen.until <= clock_timestamp()
RETURNING failures

-- name: throttle_succeed
-- The failures of what succeeded are forgotten.
UPDATE hearth.throttle SET failures = 0, until = now() WHERE key = $1::bytea

-- name: throttle_give_back
-- A try that did not fail is not counted.
UPDATE hearth.throttle SET failures = greatest(failures - 1, 0), until = now() WHERE key = $1::bytea

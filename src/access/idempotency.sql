-- name: idempotency_take
-- Takes the key for one request; no row when it is taken. One that has expired counts as free.
INSERT INTO hearth.idempotency AS kept (hash, fingerprint, holder, held_until, expires_at)
VALUES ($1::bytea, $2::bytea, $3::uuid, now() + $4::bigint * interval '1 second', now() + $5::bigint * interval '1 second')
ON CONFLICT (hash) DO UPDATE
SET fingerprint = excluded.fingerprint, holder = excluded.holder, held_until = excluded.held_until,
    expires_at = excluded.expires_at, status = NULL, content_type = NULL, body = NULL
WHERE kept.expires_at <= now() AND (kept.status IS NOT NULL OR kept.held_until <= now())
RETURNING holder::text

-- name: idempotency_find
-- What is known of a key that was taken.
SELECT fingerprint, COALESCE(status, 0)::bigint AS status, content_type, body, held_until > now() AS held
FROM hearth.idempotency
WHERE hash = $1::bytea AND (expires_at > now() OR (status IS NULL AND held_until > now()))

-- name: idempotency_keep
-- Keeps the answer of the request that holds the key.
UPDATE hearth.idempotency SET status = $3::smallint, content_type = $4, body = $5::bytea
WHERE hash = $1::bytea AND holder = $2::uuid

-- name: idempotency_release
-- Gives the key back: nothing was done that may not be done again.
DELETE FROM hearth.idempotency WHERE hash = $1::bytea AND holder = $2::uuid AND status IS NULL

-- name: idempotency_release_all
-- The same of many, as a JSON array, for what could not be told at its time.
DELETE FROM hearth.idempotency AS kept USING jsonb_to_recordset($1::jsonb) AS given (hash text, holder uuid)
WHERE kept.hash = given.hash::bytea AND kept.holder = given.holder AND kept.status IS NULL

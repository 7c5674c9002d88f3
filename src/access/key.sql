-- API keys, as their owner and the administrator see them.

-- name: key_insert
INSERT INTO hearth.key (id, account_id, organisation_id, name, prefix, hash, scopes, models, rate_count, rate_seconds,
    streams, expires_at)
VALUES ($1::uuid, $2::uuid, $3::uuid, $4, $5, $6::bytea, $7::text[], $8::text[], $9::integer, $10::integer,
    $11::integer, hearth.moment($12::bigint))

-- name: key_find
-- One by its id.
SELECT id::text, account_id::text, organisation_id::text, name, prefix, scopes, models, rate_count, rate_seconds, streams,
       hearth.micros(expires_at) AS expires_us, hearth.micros(revoked_at) AS revoked_us,
       hearth.micros(CASE WHEN previous_until > now() THEN previous_until END) AS previous_until_us,
       hearth.micros(last_used_at) AS last_used_us, hearth.micros(created_at) AS created_us
FROM hearth.key WHERE id = $1::uuid

-- name: key_list
-- Some of them in the order they were made, which is that of their ids: those after an id, of an
-- account where one is given, and without those that were revoked unless they are asked for.
SELECT id::text, account_id::text, organisation_id::text, name, prefix, scopes, models, rate_count, rate_seconds, streams,
       hearth.micros(expires_at) AS expires_us, hearth.micros(revoked_at) AS revoked_us,
       hearth.micros(CASE WHEN previous_until > now() THEN previous_until END) AS previous_until_us,
       hearth.micros(last_used_at) AS last_used_us, hearth.micros(created_at) AS created_us
FROM hearth.key
WHERE ($1::uuid IS NULL OR id > $1::uuid) AND ($2::uuid IS NULL OR account_id = $2::uuid)
  AND ($3::boolean OR revoked_at IS NULL)
ORDER BY key.id LIMIT $4::integer

-- name: key_change
UPDATE hearth.key
SET name = $2, scopes = $3::text[], models = $4::text[], rate_count = $5::integer, rate_seconds = $6::integer,
    streams = $7::integer, expires_at = hearth.moment($8::bigint)
WHERE id = $1::uuid AND revoked_at IS NULL

-- name: key_rotate
-- A new secret; the old one lives on for some seconds.
UPDATE hearth.key
SET hash = $2::bytea, prefix = $3, previous_hash = CASE WHEN $4::integer > 0 THEN hash END,
    previous_until = CASE WHEN $4::integer > 0 THEN now() + make_interval(secs => $4::integer) END, rotated_at = now()
WHERE id = $1::uuid AND revoked_at IS NULL

-- name: key_revoke
UPDATE hearth.key SET revoked_at = now(), previous_hash = NULL, previous_until = NULL
WHERE id = $1::uuid AND revoked_at IS NULL

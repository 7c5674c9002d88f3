-- name: google_flow_add
-- A browser leaves for the provider.
INSERT INTO hearth.google_flow (state, cookie, return_to, expires_at)
VALUES ($1::bytea, $2::bytea, $3::text, now() + $4::bigint * interval '1 second')

-- name: google_flow_take
-- The same browser comes back, once.
DELETE FROM hearth.google_flow
WHERE state = $1::bytea AND cookie = $2::bytea AND expires_at > now()
RETURNING return_to

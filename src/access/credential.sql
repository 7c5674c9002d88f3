-- What a credential may do, and what became of it.

-- name: credential_key
-- The key of a hash. A key from before the last rotation ends when its time has come.
SELECT key.id::text AS key_id, key.account_id::text, NULL::text AS sign_in_id,
       coalesce(key.organisation_id, account.organisation_id)::text AS organisation_id,
       key.scopes, key.models, key.rate_count, key.rate_seconds, key.streams,
       hearth.micros(CASE WHEN key.hash = $1::bytea THEN key.expires_at
                          ELSE least(key.expires_at, key.previous_until) END) AS expires_us,
       key.revoked_at IS NOT NULL AS is_ended, coalesce(account.is_active, true) AS is_active,
       coalesce(account.is_admin, false) AS is_admin,
       hearth.has_budget(key.id, key.account_id, coalesce(key.organisation_id, account.organisation_id)) AS has_budget
FROM hearth.key LEFT JOIN hearth.account ON account.id = key.account_id
WHERE key.hash = $1::bytea OR key.previous_hash = $1::bytea

-- name: credential_cookie
-- The session of a cookie's hash.
SELECT NULL::text AS key_id, account.id::text AS account_id, sign_in.id::text AS sign_in_id,
       account.organisation_id::text, NULL::text[] AS scopes, NULL::text[] AS models,
       NULL::integer AS rate_count, NULL::integer AS rate_seconds, NULL::integer AS streams,
       hearth.micros(sign_in.expires_at) AS expires_us,
       sign_in.ended_at IS NOT NULL AS is_ended, account.is_active, account.is_admin,
       hearth.has_budget(NULL, account.id, account.organisation_id) AS has_budget
FROM hearth.sign_in JOIN hearth.account ON account.id = sign_in.account_id
WHERE sign_in.cookie = $1::bytea

-- name: credential_sign_in
-- The sign-in that tokens belong to.
SELECT NULL::text AS key_id, account.id::text AS account_id, sign_in.id::text AS sign_in_id,
       account.organisation_id::text, NULL::text[] AS scopes, NULL::text[] AS models,
       NULL::integer AS rate_count, NULL::integer AS rate_seconds, NULL::integer AS streams,
       hearth.micros(sign_in.expires_at) AS expires_us,
       sign_in.ended_at IS NOT NULL AS is_ended, account.is_active, account.is_admin,
       hearth.has_budget(NULL, account.id, account.organisation_id) AS has_budget
FROM hearth.sign_in JOIN hearth.account ON account.id = sign_in.account_id
WHERE sign_in.id = $1::uuid AND sign_in.cookie IS NULL

-- name: revocation_add
INSERT INTO hearth.revocation (subject) VALUES ($1)

-- name: revocation_since
-- What was revoked in the last seconds. A transaction may commit some time after the time in its row,
-- and numbers may become visible out of order, so callers ask for more than they have not seen.
SELECT id, subject, (extract(epoch FROM clock_timestamp() - at) * 1000000)::bigint AS age_us
FROM hearth.revocation WHERE at > now() - make_interval(secs => $1::integer)
ORDER BY id LIMIT 10000

-- name: key_used
-- Notes when keys were last used, by lists of ids and times.
UPDATE hearth.key SET last_used_at = hearth.moment(used.at_us)
FROM unnest($1::uuid[], $2::bigint[]) AS used (id, at_us)
WHERE key.id = used.id AND (last_used_at IS NULL OR last_used_at < hearth.moment(used.at_us))

-- name: sign_in_used
-- The same of sign-ins. A browser's session goes on by this, for so many seconds from its last use and
-- at most four times as many from its beginning. What had ended by then does not.
UPDATE hearth.sign_in
SET last_seen_at = hearth.moment(used.at_us),
    expires_at = CASE WHEN cookie IS NULL THEN expires_at
        ELSE greatest(expires_at, least(hearth.moment(used.at_us) + make_interval(secs => $3::integer),
                                        created_at + make_interval(secs => 4 * $3::integer))) END
FROM unnest($1::uuid[], $2::bigint[]) AS used (id, at_us)
WHERE sign_in.id = used.id AND last_seen_at < hearth.moment(used.at_us)
  AND ended_at IS NULL AND expires_at > hearth.moment(used.at_us)

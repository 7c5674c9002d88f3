-- name: wallet_session_add
-- A session; without an account it waits for the proof of who owns the address.
INSERT INTO hearth.wallet_session (id, address, wallet_type, chain_id, account_id, sign_in_id, preferences, expires_at)
VALUES ($1::text, $2::text, $3::text, $4::bigint, $5::uuid, $6::uuid,
    '{"notifications": true, "theme": "dark", "language": "en"}', now() + $7::bigint * interval '1 second')
RETURNING id, address, wallet_type, chain_id, account_id::text, sign_in_id::text, preferences::text,
    hearth.micros(created_at) AS created_us, hearth.micros(last_activity_at) AS last_activity_us

-- name: wallet_session_prove
-- The owner of the address has proved it: a session that waited becomes the account's.
UPDATE hearth.wallet_session
SET account_id = $3::uuid, sign_in_id = $4::uuid, last_activity_at = now(),
    expires_at = now() + $5::bigint * interval '1 second'
WHERE id = $1::text AND address = $2::text AND account_id IS NULL AND expires_at > now()
RETURNING id, address, wallet_type, chain_id, account_id::text, sign_in_id::text, preferences::text,
    hearth.micros(created_at) AS created_us, hearth.micros(last_activity_at) AS last_activity_us

-- name: wallet_session_find
-- A session of the account that lasts; it lasts longer for having been asked for. What is merged
-- into its preferences may be {}.
UPDATE hearth.wallet_session AS session
SET last_activity_at = now(), expires_at = now() + $3::bigint * interval '1 second',
    preferences = preferences || $4::jsonb
WHERE id = $1::text AND account_id = $2::uuid AND expires_at > now()
    AND NOT EXISTS (SELECT FROM hearth.sign_in WHERE sign_in.id = session.sign_in_id AND ended_at IS NOT NULL)
RETURNING id, address, wallet_type, chain_id, account_id::text, sign_in_id::text, preferences::text,
    hearth.micros(created_at) AS created_us, hearth.micros(last_activity_at) AS last_activity_us

-- name: wallet_session_newest
-- The session of the account's wallet that was used last.
SELECT id, address, wallet_type, chain_id, account_id::text, sign_in_id::text, preferences::text,
    hearth.micros(created_at) AS created_us, hearth.micros(last_activity_at) AS last_activity_us
FROM hearth.wallet_session AS session
WHERE account_id = $1::uuid AND address = $2::text AND expires_at > now()
    AND NOT EXISTS (SELECT FROM hearth.sign_in WHERE sign_in.id = session.sign_in_id AND ended_at IS NOT NULL)
ORDER BY last_activity_at DESC, id
LIMIT 1

-- name: wallet_session_end
-- All sessions of the account's wallet, with the sign-ins that end with them.
DELETE FROM hearth.wallet_session
WHERE account_id = $1::uuid AND address = $2::text
RETURNING id, sign_in_id::text

-- Who an account is elsewhere, taken away, and what came of it.

-- name: identity_remove_all
DELETE FROM hearth.identity WHERE account_id = $1::uuid

-- name: identity_lock
-- Of two removals at once the second sees what the first has left.
SELECT id::text FROM hearth.account WHERE id = $1::uuid FOR UPDATE

-- name: identity_remove
-- Those at one provider, unless nothing else is left to sign in with.
DELETE FROM hearth.identity
WHERE account_id = $1::uuid AND provider = $2::text
  AND (EXISTS (SELECT FROM hearth.account WHERE id = $1::uuid AND password IS NOT NULL
               AND (user_name IS NOT NULL OR email IS NOT NULL))
       OR EXISTS (SELECT FROM hearth.identity AS other WHERE other.account_id = $1::uuid AND other.provider <> $2::text))

-- name: identity_end_sessions
-- The sessions of an account's wallets that are not of one sign-in (null: all), and with them their
-- session tokens. Of those that a key of the account began no sign-in is known.
DELETE FROM hearth.wallet_session
WHERE account_id = $1::uuid AND ($2::uuid IS NULL OR sign_in_id IS DISTINCT FROM $2::uuid)

-- name: identity_end_session_tokens
-- All of an account's.
DELETE FROM hearth.session_token WHERE account_id = $1::uuid

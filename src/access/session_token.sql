-- name: session_token_add
-- A session token.
INSERT INTO hearth.session_token (hash, account_id, sign_in_id, wallet_session_id, address, expires_at)
VALUES ($1::bytea, $2::uuid, $3::uuid, $4::text, $5::text, now() + $6::bigint * interval '1 second')

-- name: session_token_find
-- A session token that lasts, as what it was made with does, of an account that may sign in; it lasts
-- longer for having been shown.
UPDATE hearth.session_token AS token
SET last_activity_at = now(), expires_at = now() + $2::bigint * interval '1 second'
WHERE hash = $1::bytea AND expires_at > now()
    AND NOT EXISTS (SELECT FROM hearth.sign_in AS origin
                    WHERE id = token.sign_in_id AND (ended_at IS NOT NULL OR origin.expires_at <= now()))
    AND NOT EXISTS (SELECT FROM hearth.wallet_session AS origin
                    WHERE id = token.wallet_session_id AND origin.expires_at <= now())
    AND NOT EXISTS (SELECT FROM hearth.account WHERE id = token.account_id AND NOT is_active)
RETURNING account_id::text, address,
    hearth.micros(created_at) AS created_us, hearth.micros(last_activity_at) AS last_activity_us

-- name: session_token_end
-- Who has it may end it.
DELETE FROM hearth.session_token WHERE hash = $1::bytea RETURNING 'ended' AS outcome

-- name: wallet_nonce_add
-- A nonce for one sign-in message.
INSERT INTO hearth.wallet_nonce (nonce, expires_at)
VALUES ($1::text, now() + $2::bigint * interval '1 second')

-- name: wallet_nonce_take
-- Uses it up: of two messages at once one has it.
DELETE FROM hearth.wallet_nonce
WHERE nonce = $1::text AND expires_at > now()
RETURNING nonce

-- name: wallet_list
-- The wallets of an account, each with its sessions that last.
SELECT identity.subject AS address, hearth.micros(identity.created_at) AS linked_us,
    count(session.id) AS sessions, hearth.micros(max(session.last_activity_at)) AS last_activity_us
FROM hearth.identity AS identity
LEFT JOIN hearth.wallet_session AS session
    ON session.account_id = identity.account_id AND session.address = identity.subject
    AND session.expires_at > now()
    AND NOT EXISTS (SELECT FROM hearth.sign_in WHERE id = session.sign_in_id AND ended_at IS NOT NULL)
WHERE identity.provider = 'wallet' AND identity.account_id = $1::uuid
GROUP BY identity.subject, identity.created_at
ORDER BY identity.created_at, identity.subject

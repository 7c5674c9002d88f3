-- Sign-ins: logins that last, and the refresh tokens of each.

-- name: sign_in_insert
-- A login of an account that may: with a cookie's hash, or with the hash of its first refresh token. One
-- by password counts where that ($9) is still the account's: verifying it takes a while. One by an identity
-- is looked at afterwards (sign_in_identity_lasts).
-- It counts from when the sign-in that asked for it ($10) began.
WITH account AS (
    UPDATE hearth.account SET last_login_at = now()
    WHERE id = $2::uuid AND is_active AND ($3::text <> 'password' OR password IS NOT DISTINCT FROM $9::text)
    RETURNING id
), begun AS (
    INSERT INTO hearth.sign_in (id, account_id, method, cookie, user_agent, address, expires_at, created_at)
    SELECT $1::uuid, account.id, $3::text, $4::bytea, $5, $6, now() + make_interval(secs => $8::integer),
           coalesce((SELECT created_at FROM hearth.sign_in WHERE id = $10::uuid), now())
    FROM account
    RETURNING id, expires_at
), refresh AS (
    INSERT INTO hearth.refresh_token (hash, sign_in_id, expires_at)
    SELECT $7::bytea, begun.id, begun.expires_at FROM begun WHERE $7::bytea IS NOT NULL
)
SELECT id::text FROM begun

-- name: sign_in_identity_lasts
-- Whether an account, which the insert has locked, still is somebody at that provider. A statement of its own
-- sees what had been waited for.
SELECT account_id::text AS id FROM hearth.identity WHERE account_id = $1::uuid AND provider = $2::text LIMIT 1

-- name: sign_in_crowd_out
-- Of more than so many of an account those that were not used for longest end, but not the newest: it may
-- count from before. $1 is the account, whose row the insert has locked.
UPDATE hearth.sign_in SET ended_at = now(), end_reason = $4
WHERE id IN (SELECT id FROM hearth.sign_in WHERE account_id = $1::uuid AND ended_at IS NULL AND id <> $2::uuid
             ORDER BY last_seen_at DESC, sign_in.id DESC OFFSET $3::bigint - 1)
RETURNING id::text

-- name: sign_in_drop_ended
-- Of those that have ended as many are kept; a few at a time go.
DELETE FROM hearth.sign_in
WHERE id IN (SELECT id FROM hearth.sign_in WHERE account_id = $1::uuid AND ended_at IS NOT NULL
             ORDER BY ended_at DESC, sign_in.id DESC OFFSET $2::bigint LIMIT 100)

-- name: refresh_take
-- Uses a refresh token up and gives the next one, all in one step: of two that come at once the second
-- waits for the first, then finds it used.
WITH taken AS (
    UPDATE hearth.refresh_token SET used_at = now()
    WHERE hash = $1::bytea AND used_at IS NULL AND expires_at > now() RETURNING sign_in_id
), lasting AS (
    UPDATE hearth.sign_in
    SET last_seen_at = now(), expires_at = greatest(sign_in.expires_at, now() + make_interval(secs => $3::integer))
    FROM taken, hearth.account
    WHERE sign_in.id = taken.sign_in_id AND sign_in.ended_at IS NULL AND sign_in.expires_at > now()
      AND account.id = sign_in.account_id AND account.is_active
    RETURNING sign_in.id, sign_in.account_id
), given AS (
    INSERT INTO hearth.refresh_token (hash, sign_in_id, expires_at)
    SELECT $2::bytea, lasting.id, now() + make_interval(secs => $3::integer) FROM lasting
)
SELECT id::text, account_id::text FROM lasting

-- name: refresh_find
-- Whose a refresh token is or was, and whether its sign-in would still go on.
SELECT sign_in.id::text, sign_in.account_id::text, refresh_token.used_at IS NOT NULL AS is_used,
       sign_in.ended_at IS NULL AND sign_in.expires_at > now() AND account.is_active AS is_lasting
FROM hearth.refresh_token JOIN hearth.sign_in ON sign_in.id = refresh_token.sign_in_id
JOIN hearth.account ON account.id = sign_in.account_id
WHERE refresh_token.hash = $1::bytea

-- name: sign_in_end
UPDATE hearth.sign_in SET ended_at = now(), end_reason = $3
WHERE id = $1::uuid AND account_id = $2::uuid AND ended_at IS NULL

-- name: sign_in_exists
SELECT id::text FROM hearth.sign_in WHERE id = $1::uuid AND account_id = $2::uuid

-- name: sign_in_end_all
-- All of an account but one, whether they have expired or not: one that was used may go on (sign_in_used).
UPDATE hearth.sign_in SET ended_at = now(), end_reason = $3
WHERE account_id = $1::uuid AND ended_at IS NULL AND id IS DISTINCT FROM $2::uuid
RETURNING id::text

-- name: sign_in_list
-- Those of an account that last, the newest first.
SELECT id::text, method, user_agent, address, hearth.micros(created_at) AS created_us,
       hearth.micros(last_seen_at) AS last_seen_us, hearth.micros(expires_at) AS expires_us,
       cookie IS NOT NULL AS is_cookie
FROM hearth.sign_in WHERE account_id = $1::uuid AND ended_at IS NULL AND expires_at > now()
ORDER BY created_at DESC, sign_in.id DESC LIMIT 200

-- Accounts and who they are elsewhere.

-- name: account_find
-- By its id, by e-mail address, by the comparable form of a user name, or by who it is at a provider;
-- what is null is not looked for. An address comes before a user name: one that looks like an address
-- can only be its own (account_rules.h).
SELECT id::text, organisation_id::text, user_name, email, pending_email, display_name, picture_url, phone_number, password,
       profile::text, email_verified_at IS NOT NULL AS email_verified, is_admin, is_active,
       hearth.micros(last_login_at) AS last_login_us, hearth.micros(created_at) AS created_us,
       hearth.micros(updated_at) AS updated_us
FROM hearth.account
WHERE id = $1::uuid OR lower(email) = lower($2::text) OR user_name_folded = $3::text
   OR id = (SELECT account_id FROM hearth.identity WHERE provider = $4::text AND subject = $5::text)
ORDER BY lower(email) = lower($2::text) DESC NULLS LAST LIMIT 1

-- name: account_list
-- For operators: accounts whose user name or e-mail address holds a text, newest first, a page.
SELECT id::text, organisation_id::text, user_name, email, pending_email, display_name, picture_url, phone_number, NULL::text AS password,
       NULL::text AS profile, email_verified_at IS NOT NULL AS email_verified, is_admin, is_active,
       hearth.micros(last_login_at) AS last_login_us, hearth.micros(created_at) AS created_us,
       hearth.micros(updated_at) AS updated_us
FROM hearth.account
WHERE ($1::text IS NULL OR strpos(lower(user_name), lower($1::text)) > 0 OR strpos(lower(email), lower($1::text)) > 0)
  AND ($2::uuid IS NULL OR id < $2::uuid)
ORDER BY account.id DESC LIMIT $3::integer

-- name: account_insert
-- A new one.
INSERT INTO hearth.account (id, user_name, user_name_folded, email, password, phone_number, display_name, picture_url,
                            profile, email_verified_at)
VALUES ($1::uuid, $2::text, $3::text, $4::text, $5::text, $6::text, $7::text, $8::text,
        coalesce($9::jsonb, '{}'), CASE WHEN $10::boolean THEN now() END)

-- name: account_stand_in
-- The password of an account that is as far between the oldest and the newest as $1 of a million, by the
-- time in their ids: of the newest that has one where none is later. An id of another kind may be as far
-- away as 48 bits tell, which $1 times is more than a bigint holds.
WITH ends AS (
    SELECT min(at) AS first, max(at) AS last
    FROM (SELECT ('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint AS at
          FROM ((SELECT id FROM hearth.account WHERE password IS NOT NULL ORDER BY id LIMIT 1)
                UNION ALL (SELECT id FROM hearth.account WHERE password IS NOT NULL ORDER BY id DESC LIMIT 1)) AS outer_ones
         ) AS times
)
SELECT password FROM hearth.account
WHERE password IS NOT NULL
  AND id >= (SELECT rpad(lpad(to_hex(first + trunc((last - first)::numeric * $1::bigint / 1000000)::bigint), 12, '0'), 32, '0')::uuid FROM ends)
ORDER BY id LIMIT 1

-- name: account_taken
-- Whether another account has a user name or an e-mail address, or may have the address back.
SELECT EXISTS (SELECT FROM hearth.account WHERE user_name_folded = $1::text AND id IS DISTINCT FROM $3::uuid) AS user_name,
       EXISTS (SELECT FROM hearth.account WHERE lower(email) = lower($2::text) AND id IS DISTINCT FROM $3::uuid)
       OR EXISTS (SELECT FROM hearth.mail WHERE kind = 'email_undo' AND lower(email) = lower($2::text)
                  AND expires_at > now() AND account_id IS DISTINCT FROM $3::uuid) AS email

-- name: identity_insert
-- Who it is elsewhere; changes nothing where that is known already.
INSERT INTO hearth.identity (provider, subject, account_id) VALUES ($1::text, $2::text, $3::uuid)
ON CONFLICT (provider, subject) DO NOTHING

-- name: identity_list
-- Who an account is elsewhere.
SELECT provider, subject, hearth.micros(created_at) AS created_us
FROM hearth.identity WHERE account_id = $1::uuid ORDER BY created_at

-- What changes of an account.

-- name: account_hold
-- The account is nobody else's to change until the transaction ends. What follows in it is a statement of
-- its own, so that it sees what had been waited for.
SELECT id::text, email, pending_email, password, email_verified_at IS NOT NULL AS email_verified
FROM hearth.account WHERE id = $1::uuid FOR NO KEY UPDATE

-- name: account_hold_sign_in
-- The sign-in of an account that asks, unless it has ended; it does not until the transaction ends.
SELECT id::text FROM hearth.sign_in
WHERE account_id = $1::uuid AND id = $2::uuid AND ended_at IS NULL FOR SHARE

-- name: account_update
-- Null leaves a column as it is, and an empty text clears it. What the profile's patch holds as null
-- is taken out of it.
UPDATE hearth.account
SET user_name = CASE WHEN $2::text IS NULL THEN user_name ELSE $2::text END,
    user_name_folded = CASE WHEN $2::text IS NULL THEN user_name_folded ELSE $3::text END,
    phone_number = CASE WHEN $4::text IS NULL THEN phone_number ELSE nullif($4::text, '') END,
    display_name = CASE WHEN $5::text IS NULL THEN display_name ELSE nullif($5::text, '') END,
    picture_url = CASE WHEN $6::text IS NULL THEN picture_url ELSE nullif($6::text, '') END,
    profile = CASE WHEN $7::jsonb IS NULL THEN profile ELSE jsonb_strip_nulls(profile || $7::jsonb) END,
    updated_at = now()
WHERE id = $1::uuid

-- name: account_set_email
-- Another address, which nobody has verified or can: there is no mail. None waits any more.
UPDATE hearth.account SET email = $2::text, email_verified_at = NULL, pending_email = NULL, updated_at = now()
WHERE id = $1::uuid

-- name: account_set_pending_email
-- An address that takes the place of the account's when it is verified; null: none.
UPDATE hearth.account SET pending_email = $2::text, updated_at = now() WHERE id = $1::uuid

-- name: account_undo_email
-- The address from before a change. Who made the change may know the password.
UPDATE hearth.account
SET email = $2::text, email_verified_at = now(), pending_email = NULL, password = NULL, updated_at = now()
WHERE id = $1::uuid

-- name: account_set_password
-- Whichever it was.
UPDATE hearth.account SET password = $2::text, updated_at = now() WHERE id = $1::uuid

-- name: account_rehash
-- Another hash of the same password, where it is still the one that was verified.
UPDATE hearth.account SET password = $2::text, updated_at = now() WHERE id = $1::uuid AND password = $3::text

-- name: account_set_active
-- Whether it may sign in.
UPDATE hearth.account SET is_active = $2::boolean, updated_at = now() WHERE id = $1::uuid

-- name: account_set_admin
-- Whether it is an operator's.
UPDATE hearth.account SET is_admin = $2::boolean, updated_at = now() WHERE id = $1::uuid

-- name: account_verify_email
-- The address of a mail's token has been reached: the account's, or the one that was to take its place.
UPDATE hearth.account
SET email = CASE WHEN lower(email) = lower($2::text) THEN email ELSE $2::text END,
    pending_email = CASE WHEN lower(pending_email) = lower($2::text) THEN NULL ELSE pending_email END,
    email_verified_at = now(), updated_at = now()
WHERE id = $1::uuid AND (lower(email) = lower($2::text) OR lower(pending_email) = lower($2::text))

-- name: account_clear_budgets
-- The budgets of an account and of its keys.
SELECT hearth.budget_clear(budget.id) AS owner FROM hearth.budget
WHERE owner = 'account:' || $1::text
   OR owner IN (SELECT 'key:' || key.id FROM hearth.key WHERE account_id = $1::uuid)

-- name: account_delete
-- With it go its identities, keys, sign-ins and mails.
DELETE FROM hearth.account WHERE id = $1::uuid

-- Mails: what is to be sent, and the tokens of what was.

-- name: mail_insert
-- A mail to send, and for how many seconds its token is good.
INSERT INTO hearth.mail (id, account_id, kind, email, expires_at)
VALUES ($1::uuid, $2::uuid, $3::text, $4::text, now() + $5::bigint * interval '1 second')

-- name: mail_insert_reset
-- The mail that a password can be set anew with, to the account of an address; without one a row that
-- goes away unsent, so that both take as long and leave as much.
INSERT INTO hearth.mail (id, account_id, kind, email, expires_at)
SELECT $1::uuid, account.id, 'reset', account.email, now() + $3::bigint * interval '1 second'
FROM (SELECT $2::text AS email) AS wish
LEFT JOIN hearth.account ON lower(account.email) = lower(wish.email) AND account.is_active
RETURNING account_id::text

-- name: mail_claim
-- One that is due, for a try: the next one follows after half a minute, doubled each time to at most an
-- hour, unless this one ends it. It is given up after a day, but what gives an account back when it has
-- expired. $1 is the hash of the token that this try sends.
UPDATE hearth.mail SET
    tries = tries + 1, hash = $1::bytea,
    next_at = now() + least(interval '30 seconds' * 2 ^ least(tries, 10), interval '1 hour')
WHERE id = (SELECT id FROM hearth.mail WHERE next_at <= now() ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id::text, account_id::text, kind, email, tries,
          CASE kind WHEN 'email_undo' THEN expires_at <= now() ELSE created_at < now() - interval '1 day' END AS is_late,
          (SELECT user_name FROM hearth.account WHERE account.id = account_id) AS name,
          EXISTS (SELECT FROM hearth.account WHERE account.id = account_id AND email_verified_at IS NOT NULL
                  AND lower(account.email) <> lower(mail.email)) AS has_former

-- name: mail_sent
-- It holds a token: the row stays until that is used or expires.
UPDATE hearth.mail SET next_at = NULL WHERE id = $1::uuid

-- name: mail_delete
-- It has served, or is given up.
DELETE FROM hearth.mail WHERE id = $1::uuid

-- name: mail_take
-- The token of a mail, once: of this kind, and where the address it went to is the account's still or, of
-- one to verify, is to be.
DELETE FROM hearth.mail USING hearth.account
WHERE mail.hash = $1::bytea AND kind = $2::text AND expires_at > now() AND account.id = account_id AND is_active
  AND (lower(account.email) = lower(mail.email) OR kind = 'email_undo'
       OR kind = 'verify' AND lower(account.pending_email) = lower(mail.email))
RETURNING account_id::text, mail.email, mail.id::text AS mail_id

-- name: mail_look
-- The same without taking it.
SELECT account_id::text, mail.email, mail.id::text AS mail_id
FROM hearth.mail JOIN hearth.account ON account.id = account_id
WHERE mail.hash = $1::bytea AND kind = $2::text AND expires_at > now() AND is_active
  AND (lower(account.email) = lower(mail.email) OR kind = 'email_undo'
       OR kind = 'verify' AND lower(account.pending_email) = lower(mail.email))

-- name: mail_drop
-- All tokens of a kind, or those after one ($3): what they were good for has happened.
DELETE FROM hearth.mail WHERE account_id = $1::uuid AND kind = $2::text AND ($3::uuid IS NULL OR id > $3::uuid)

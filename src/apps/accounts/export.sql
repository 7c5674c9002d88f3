-- Everything that is kept about a person, for them, and nothing about others. $1 is the account.

-- name: export_identities
-- Who they are elsewhere.
SELECT provider, subject, hearth.micros(created_at) AS created_us
FROM hearth.identity WHERE account_id = $1::uuid ORDER BY created_at

-- name: export_keys
-- Their API keys, without what would let anybody use them.
SELECT id::text, name, prefix, array_to_string(scopes, ',') AS scopes, array_to_string(models, ',') AS models,
       hearth.micros(created_at) AS created_us, hearth.micros(expires_at) AS expires_us,
       hearth.micros(revoked_at) AS revoked_us, hearth.micros(rotated_at) AS rotated_us,
       hearth.micros(last_used_at) AS last_used_us
FROM hearth.key WHERE account_id = $1::uuid ORDER BY created_at

-- name: export_sign_ins
-- Their sign-ins, those that have ended too.
SELECT id::text, method, user_agent, address, end_reason, hearth.micros(created_at) AS created_us,
       hearth.micros(last_seen_at) AS last_seen_us, hearth.micros(expires_at) AS expires_us,
       hearth.micros(ended_at) AS ended_us
FROM hearth.sign_in WHERE account_id = $1::uuid ORDER BY created_at DESC LIMIT 10000

-- name: export_wallet_sessions
-- The sessions of their wallets.
SELECT address, wallet_type, chain_id, preferences::text AS preferences, hearth.micros(created_at) AS created_us,
       hearth.micros(last_activity_at) AS last_activity_us, hearth.micros(expires_at) AS expires_us
FROM hearth.wallet_session WHERE account_id = $1::uuid ORDER BY created_at DESC LIMIT 10000

-- name: export_session_tokens
-- Their session tokens, without what would let anybody use them.
SELECT address, hearth.micros(created_at) AS created_us, hearth.micros(last_activity_at) AS last_activity_us,
       hearth.micros(expires_at) AS expires_us
FROM hearth.session_token WHERE account_id = $1::uuid ORDER BY created_at DESC LIMIT 10000

-- name: export_mails
-- Mails that wait, or whose link is good still.
SELECT kind, email, tries::bigint AS tries, hearth.micros(created_at) AS created_us, hearth.micros(expires_at) AS expires_us
FROM hearth.mail WHERE account_id = $1::uuid ORDER BY created_at DESC LIMIT 10000

-- name: export_budgets
-- What they and their keys may spend.
SELECT owner, unit, period, most, spent, hearth.micros(since) AS since_us
FROM hearth.budget
WHERE owner = 'account:' || $1::uuid::text
   OR owner IN (SELECT 'key:' || key.id FROM hearth.key WHERE account_id = $1::uuid)
ORDER BY owner, unit, period

-- name: export_usage
-- What they used, by month, key, model and operation.
SELECT to_char(date_trunc('month', day), 'YYYY-MM') AS month, caller, model, operation, sum(calls)::bigint AS calls,
       sum(input)::bigint AS input, sum(output)::bigint AS output, sum(cost_micros)::bigint AS cost_micros
FROM hearth.usage_day WHERE account_id = $1::uuid
GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4

-- name: export_traces
-- Bodies of their calls, by whatever key: there are some where TRACE_BODIES is on.
SELECT request_id, route, status::bigint AS status, question, answer, hearth.micros(at) AS at_us
FROM hearth.trace WHERE tenant = 'account:' || $1::uuid::text ORDER BY trace.at DESC LIMIT 100

-- name: export_audit
-- What the audit trail has about them and their keys, or by them. Who others are, whom else it is about,
-- and where others came from is not theirs to have; an unnamed caller is theirs where he proved it. By name,
-- and no more of each than the answer has, so that an index leads to every row that is read.
WITH mine AS (
    SELECT 'account:' || $1::uuid::text AS name
    UNION ALL SELECT 'key:' || key.id FROM hearth.key WHERE account_id = $1::uuid
), born AS (
    SELECT created_at FROM hearth.account WHERE id = $1::uuid
), about AS (
    SELECT row.* FROM mine CROSS JOIN LATERAL (
        SELECT * FROM hearth.audit WHERE subject = mine.name AND at >= (SELECT created_at FROM born)
        ORDER BY audit.at DESC LIMIT 10000) AS row
), done AS (
    SELECT row.* FROM mine CROSS JOIN LATERAL (
        SELECT * FROM hearth.audit
        WHERE hashtextextended(actor, 0) = hashtextextended(mine.name, 0) AND actor = mine.name
          AND subject IS DISTINCT FROM actor AND actor <> 'anonymous' AND at >= (SELECT created_at FROM born)
        ORDER BY audit.at DESC LIMIT 10000) AS row
    WHERE subject IS NULL OR subject NOT IN (SELECT name FROM mine)
)
SELECT event,
       CASE WHEN actor IN (SELECT name FROM mine) THEN actor ELSE split_part(actor, ':', 1) END AS actor,
       CASE WHEN subject IN (SELECT name FROM mine) THEN subject ELSE split_part(subject, ':', 1) END AS subject,
       CASE WHEN subject IS NULL OR subject IN (SELECT name FROM mine) THEN detail END AS detail,
       CASE WHEN actor IN (SELECT name FROM mine)
                 OR actor = 'anonymous' AND event IN ('sign_in', 'account_created', 'email_verified', 'password_changed')
            THEN host(address) END AS address,
       hearth.micros(at) AS at_us
FROM (SELECT * FROM about UNION ALL SELECT * FROM done) AS trail
ORDER BY trail.at DESC LIMIT 10000

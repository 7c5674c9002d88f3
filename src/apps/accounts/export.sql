-- Everything that is kept about a person, for them.

-- name: export_keys
-- Their API keys, without what would let anybody use them.
SELECT id::text, name, prefix, array_to_string(scopes, ',') AS scopes, hearth.micros(created_at) AS created_us,
       hearth.micros(expires_at) AS expires_us, hearth.micros(revoked_at) AS revoked_us,
       hearth.micros(last_used_at) AS last_used_us
FROM hearth.key WHERE account_id = $1::uuid ORDER BY created_at

-- name: export_sign_ins
-- Their sign-ins, those that have ended too.
SELECT id::text, method, user_agent, address, hearth.micros(created_at) AS created_us,
       hearth.micros(last_seen_at) AS last_seen_us, hearth.micros(ended_at) AS ended_us
FROM hearth.sign_in WHERE account_id = $1::uuid ORDER BY created_at DESC LIMIT 1000

-- name: export_usage
-- What they used, by month, model and operation.
SELECT to_char(date_trunc('month', day), 'YYYY-MM') AS month, model, operation, sum(calls)::bigint AS calls,
       sum(input)::bigint AS input, sum(output)::bigint AS output, sum(cost_micros)::bigint AS cost_micros
FROM hearth.usage_day WHERE account_id = $1::uuid
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3

-- name: export_audit
-- What the audit trail has about them, or by them, since they are known ($2).
SELECT event, actor, subject, detail, host(address) AS address, hearth.micros(at) AS at_us
FROM hearth.audit WHERE at >= hearth.moment($2::bigint) AND (subject = $1::text OR actor = $1::text) ORDER BY at DESC LIMIT 1000

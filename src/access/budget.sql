-- name: budget_list
-- All budgets, or those of one owner, as they stand now: of one whose window has ended nothing is
-- spent any more.
SELECT id::text, owner, unit, period, most,
    CASE WHEN is_over THEN 0 ELSE spent END AS spent,
    CASE WHEN is_over THEN 0 ELSE reserved END AS reserved,
    CASE WHEN is_over THEN hearth.micros(hearth.budget_window(period, now())) ELSE hearth.micros(since) END AS since_us,
    hearth.micros(hearth.budget_end(period, now())) AS renews_us
FROM (SELECT *, since < hearth.budget_window(period, now()) AS is_over FROM hearth.budget) AS budget
WHERE $1::text IS NULL OR owner = $1::text
ORDER BY owner, unit, period
LIMIT 10000

-- name: budget_set
-- Sets one, and tells the hosts that there is one.
SELECT hearth.budget_set($1::text, $2::text, $3::text, $4::bigint)::text AS id

-- name: budget_clear
-- Takes one away by whose and which it is, and tells the hosts.
SELECT id::text, hearth.budget_clear(id) AS owner
FROM hearth.budget WHERE owner = $1::text AND unit = $2::text AND period = $3::text

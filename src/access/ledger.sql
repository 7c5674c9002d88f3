-- name: ledger_reserve
-- Holds what a call may cost in all budgets of its caller, or in none: hearth.reserve() tells more.
SELECT granted, held, at_us, owner, unit, period, most, used, needed, renews_us, expired
FROM hearth.reserve($1::jsonb)

-- name: ledger_has_budget
-- Whether one applies to a caller that is in no table.
SELECT hearth.has_budget(NULL, NULL, NULL, $1::text) AS has_budget

-- name: ledger_settle
-- Writes what a call cost, once.
SELECT hearth.settle($1::jsonb) AS settled

-- name: ledger_settle_all
-- Writes what several calls cost, each once, or none of them.
SELECT hearth.settle_all($1::jsonb) AS settled

-- name: ledger_expire
-- Lets go what calls hold that were not settled in time.
SELECT hearth.reservations_expire()::bigint AS expired

-- name: ledger_held
-- How many calls hold a part of a budget now.
SELECT count(DISTINCT id) AS calls FROM hearth.reservation

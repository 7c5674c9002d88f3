-- Holds what a call may cost in all budgets of its caller, or in none: hearth.reserve() tells more.
-- name: ledger_reserve
SELECT granted, held, at_us, owner, unit, period, most, used, needed, renews_us, expired
FROM hearth.reserve($1::jsonb)

-- Writes what a call cost, once.
-- name: ledger_settle
SELECT hearth.settle($1::jsonb) AS settled

-- Lets go what calls hold that were not settled in time.
-- name: ledger_expire
SELECT hearth.reservations_expire()::bigint AS expired

-- What calls under way hold now.
-- name: ledger_held
SELECT count(DISTINCT id) AS calls FROM hearth.reservation

-- name: usage_of_caller
-- What a caller used between two days, both included, summed by what is asked for: the columns that
-- are not are empty. A page begins behind a row. $1: the caller; $2, $3: days; $4 to $6: whether by
-- day, model, operation; $7: whether the caller is shown; $8, $9: a model, an operation or null; $10 to
-- $13: the row before the page, or null; $14: rows.
SELECT * FROM (
    SELECT CASE WHEN $4::boolean THEN day::text ELSE '' END AS day,
        CASE WHEN $5::boolean THEN model ELSE '' END AS model,
        CASE WHEN $6::boolean THEN operation ELSE '' END AS operation,
        CASE WHEN $7::boolean THEN caller ELSE '' END AS caller,
        sum(calls)::bigint AS calls, sum(input)::bigint AS input, sum(output)::bigint AS output,
        sum(cached)::bigint AS cached, sum(written)::bigint AS written,
        sum(thought)::bigint AS thought, sum(cost_micros)::bigint AS cost_micros,
        sum(estimated)::bigint AS estimated, sum(failed)::bigint AS failed, sum(lost)::bigint AS lost
    FROM hearth.usage_day
    WHERE caller = $1::text AND day BETWEEN $2::date AND $3::date
      AND ($8::text IS NULL OR model = $8::text)
      AND ($9::text IS NULL OR operation = $9::text)
    GROUP BY 1, 2, 3, 4) AS page
WHERE $10::text IS NULL
   OR (caller, day, model, operation) > ($10::text, $11::text, $12::text, $13::text)
ORDER BY caller, day, model, operation
LIMIT $14::bigint

-- name: usage_of_account
-- The same of an account, whatever keys it used.
SELECT * FROM (
    SELECT CASE WHEN $4::boolean THEN day::text ELSE '' END AS day,
        CASE WHEN $5::boolean THEN model ELSE '' END AS model,
        CASE WHEN $6::boolean THEN operation ELSE '' END AS operation,
        CASE WHEN $7::boolean THEN caller ELSE '' END AS caller,
        sum(calls)::bigint AS calls, sum(input)::bigint AS input, sum(output)::bigint AS output,
        sum(cached)::bigint AS cached, sum(written)::bigint AS written,
        sum(thought)::bigint AS thought, sum(cost_micros)::bigint AS cost_micros,
        sum(estimated)::bigint AS estimated, sum(failed)::bigint AS failed, sum(lost)::bigint AS lost
    FROM hearth.usage_day
    WHERE account_id = $1::uuid AND day BETWEEN $2::date AND $3::date
      AND ($8::text IS NULL OR model = $8::text)
      AND ($9::text IS NULL OR operation = $9::text)
    GROUP BY 1, 2, 3, 4) AS page
WHERE $10::text IS NULL
   OR (caller, day, model, operation) > ($10::text, $11::text, $12::text, $13::text)
ORDER BY caller, day, model, operation
LIMIT $14::bigint

-- name: usage_of_callers
-- The same of all, by caller. $1: true.
SELECT day, model, operation, caller, calls, input, output, cached, written, thought, cost_micros, estimated,
    failed, lost
FROM hearth.usage_of_callers($2::date, $3::date, ARRAY[$4, $5, $6, $7]::boolean[], $8::text, $9::text,
    ARRAY[$10, $11, $12, $13]::text[], $14::bigint)
WHERE $1::boolean

-- name: usage_of_all
-- The same of all together, from the sums that no caller is in. $1 and $7: true and false.
SELECT * FROM (
    SELECT CASE WHEN $4::boolean THEN day::text ELSE '' END AS day,
        CASE WHEN $5::boolean THEN model ELSE '' END AS model,
        CASE WHEN $6::boolean THEN operation ELSE '' END AS operation,
        '' AS caller,
        sum(calls)::bigint AS calls, sum(input)::bigint AS input, sum(output)::bigint AS output,
        sum(cached)::bigint AS cached, sum(written)::bigint AS written,
        sum(thought)::bigint AS thought, sum(cost_micros)::bigint AS cost_micros,
        sum(estimated)::bigint AS estimated, sum(failed)::bigint AS failed, sum(lost)::bigint AS lost
    FROM hearth.usage_total
    WHERE $1::boolean AND NOT $7::boolean AND day BETWEEN $2::date AND $3::date
      AND ($8::text IS NULL OR model = $8::text)
      AND ($9::text IS NULL OR operation = $9::text)
    GROUP BY 1, 2, 3) AS page
WHERE $10::text IS NULL OR (day, model, operation) > ($11::text, $12::text, $13::text)
ORDER BY day, model, operation
LIMIT $14::bigint

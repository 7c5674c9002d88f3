-- name: usage_read
-- What was used between two days, both included, summed by what is asked for: the columns that are
-- not are empty. A page begins behind a row. $1 and $2: caller and account, or null for all; $3, $4:
-- days; $5 to $8: whether by day, model, operation, caller; $9, $10: a model, an operation or null;
-- $11 to $14: the row before the page, or null; $15: rows.
SELECT * FROM (
    SELECT CASE WHEN $5::boolean THEN day::text ELSE '' END AS day,
        CASE WHEN $6::boolean THEN model ELSE '' END AS model,
        CASE WHEN $7::boolean THEN operation ELSE '' END AS operation,
        CASE WHEN $8::boolean THEN caller ELSE '' END AS caller,
        sum(calls)::bigint AS calls, sum(input)::bigint AS input, sum(output)::bigint AS output,
        sum(cached)::bigint AS cached, sum(written)::bigint AS written,
        sum(thought)::bigint AS thought, sum(cost_micros)::bigint AS cost_micros,
        sum(estimated)::bigint AS estimated, sum(failed)::bigint AS failed, sum(lost)::bigint AS lost
    FROM hearth.usage_day
    WHERE day BETWEEN $3::date AND $4::date
      AND ($1::text IS NULL OR caller = $1::text)
      AND ($2::uuid IS NULL OR account_id = $2::uuid)
      AND ($9::text IS NULL OR model = $9::text)
      AND ($10::text IS NULL OR operation = $10::text)
    GROUP BY 1, 2, 3, 4) AS page
WHERE $11::text IS NULL
   OR (day, model, operation, caller) > ($11::text, $12::text, $13::text, $14::text)
ORDER BY day, model, operation, caller
LIMIT $15::bigint

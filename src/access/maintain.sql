-- name: maintain_round
-- One round of the care of all tables: what is done lies in the database, and with its owner.
SELECT ran, made::bigint AS made, moved, dropped::bigint AS dropped, deleted, again FROM hearth.maintain()

-- name: maintain_last
-- When the care of all tables last came to its end.
SELECT coalesce(hearth.micros(max(at)), 0) AS at_us FROM hearth.maintenance WHERE NOT again

-- name: maintain_retain
-- For how many days the rows of a table are kept. Refused to everybody but the owner.
UPDATE hearth.retention SET days = $2::integer WHERE relation = $1::text

-- name: maintain_retention
-- How long each is kept.
SELECT relation, days::bigint AS days FROM hearth.retention ORDER BY relation

-- name: maintain_round
-- One round of the care of all tables: what is done lies in the database, and with its owner.
SELECT ran, made::bigint AS made, moved, dropped::bigint AS dropped, deleted, again FROM hearth.maintain()

-- name: maintain_last
-- When the care of all tables last came to its end, and whether it found all in use a while ago.
SELECT coalesce((SELECT hearth.micros(max(at)) FROM hearth.maintenance WHERE NOT again), 0) AS at_us,
       coalesce((SELECT made + moved + dropped + deleted = 0 AND again AND at > now() - interval '1 hour'
                 FROM hearth.maintenance ORDER BY at DESC LIMIT 1), false) AS rests

-- name: maintain_retain
-- For how many days the rows of a table are kept. Refused to everybody but the owner.
UPDATE hearth.retention SET days = $2::integer WHERE relation = $1::text

-- name: maintain_retention
-- How long each is kept.
SELECT relation, days::bigint AS days FROM hearth.retention ORDER BY relation

-- What the schema says of itself.

-- name: schema_version
-- The last migration that was applied, and the oldest program that can run since.
SELECT coalesce(max(version), 0) AS version, coalesce(max(compatible_from), 0) AS compatible_from
FROM hearth.migration

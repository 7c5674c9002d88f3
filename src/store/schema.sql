-- What the schema says of itself.

-- name: schema_version
-- The last migration that was applied, and the oldest program that can run since.
SELECT coalesce(max(version), 0) AS version, coalesce(max(compatible_from), 0) AS compatible_from
FROM hearth.migration

-- name: schema_exists
-- Whether anything was ever applied.
SELECT to_regclass('hearth.migration') IS NOT NULL AS is_there

-- name: migrations_applied
SELECT version, name, digest, to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') AS applied_at
FROM hearth.migration
ORDER BY version

-- name: migration_record
INSERT INTO hearth.migration (version, name, digest, compatible_from)
VALUES ($1::integer, $2, $3::bytea, $4::integer)

-- name: role_exists
SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1) AS is_there

-- name: role_is_member
-- Whether the role has the program's rights; without, whether it is who asks.
SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1) AS is_there, $1 = current_user AS is_me,
    coalesce((SELECT pg_has_role(oid, 'hearth_application', 'USAGE') FROM pg_roles WHERE rolname = $1), false) AS is_member,
    format('GRANT hearth_application TO %I', $1) AS sql, format('CREATE ROLE %I LOGIN PASSWORD ''...''', $1) AS creation,
    current_user::text AS me

-- name: retention_set
UPDATE hearth.retention SET days = $2::integer WHERE relation = $1 AND days <> $2::integer

-- name: connection_limits
-- How many connections the server has, and the least of the limits of our role and database.
SELECT current_setting('max_connections')::bigint AS most,
    current_setting('superuser_reserved_connections')::bigint
        + coalesce(current_setting('reserved_connections', true)::bigint, 0) AS reserved,
    coalesce((SELECT min(bound) FROM (
        SELECT rolconnlimit AS bound FROM pg_roles WHERE rolname = current_user
        UNION SELECT datconnlimit FROM pg_database WHERE datname = current_database()) AS bounds
        WHERE bound >= 0), -1) AS bound,
    pg_is_in_recovery() AS is_standby

-- name: server_description
SELECT 'PostgreSQL ' || split_part(current_setting('server_version'), ' ', 1) AS server,
    current_user::text AS role, pg_is_in_recovery() AS is_standby,
    (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS is_superuser

-- What all migrations stand on: the schema, the record of what was applied, and how times cross.
-- The role that runs this owns everything; hearth_application, the group of the roles that the
-- program connects as, gets what each migration grants it, and PUBLIC gets nothing.

CREATE SCHEMA hearth;
GRANT USAGE ON SCHEMA hearth TO hearth_application;

ALTER DEFAULT PRIVILEGES IN SCHEMA hearth REVOKE ALL ON TABLES FROM PUBLIC;
-- Functions are PUBLIC's by PostgreSQL's own default, which can only be taken away for all schemas.
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

CREATE TABLE hearth.migration (
    version integer PRIMARY KEY CHECK (version > 0),
    name text NOT NULL,
    digest bytea NOT NULL CHECK (length(digest) = 32), -- SHA-256 of the file
    compatible_from integer NOT NULL,                  -- the oldest program that can run on it
    applied_at timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT ON hearth.migration TO hearth_application;

-- Times cross to the program as microseconds since 1970.
CREATE FUNCTION hearth.micros(moment timestamptz) RETURNS bigint
LANGUAGE sql STABLE STRICT PARALLEL SAFE
RETURN (extract(epoch FROM moment) * 1000000)::bigint;

CREATE FUNCTION hearth.moment(micros bigint) RETURNS timestamptz
LANGUAGE sql STABLE STRICT PARALLEL SAFE
RETURN 'epoch'::timestamptz + micros * interval '1 microsecond';

GRANT EXECUTE ON FUNCTION hearth.micros(timestamptz), hearth.moment(bigint) TO hearth_application;

-- Answers kept for repeated requests (draft-ietf-httpapi-idempotency-key-header-07). The primary key is the lock.
CREATE TABLE hearth.idempotency (
    hash bytea PRIMARY KEY,         -- SHA-256 of whose key it is and the key
    fingerprint bytea NOT NULL,     -- SHA-256 of the request that came with it
    holder uuid NOT NULL,           -- the request that is, or was, being answered
    held_until timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    status smallint,                -- of the answer; null while it is made
    content_type text,
    body bytea                      -- encrypted with a key that is not in the database
);
CREATE INDEX idempotency_expires_at ON hearth.idempotency (expires_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON hearth.idempotency TO hearth_application;

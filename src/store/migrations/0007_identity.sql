-- Sign-in by others: flows of the authorization code, nonces and sessions of wallets, and session
-- tokens of applications. Secrets are here as SHA-256 of 256 random bits.

CREATE TABLE hearth.google_flow (                -- begun by a browser that has not come back yet
    state bytea PRIMARY KEY,
    cookie bytea NOT NULL,                       -- the browser that began it
    return_to text NOT NULL CHECK (octet_length(return_to) <= 2048),
    expires_at timestamptz NOT NULL);
CREATE INDEX google_flow_expires ON hearth.google_flow (expires_at);

CREATE TABLE hearth.wallet_nonce (               -- given out and not used yet
    nonce text PRIMARY KEY CHECK (octet_length(nonce) <= 64),
    expires_at timestamptz NOT NULL);
CREATE INDEX wallet_nonce_expires ON hearth.wallet_nonce (expires_at);

CREATE TABLE hearth.wallet_session (
    id text PRIMARY KEY CHECK (octet_length(id) = 32),
    address text NOT NULL CHECK (octet_length(address) = 42), -- in small letters
    wallet_type text NOT NULL CHECK (octet_length(wallet_type) <= 64),
    chain_id bigint NOT NULL,
    account_id uuid REFERENCES hearth.account ON DELETE CASCADE, -- null: nobody has proved to own the address
    sign_in_id uuid REFERENCES hearth.sign_in ON DELETE CASCADE, -- with which it ends
    preferences jsonb NOT NULL CHECK (octet_length(preferences::text) <= 8192),
    created_at timestamptz NOT NULL DEFAULT now(),
    last_activity_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL);
CREATE INDEX wallet_session_account ON hearth.wallet_session (account_id);
CREATE INDEX wallet_session_sign_in ON hearth.wallet_session (sign_in_id);
CREATE INDEX wallet_session_expires ON hearth.wallet_session (expires_at);

CREATE TABLE hearth.session_token (              -- what an application's front end holds while it is open
    hash bytea PRIMARY KEY,
    account_id uuid REFERENCES hearth.account ON DELETE CASCADE, -- null: nobody known
    sign_in_id uuid REFERENCES hearth.sign_in ON DELETE CASCADE, -- with which it ends
    wallet_session_id text REFERENCES hearth.wallet_session ON DELETE CASCADE,
    address text,                                -- of the account's wallet that it is for, or null
    created_at timestamptz NOT NULL DEFAULT now(),
    last_activity_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL);
CREATE INDEX session_token_account ON hearth.session_token (account_id);
CREATE INDEX session_token_sign_in ON hearth.session_token (sign_in_id);
CREATE INDEX session_token_wallet_session ON hearth.session_token (wallet_session_id);
CREATE INDEX session_token_expires ON hearth.session_token (expires_at);

GRANT SELECT, INSERT, DELETE ON hearth.google_flow, hearth.wallet_nonce TO hearth_application;
GRANT SELECT, INSERT, UPDATE, DELETE ON hearth.wallet_session, hearth.session_token TO hearth_application;

INSERT INTO hearth.sweep (relation, condition) VALUES
    ('google_flow', 'expires_at < now()'),
    ('wallet_nonce', 'expires_at < now()'),
    ('wallet_session', 'expires_at < now()'),
    ('session_token', 'expires_at < now()');

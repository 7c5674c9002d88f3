-- Who may call: accounts and who they are elsewhere, API keys, sign-ins, and what hosts must forget.

CREATE TABLE hearth.organisation (
    id uuid PRIMARY KEY,
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
    created_at timestamptz NOT NULL DEFAULT now());

CREATE TABLE hearth.account (
    id uuid PRIMARY KEY,
    organisation_id uuid REFERENCES hearth.organisation,
    user_name text CHECK (char_length(user_name) BETWEEN 1 AND 150),
    email text CHECK (char_length(email) BETWEEN 3 AND 254),
    email_verified_at timestamptz,
    password text,                               -- Argon2id as a PHC string; null: signs in otherwise
    display_name text,
    picture_url text,
    phone_number text,
    is_admin boolean NOT NULL DEFAULT false,
    is_active boolean NOT NULL DEFAULT true,
    profile jsonb NOT NULL DEFAULT '{}' CHECK (octet_length(profile::text) <= 65536),
    last_login_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now());
CREATE UNIQUE INDEX account_user_name_key ON hearth.account (lower(user_name));
CREATE UNIQUE INDEX account_email_key ON hearth.account (lower(email));
CREATE INDEX account_organisation_idx ON hearth.account (organisation_id) WHERE organisation_id IS NOT NULL;

-- Who an account is elsewhere.
CREATE TABLE hearth.identity (
    provider text NOT NULL CHECK (provider IN ('google', 'wallet')),
    subject text NOT NULL CHECK (octet_length(subject) BETWEEN 1 AND 255), -- Google's sub; an address in lower case
    account_id uuid NOT NULL REFERENCES hearth.account ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (provider, subject));
CREATE INDEX identity_account_idx ON hearth.identity (account_id);

-- API keys. A rotated key keeps its row: its budgets, its usage and its cached answers go on.
CREATE TABLE hearth.key (
    id uuid PRIMARY KEY,
    account_id uuid REFERENCES hearth.account ON DELETE CASCADE,
    organisation_id uuid REFERENCES hearth.organisation,
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
    prefix text NOT NULL,                        -- what of the key may be shown
    hash bytea NOT NULL UNIQUE CHECK (length(hash) = 32), -- SHA-256 of the key, which has 256 random bits
    previous_hash bytea UNIQUE CHECK (length(previous_hash) = 32), -- of the key before the last rotation
    previous_until timestamptz,                  -- and how long that is still good
    scopes text[] NOT NULL,
    models text[],                               -- null: all
    rate_count integer CHECK (rate_count > 0),   -- with rate_seconds; null: those of the routes' classes
    rate_seconds integer CHECK (rate_seconds BETWEEN 1 AND 86400),
    streams integer CHECK (streams > 0),         -- at once; null: as the setting says
    expires_at timestamptz,
    revoked_at timestamptz,
    rotated_at timestamptz,
    last_used_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((rate_count IS NULL) = (rate_seconds IS NULL)));
CREATE INDEX key_account_idx ON hearth.key (account_id) WHERE account_id IS NOT NULL;

-- One for each login: a family of refresh tokens, or a browser's session.
CREATE TABLE hearth.sign_in (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES hearth.account ON DELETE CASCADE,
    method text NOT NULL CHECK (method IN ('password', 'google', 'wallet')),
    cookie bytea UNIQUE CHECK (length(cookie) = 32), -- SHA-256 of the session cookie; null: tokens
    user_agent text CHECK (octet_length(user_agent) <= 400),
    address text CHECK (octet_length(address) <= 64),
    created_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    end_reason text);
CREATE INDEX sign_in_account_idx ON hearth.sign_in (account_id, created_at);

CREATE TABLE hearth.refresh_token (
    hash bytea PRIMARY KEY CHECK (length(hash) = 32),
    sign_in_id uuid NOT NULL REFERENCES hearth.sign_in ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at timestamptz);
CREATE INDEX refresh_token_sign_in_idx ON hearth.refresh_token (sign_in_id);

-- What the hosts must forget at once: each polls it twice a second. Rows older than an hour are
-- deleted by maintenance; a host that was away for longer forgets everything.
CREATE TABLE hearth.revocation (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject text NOT NULL,                       -- "key:<id>", "sign_in:<id>", "account:<id>" for all of its
    at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE INDEX revocation_at_idx ON hearth.revocation (at);

GRANT SELECT, INSERT, UPDATE, DELETE ON hearth.account, hearth.identity TO hearth_application;
GRANT SELECT, INSERT ON hearth.organisation TO hearth_application;
-- A key is revoked, never deleted: what it did stays attributed to it.
GRANT SELECT, INSERT ON hearth.key TO hearth_application;
GRANT UPDATE (name, prefix, hash, previous_hash, previous_until, scopes, models, rate_count, rate_seconds,
    streams, expires_at, revoked_at, rotated_at, last_used_at) ON hearth.key TO hearth_application;
GRANT SELECT, INSERT ON hearth.sign_in, hearth.refresh_token TO hearth_application;
GRANT DELETE ON hearth.sign_in TO hearth_application; -- of an account that has had very many
GRANT UPDATE (last_seen_at, expires_at, ended_at, end_reason) ON hearth.sign_in TO hearth_application;
GRANT UPDATE (used_at) ON hearth.refresh_token TO hearth_application;
GRANT SELECT, INSERT ON hearth.revocation TO hearth_application;

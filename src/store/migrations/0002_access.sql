-- Who calls: organisations, accounts, keys, sign-ins, and what was revoked.

CREATE TABLE hearth.organisation (id uuid PRIMARY KEY, name text NOT NULL, created_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE hearth.account (
    id uuid PRIMARY KEY, organisation_id uuid REFERENCES hearth.organisation,
    user_name text, email text,                   -- unique without regard to case, by the indexes below
    email_verified_at timestamptz, password text, -- Argon2id, PHC string; null: signs in otherwise
    display_name text, picture_url text, phone_number text,
    is_admin boolean NOT NULL DEFAULT false, is_active boolean NOT NULL DEFAULT true,
    profile jsonb NOT NULL DEFAULT '{}',          -- what applications keep of it: first_name, last_name, university, ... (bounded)
    last_login_at timestamptz, created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE hearth.identity (                  -- who an account is elsewhere
    provider text NOT NULL,                     -- "google", "wallet"
    subject text NOT NULL,                      -- Google's sub; the address in lower case
    account_id uuid NOT NULL REFERENCES hearth.account ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (provider, subject));
CREATE TABLE hearth.key (                       -- API keys
    id uuid PRIMARY KEY, account_id uuid REFERENCES hearth.account ON DELETE CASCADE, organisation_id uuid REFERENCES hearth.organisation,
    name text NOT NULL, prefix text NOT NULL, hash bytea NOT NULL UNIQUE,   -- SHA-256 of the key, which has 256 random bits
    scopes text[] NOT NULL, models text[],      -- null: all
    rate_count integer, rate_seconds integer,   -- null: those of the route's class
    streams integer,                            -- at once; null: as the setting says
    expires_at timestamptz, revoked_at timestamptz, last_used_at timestamptz, rotated_from uuid,
    created_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE hearth.sign_in (                   -- one per login: a family of refresh tokens, or a browser's session
    id uuid PRIMARY KEY, account_id uuid NOT NULL REFERENCES hearth.account ON DELETE CASCADE,
    method text NOT NULL,                       -- "password", "google", "wallet"
    cookie bytea UNIQUE,                        -- SHA-256 of the session cookie; null: tokens
    user_agent text, address text,              -- bounded
    created_at timestamptz NOT NULL DEFAULT now(), last_seen_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL, ended_at timestamptz, end_reason text);
CREATE TABLE hearth.refresh_token (
    hash bytea PRIMARY KEY, sign_in_id uuid NOT NULL REFERENCES hearth.sign_in ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(), expires_at timestamptz NOT NULL, used_at timestamptz);
CREATE TABLE hearth.revocation (                -- what the hosts must forget at once: polled by one process a host, twice a second
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject text NOT NULL,                      -- "key:<id>", "sign_in:<id>", "account:<id>" (all of its keys and sign-ins)
    at timestamptz NOT NULL DEFAULT now());     -- rows older than an hour are deleted by maintenance

CREATE UNIQUE INDEX account_user_name ON hearth.account (lower(user_name));
CREATE UNIQUE INDEX account_email ON hearth.account (lower(email));
CREATE INDEX account_organisation ON hearth.account (organisation_id);
CREATE INDEX identity_account ON hearth.identity (account_id);
CREATE INDEX key_account ON hearth.key (account_id);
CREATE INDEX sign_in_account ON hearth.sign_in (account_id);
CREATE INDEX refresh_token_sign_in ON hearth.refresh_token (sign_in_id);

GRANT SELECT, INSERT, UPDATE, DELETE ON hearth.organisation, hearth.account, hearth.identity, hearth.key,
    hearth.sign_in, hearth.refresh_token TO hearth_application;
GRANT SELECT, INSERT, DELETE ON hearth.revocation TO hearth_application;

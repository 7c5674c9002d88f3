-- Mail to the people of accounts, and how often something may be tried.

-- User names are compared in the form that knows no case (Unicode's NFKC_Casefold), which the program
-- makes: the database's lower() depends on its locale.
ALTER TABLE hearth.account ADD COLUMN user_name_folded text;
CREATE UNIQUE INDEX account_user_name_folded_key ON hearth.account (user_name_folded);

-- For the account that stands in for one there is none of.
CREATE INDEX account_password_idx ON hearth.account (id) WHERE password IS NOT NULL;

-- An address that takes the place of email once it is verified.
ALTER TABLE hearth.account ADD COLUMN pending_email text CHECK (char_length(pending_email) BETWEEN 3 AND 254);

-- A mail to send, and once it is sent the token that it held. The token is made when the mail is
-- written, anew for each try, and only its hash is kept: nobody who reads this table can use it.
CREATE TABLE hearth.mail (
    id uuid PRIMARY KEY,
    account_id uuid REFERENCES hearth.account ON DELETE CASCADE, -- null: to nobody, it goes away unsent
    kind text NOT NULL CHECK (kind IN ('verify', 'reset', 'password_changed', 'email_changed', 'email_undo')),
    email text,                    -- whom it went or goes to; a token is good for this address only
    hash bytea UNIQUE,             -- SHA-256 of the token; null: not tried yet, or none
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL, -- of the token
    next_at timestamptz DEFAULT now(), -- when it is tried; null: it was sent
    tries integer NOT NULL DEFAULT 0
);
CREATE INDEX mail_next ON hearth.mail (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX mail_account ON hearth.mail (account_id);
CREATE INDEX mail_expiry ON hearth.mail (expires_at);
CREATE INDEX mail_undo ON hearth.mail (lower(email)) WHERE kind = 'email_undo';

-- How often something failed, under a hash of what it was: a login, an address, both. Not worth a
-- write-ahead log: it is forgotten with a crash of the server.
CREATE UNLOGGED TABLE hearth.throttle (
    key bytea PRIMARY KEY,
    failures integer NOT NULL,
    until timestamptz NOT NULL,      -- before this it is refused without being tried
    counts_until timestamptz NOT NULL, -- then failures count from nothing
    known_until timestamptz,         -- of a row that counts nothing: an account signed in from a network
    forget_at timestamptz NOT NULL   -- when all of it is past
);
CREATE INDEX throttle_forget ON hearth.throttle (forget_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON hearth.mail, hearth.throttle TO hearth_application;

INSERT INTO hearth.sweep (relation, condition) VALUES
    ('mail', 'expires_at < now() - interval ''1 hour'''),
    ('throttle', 'forget_at < now()');

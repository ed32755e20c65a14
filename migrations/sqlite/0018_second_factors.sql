-- Sign-ins that have proved a first factor and wait for a second one. They open nothing else.
CREATE TABLE pending_sign_ins (
    -- SHA-256 of the handle, which only the browser or the client has.
    hash       BLOB    PRIMARY KEY NOT NULL,
    account_id BLOB    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    -- The account's auth_stamp when the first factor was proved.
    auth_stamp BLOB    NOT NULL,
    -- The factor that was proved: 'password', 'passkey', 'email_code'.
    proved     TEXT    NOT NULL,
    -- 'session' or 'token': the only door at which it goes on.
    door       TEXT    NOT NULL,
    -- What the sign-in asked for, as JSON: remember, and the name and scopes of a token.
    wants      TEXT    NOT NULL,
    tries      INTEGER NOT NULL DEFAULT 0,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX pending_sign_ins_account ON pending_sign_ins (account_id);
CREATE INDEX pending_sign_ins_expiry ON pending_sign_ins (expires_at);

-- Browsers in which an account does not ask for a second factor, by their device cookie.
CREATE TABLE trusted_devices (
    id         BLOB    PRIMARY KEY NOT NULL,
    account_id BLOB    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    -- SHA-256 of the device cookie.
    hash       BLOB    NOT NULL,
    -- Trust ends when the account has another auth_stamp.
    auth_stamp BLOB    NOT NULL,
    user_agent TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX trusted_devices_account ON trusted_devices (account_id);
CREATE INDEX trusted_devices_hash ON trusted_devices (hash);
CREATE INDEX trusted_devices_expiry ON trusted_devices (expires_at);

-- The authenticator app of an account (RFC 6238).
CREATE TABLE totp_secrets (
    account_id BLOB    PRIMARY KEY NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    -- Not a hash: codes are computed from it.
    secret     BLOB    NOT NULL,
    created_at INTEGER NOT NULL,
    -- When the first code was entered; it counts from then on.
    enabled_at INTEGER,
    -- The time step of the last code that was used: no code works twice.
    last_step  INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Recovery codes that are not used yet.
CREATE TABLE recovery_codes (
    account_id BLOB    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    -- SHA-256 of the account's id and the code.
    hash       BLOB    NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (account_id, hash)
) STRICT;

-- Second factors that an operator has asked to remove, which the owner may still stop.
CREATE TABLE factor_resets (
    account_id BLOB    PRIMARY KEY NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    due_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX factor_resets_due ON factor_resets (due_at);

-- Whether an application may ask for access on a device by a code (RFC 8628).
ALTER TABLE oauth_clients ADD COLUMN device_grant INTEGER NOT NULL DEFAULT 0;

-- A device that was approved keeps its access when the browser in which that was done is signed out, so session_id may
-- be NULL. SQLite cannot drop NOT NULL, and a new table would take along the tokens that refer to it.
DROP INDEX oauth_grants_session;
ALTER TABLE oauth_grants ADD COLUMN session BLOB REFERENCES browser_sessions (id) ON DELETE CASCADE;
UPDATE oauth_grants SET session = session_id;
ALTER TABLE oauth_grants DROP COLUMN session_id;
ALTER TABLE oauth_grants RENAME COLUMN session TO session_id;
CREATE INDEX oauth_grants_session ON oauth_grants (session_id, client_id, id);

-- Devices that ask for access by a code, which a person enters in a browser (RFC 8628).
CREATE TABLE oauth_device_codes (
    -- SHA-256 of the device_code.
    hash         BLOB    PRIMARY KEY NOT NULL,
    -- SHA-256 of the user_code, without its hyphen.
    user_hash    BLOB    NOT NULL UNIQUE,
    client_id    TEXT    NOT NULL,
    -- Space-separated.
    scopes       TEXT    NOT NULL,
    -- The thumbprint of the only key with which it is exchanged (RFC 9449); NULL for any, and none.
    jkt          TEXT,
    -- Where it was asked for.
    address      TEXT    NOT NULL,
    user_agent   TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    -- How many seconds the device waits between two polls, and when the next may come.
    poll_seconds INTEGER NOT NULL,
    poll_at      INTEGER NOT NULL,
    -- Who approved it, with the account's auth_stamp then, and in which browser session; NULL until somebody does.
    account_id   BLOB    REFERENCES accounts (id) ON DELETE CASCADE,
    session_id   BLOB,
    auth_stamp   BLOB,
    denied_at    INTEGER,
    -- What it was exchanged for; NULL until it is.
    grant_id     BLOB
) STRICT;
CREATE INDEX oauth_device_codes_account ON oauth_device_codes (account_id);
CREATE INDEX oauth_device_codes_client ON oauth_device_codes (client_id);
CREATE INDEX oauth_device_codes_expiry ON oauth_device_codes (expires_at);

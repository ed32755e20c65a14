-- Whether an application may ask for access on a device by a code (RFC 8628).
ALTER TABLE oauth_clients ADD COLUMN device_grant BOOLEAN NOT NULL DEFAULT false;

-- A device that was approved keeps its access when the browser in which that was done is signed out.
ALTER TABLE oauth_grants ALTER COLUMN session_id DROP NOT NULL;

-- Devices that ask for access by a code, which a person enters in a browser (RFC 8628).
CREATE TABLE oauth_device_codes (
    -- SHA-256 of the device_code.
    hash         BYTEA       PRIMARY KEY NOT NULL,
    -- SHA-256 of the user_code, without its hyphen.
    user_hash    BYTEA       NOT NULL UNIQUE,
    client_id    TEXT        NOT NULL,
    -- Space-separated.
    scopes       TEXT        NOT NULL,
    -- The thumbprint of the only key with which it is exchanged (RFC 9449); NULL for any, and none.
    jkt          TEXT,
    -- Where it was asked for.
    address      TEXT        NOT NULL,
    user_agent   TEXT        NOT NULL,
    created_at   TIMESTAMPTZ NOT NULL,
    expires_at   TIMESTAMPTZ NOT NULL,
    -- How many seconds the device waits between two polls, and when the next may come.
    poll_seconds BIGINT      NOT NULL,
    poll_at      TIMESTAMPTZ NOT NULL,
    -- Who approved it, with the account's auth_stamp then, and in which browser session; NULL until somebody does.
    account_id   UUID        REFERENCES accounts (id) ON DELETE CASCADE,
    session_id   UUID,
    auth_stamp   BYTEA,
    denied_at    TIMESTAMPTZ,
    -- What it was exchanged for; NULL until it is.
    grant_id     UUID
);
CREATE INDEX oauth_device_codes_account ON oauth_device_codes (account_id);
CREATE INDEX oauth_device_codes_client ON oauth_device_codes (client_id);
CREATE INDEX oauth_device_codes_expiry ON oauth_device_codes (expires_at);

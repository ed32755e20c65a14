-- Codes that were sent by mail and not used yet, see src/features/email_codes/.
CREATE TABLE email_codes (
    -- SHA-256 of what the code is bound to: the handle that the browser or the client has.
    hash       BLOB    PRIMARY KEY NOT NULL,
    -- SHA-256 of that handle and the code, so that the code cannot be found from what is stored.
    code       BLOB    NOT NULL,
    -- NULL where somebody asked for a code and no mail was sent, such as for an unknown address.
    account_id BLOB    REFERENCES accounts (id) ON DELETE CASCADE,
    -- The account's auth_stamp and address when the code was sent.
    auth_stamp BLOB,
    email      TEXT    NOT NULL,
    -- 'session' or 'token': the door at which somebody signs in with it; 'account' if it proves a known account.
    door       TEXT    NOT NULL,
    -- What the sign-in asked for, as JSON.
    wants      TEXT    NOT NULL,
    tries      INTEGER NOT NULL DEFAULT 0,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX email_codes_account ON email_codes (account_id);
CREATE INDEX email_codes_expiry ON email_codes (expires_at);

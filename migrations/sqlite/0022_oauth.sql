-- Applications that may ask people for access (RFC 6749), beside those in the settings.
CREATE TABLE oauth_clients (
    -- The client_id.
    id            TEXT    PRIMARY KEY NOT NULL,
    -- Who registered it; NULL where an operator did.
    account_id    BLOB    REFERENCES accounts (id) ON DELETE CASCADE,
    name          TEXT    NOT NULL,
    -- Space-separated, as are the origins of its pages.
    redirect_uris TEXT    NOT NULL,
    origins       TEXT    NOT NULL,
    -- SHA-256 of its secret; NULL for a public client.
    secret_hash   BLOB,
    created_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX oauth_clients_account ON oauth_clients (account_id, id);
CREATE INDEX oauth_clients_origins ON oauth_clients (origins) WHERE origins <> '';

-- What a person lets an application do, from one of their browser sessions on. It ends with that.
CREATE TABLE oauth_grants (
    id             BLOB    PRIMARY KEY NOT NULL,
    account_id     BLOB    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    session_id     BLOB    NOT NULL REFERENCES browser_sessions (id) ON DELETE CASCADE,
    client_id      TEXT    NOT NULL,
    -- Space-separated.
    scopes         TEXT    NOT NULL,
    -- The account's when it was given.
    password_stamp BLOB    NOT NULL,
    -- The thumbprint of the key that its refresh tokens are bound to (RFC 9449 section 5); NULL if they are not.
    jkt            TEXT,
    -- SHA-256 of the part that all its refresh tokens have in common.
    family_hash    BLOB    NOT NULL UNIQUE,
    created_at     INTEGER NOT NULL,
    -- When it ends, even if it is refreshed.
    ends_at        INTEGER NOT NULL,
    refreshed_at   INTEGER NOT NULL,
    revoked_at     INTEGER
) STRICT;
CREATE INDEX oauth_grants_account ON oauth_grants (account_id, client_id, id);
CREATE INDEX oauth_grants_session ON oauth_grants (session_id, client_id, id);
CREATE INDEX oauth_grants_client ON oauth_grants (client_id);
CREATE INDEX oauth_grants_end ON oauth_grants (ends_at);
CREATE INDEX oauth_grants_revoked ON oauth_grants (revoked_at) WHERE revoked_at IS NOT NULL;

-- Authorization codes.
CREATE TABLE oauth_codes (
    -- SHA-256 of the code.
    hash         BLOB    PRIMARY KEY NOT NULL,
    account_id   BLOB    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    session_id   BLOB    NOT NULL REFERENCES browser_sessions (id) ON DELETE CASCADE,
    client_id    TEXT    NOT NULL,
    redirect_uri TEXT    NOT NULL,
    scopes       TEXT    NOT NULL,
    -- The code_challenge (RFC 7636), always S256.
    challenge    TEXT    NOT NULL,
    -- The thumbprint of the only key with which it is exchanged (RFC 9449 section 10); NULL for any, and none.
    jkt          TEXT,
    -- The account's auth_stamp when the code was given.
    auth_stamp   BLOB    NOT NULL,
    expires_at   INTEGER NOT NULL,
    -- What it was exchanged for; NULL until it is.
    grant_id     BLOB
) STRICT;
CREATE INDEX oauth_codes_account ON oauth_codes (account_id);
CREATE INDEX oauth_codes_session ON oauth_codes (session_id);
CREATE INDEX oauth_codes_expiry ON oauth_codes (expires_at);

-- The newest refresh tokens of each grant. Whatever else its clients send was exchanged before.
CREATE TABLE oauth_refresh_tokens (
    -- SHA-256 of the token.
    hash     BLOB    PRIMARY KEY NOT NULL,
    grant_id BLOB    NOT NULL REFERENCES oauth_grants (id) ON DELETE CASCADE,
    -- When it was exchanged, and what its successor is made of, beside the token itself.
    used_at  INTEGER,
    salt     BLOB
) STRICT;
CREATE INDEX oauth_refresh_tokens_grant ON oauth_refresh_tokens (grant_id);

-- The grant of an access token that an application got.
ALTER TABLE tokens ADD COLUMN grant_id BLOB REFERENCES oauth_grants (id) ON DELETE CASCADE;
CREATE INDEX tokens_grant ON tokens (grant_id, id) WHERE grant_id IS NOT NULL;

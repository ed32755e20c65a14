-- Times are microseconds since 1970-01-01T00:00:00Z, ids are UUIDv7 as 16 bytes.

CREATE TABLE accounts (
    id            BLOB    PRIMARY KEY NOT NULL,
    email         TEXT    NOT NULL UNIQUE,
    name          TEXT    NOT NULL,
    password_hash TEXT    NOT NULL,
    -- Random, replaced with the password: every session that remembers an older one is over.
    auth_stamp    BLOB    NOT NULL,
    created_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE sign_ins (
    id         BLOB    PRIMARY KEY NOT NULL,
    account_id BLOB    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    user_agent TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sign_ins_account ON sign_ins (account_id, id);
CREATE INDEX sign_ins_expiry ON sign_ins (expires_at);

CREATE TABLE tokens (
    id           BLOB    PRIMARY KEY NOT NULL,
    account_id   BLOB    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name         TEXT    NOT NULL,
    -- SHA-256 of the token. The token itself is nowhere.
    hash         BLOB    NOT NULL UNIQUE,
    -- Space-separated, as in RFC 6749 section 3.3.
    scopes       TEXT    NOT NULL,
    -- 'person' (made on the tokens page) or 'login' (POST login).
    issued_by    TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    last_used_at INTEGER,
    revoked_at   INTEGER
) STRICT;
CREATE INDEX tokens_account ON tokens (account_id, id);

CREATE TABLE notes (
    id         BLOB    PRIMARY KEY NOT NULL,
    account_id BLOB    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    title      TEXT    NOT NULL,
    body       TEXT    NOT NULL,
    -- Grows by one with each change: the note's ETag.
    version    INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX notes_account ON notes (account_id, id);

-- The shape is tower-sessions-sqlx-store's. `id` is a hash, inside `data` too.
CREATE TABLE tower_sessions (
    id          TEXT PRIMARY KEY NOT NULL,
    data        BLOB NOT NULL,
    expiry_date TEXT NOT NULL
) STRICT;
CREATE INDEX tower_sessions_expiry ON tower_sessions (expiry_date);

-- The thumbprint (RFC 7638) of the key that a token is bound to (RFC 9449); NULL if whoever has it may use it.
ALTER TABLE tokens ADD COLUMN jkt TEXT;

-- Proofs that were used, until they are too old to be accepted.
CREATE TABLE dpop_proofs (
    -- SHA-256 of the key's thumbprint and the proof's jti.
    hash       BLOB    PRIMARY KEY NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX dpop_proofs_expiry ON dpop_proofs (expires_at);

-- Keys that all instances share.
CREATE TABLE server_keys (
    name       TEXT    PRIMARY KEY NOT NULL,
    secret     BLOB    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

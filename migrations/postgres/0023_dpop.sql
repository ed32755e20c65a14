-- The thumbprint (RFC 7638) of the key that a token is bound to (RFC 9449); NULL if whoever has it may use it.
ALTER TABLE tokens ADD COLUMN jkt TEXT;

-- Proofs that were used, until they are too old to be accepted.
CREATE TABLE dpop_proofs (
    -- SHA-256 of the key's thumbprint and the proof's jti.
    hash       BYTEA       NOT NULL PRIMARY KEY,
    expires_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX dpop_proofs_expiry ON dpop_proofs (expires_at);

-- Keys that all instances share.
CREATE TABLE server_keys (
    name       TEXT        NOT NULL PRIMARY KEY,
    secret     BYTEA       NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);

-- Browsers an account was signed in to before, by their device cookie, see src/accounts/familiar/.
CREATE TABLE known_devices (
    account_id   UUID  NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    -- SHA-256 of what stands in the cookie, which is nowhere.
    hash         BYTEA NOT NULL,
    -- When somebody last signed in with it.
    last_used_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (account_id, hash)
);
CREATE INDEX known_devices_hash ON known_devices (hash);
CREATE INDEX known_devices_last_used ON known_devices (last_used_at);

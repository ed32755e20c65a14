-- Passkeys (WebAuthn), see src/features/passkeys/.
CREATE TABLE passkeys (
    id              BLOB    NOT NULL PRIMARY KEY,
    account_id      BLOB    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    -- What the authenticator calls it.
    credential_id   BLOB    NOT NULL UNIQUE,
    public_key      BLOB    NOT NULL,
    -- How often it was used, as the authenticator counts; 0 where it does not count.
    sign_count      INTEGER NOT NULL,
    -- Whether it may be copied to other devices, and whether it was.
    backup_eligible INTEGER NOT NULL,
    backed_up       INTEGER NOT NULL,
    -- The model of the authenticator (AAGUID); zeros where it does not say.
    aaguid          BLOB    NOT NULL,
    name            TEXT    NOT NULL,
    created_at      INTEGER NOT NULL,
    last_used_at    INTEGER
) STRICT;
CREATE INDEX passkeys_account ON passkeys (account_id, id);

-- Challenges that were given to a browser and not answered yet.
CREATE TABLE passkey_challenges (
    challenge  BLOB    NOT NULL PRIMARY KEY,
    -- The account that adds a passkey; NULL where somebody signs in.
    account_id BLOB    REFERENCES accounts (id) ON DELETE CASCADE,
    -- What was asked for, with which the answer is compared.
    state      BLOB    NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX passkey_challenges_account ON passkey_challenges (account_id);
CREATE INDEX passkey_challenges_expiry ON passkey_challenges (expires_at);

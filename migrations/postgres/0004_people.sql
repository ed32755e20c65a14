-- Since when an operator keeps the account's owner out; NULL lets them in.
ALTER TABLE accounts ADD COLUMN disabled_at TIMESTAMPTZ;

-- Browsers an account was signed in from: whoever comes with another is news to its owner.
CREATE TABLE browsers (
    account_id UUID  NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    -- SHA-256 of what the browser is and of the network it is in.
    key        BYTEA NOT NULL,
    PRIMARY KEY (account_id, key)
);

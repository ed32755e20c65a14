-- When the address was first shown to be the person's: by a link that was mailed there.
ALTER TABLE accounts ADD COLUMN confirmed_at INTEGER;

-- When the password was last given in this browser. Of sign-ins from before, that is not known.
ALTER TABLE sign_ins ADD COLUMN proved_at INTEGER NOT NULL DEFAULT 0;

-- Links in mails. An account has one of each purpose: a new one takes the place of the one before.
CREATE TABLE mail_links (
    account_id BLOB    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    -- 'confirm', 'email' or 'reset'.
    purpose    TEXT    NOT NULL,
    -- SHA-256 of what stands in the link, which is nowhere.
    hash       BLOB    NOT NULL UNIQUE,
    -- Where it was sent.
    sent_to    TEXT    NOT NULL,
    -- The account's address and stamp at the time: once either has changed, the link is void.
    email      TEXT    NOT NULL,
    auth_stamp BLOB    NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (account_id, purpose)
) STRICT;
CREATE INDEX mail_links_expiry ON mail_links (expires_at);

ALTER TABLE tokens ADD COLUMN parent_id BLOB REFERENCES tokens (id) ON DELETE SET NULL;
-- The origins it works from, space-separated; empty where it works from anywhere.
ALTER TABLE tokens ADD COLUMN origins TEXT NOT NULL DEFAULT '';
-- `expires_at` is when it ends unless it is renewed; this, when it ends in any case. The first is never later.
ALTER TABLE tokens ADD COLUMN ends_at INTEGER NOT NULL DEFAULT 0;
-- Each use lets it go on for so many days; 0 where it is not renewed.
ALTER TABLE tokens ADD COLUMN renew_days INTEGER NOT NULL DEFAULT 0;
-- Where it was last used from, empty if that is not known.
ALTER TABLE tokens ADD COLUMN last_used_from TEXT NOT NULL DEFAULT '';
-- How many days before its end the owner is told next; 0 where no mail is to come.
ALTER TABLE tokens ADD COLUMN warn_days INTEGER NOT NULL DEFAULT 0;
UPDATE tokens SET ends_at = expires_at,
    warn_days = CASE WHEN issued_by = 'person' AND expires_at - created_at > 604800000000 THEN 7 ELSE 0 END;
CREATE INDEX tokens_parent ON tokens (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX tokens_origins ON tokens (origins) WHERE origins <> '';
CREATE INDEX tokens_expiry ON tokens (expires_at);
CREATE INDEX tokens_revoked ON tokens (revoked_at) WHERE revoked_at IS NOT NULL;
CREATE INDEX tokens_to_warn ON tokens (ends_at) WHERE warn_days > 0;

-- What was done for a request with an Idempotency-Key, see src/idempotency/.
CREATE TABLE idempotency (
    -- SHA-256 of the account, the place and the key.
    key         BLOB    PRIMARY KEY NOT NULL,
    account_id  BLOB    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    -- SHA-256 of what was asked.
    fingerprint BLOB    NOT NULL,
    -- The id of what is made.
    subject_id  BLOB    NOT NULL,
    begun_at    INTEGER NOT NULL,
    -- What was answered, as JSON; nothing as long as it is being done.
    answer      TEXT
) STRICT;
CREATE INDEX idempotency_begun ON idempotency (begun_at);
CREATE INDEX idempotency_account ON idempotency (account_id);

ALTER TABLE tokens
    ADD COLUMN parent_id      UUID        REFERENCES tokens (id) ON DELETE SET NULL,
    -- The origins it works from, space-separated; empty where it works from anywhere.
    ADD COLUMN origins        TEXT        NOT NULL DEFAULT '',
    -- `expires_at` is when it ends unless it is renewed; this, when it ends in any case. The first is never later.
    ADD COLUMN ends_at        TIMESTAMPTZ,
    -- Each use lets it go on for so many days; 0 where it is not renewed.
    ADD COLUMN renew_days     BIGINT      NOT NULL DEFAULT 0,
    -- Where it was last used from, empty if that is not known.
    ADD COLUMN last_used_from TEXT        NOT NULL DEFAULT '',
    -- How many days before its end the owner is told next; 0 where no mail is to come.
    ADD COLUMN warn_days      BIGINT      NOT NULL DEFAULT 0;
UPDATE tokens SET ends_at = expires_at,
    warn_days = CASE WHEN issued_by = 'person' AND expires_at - created_at > INTERVAL '7 days' THEN 7 ELSE 0 END;
ALTER TABLE tokens ALTER COLUMN ends_at SET NOT NULL;
CREATE INDEX tokens_parent ON tokens (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX tokens_origins ON tokens (origins) WHERE origins <> '';
CREATE INDEX tokens_expiry ON tokens (expires_at);
CREATE INDEX tokens_revoked ON tokens (revoked_at) WHERE revoked_at IS NOT NULL;
CREATE INDEX tokens_to_warn ON tokens (ends_at) WHERE warn_days > 0;

-- How many tokens work that the owner of the account made. It is volatile, so it counts what is committed when it is
-- called, not when the statement that calls it began: after that has waited for a lock, the two differ.
CREATE OR REPLACE FUNCTION tokens_at_work(account UUID, moment TIMESTAMPTZ) RETURNS BIGINT
    LANGUAGE sql VOLATILE
    AS $$
        SELECT count(*) FROM tokens
        WHERE account_id = account AND issued_by <> 'login' AND revoked_at IS NULL AND expires_at > moment
    $$;

-- What was done for a request with an Idempotency-Key, see src/idempotency/.
CREATE TABLE idempotency (
    -- SHA-256 of the account, the place and the key.
    key         BYTEA       PRIMARY KEY NOT NULL,
    account_id  UUID        NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    -- SHA-256 of what was asked.
    fingerprint BYTEA       NOT NULL,
    -- The id of what is made.
    subject_id  UUID        NOT NULL,
    begun_at    TIMESTAMPTZ NOT NULL,
    -- What was answered, as JSON; nothing as long as it is being done.
    answer      TEXT
);
CREATE INDEX idempotency_begun ON idempotency (begun_at);
CREATE INDEX idempotency_account ON idempotency (account_id);

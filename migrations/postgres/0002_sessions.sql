ALTER TABLE sign_ins
    -- Where it was last seen from, empty if that is not known.
    ADD COLUMN address      TEXT        NOT NULL DEFAULT '',
    -- Whether "keep me signed in" was chosen.
    ADD COLUMN remembered   BOOLEAN     NOT NULL DEFAULT FALSE,
    -- To the minute.
    ADD COLUMN last_seen_at TIMESTAMPTZ,
    -- `expires_at` is when it ends unless it is used again; this, when it ends whether or not it is used.
    ADD COLUMN ends_at      TIMESTAMPTZ;
-- Until now only "keep me signed in" lasted longer than a day.
UPDATE sign_ins
    SET remembered = expires_at - created_at > INTERVAL '1 day', last_seen_at = created_at, ends_at = expires_at;
ALTER TABLE sign_ins
    ALTER COLUMN remembered DROP DEFAULT,
    ALTER COLUMN last_seen_at SET NOT NULL,
    ALTER COLUMN ends_at SET NOT NULL;

-- What was tried too often, see src/throttle/.
CREATE TABLE throttle (
    -- SHA-256 of what is counted, and for whom.
    key        BYTEA       PRIMARY KEY NOT NULL,
    -- When everything counted here is forgiven.
    due_at     TIMESTAMPTZ NOT NULL,
    -- The last time something was counted, and the time before that.
    counted_at TIMESTAMPTZ NOT NULL,
    before_at  TIMESTAMPTZ NOT NULL
);
CREATE INDEX throttle_due ON throttle (due_at);

-- What happened to an account. Rows are added and swept, never changed.
CREATE TABLE activity (
    id            UUID        PRIMARY KEY NOT NULL,
    account_id    UUID        NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    at            TIMESTAMPTZ NOT NULL,
    kind          TEXT        NOT NULL,
    -- What let the person in: 'password', 'session' or 'token', and which of them.
    credential    TEXT        NOT NULL,
    credential_id UUID,
    -- The sign-in or the token it is about, and what to call that.
    subject_id    UUID,
    subject       TEXT        NOT NULL,
    address       TEXT        NOT NULL,
    browser       TEXT        NOT NULL
);
CREATE INDEX activity_account ON activity (account_id, id);
CREATE INDEX activity_at ON activity (at);

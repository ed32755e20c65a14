-- Made anew, because SQLite adds no column without a default that fits every row.
CREATE TABLE sign_ins_anew (
    id           BLOB    PRIMARY KEY NOT NULL,
    account_id   BLOB    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    user_agent   TEXT    NOT NULL,
    -- Where it was last seen from, empty if that is not known.
    address      TEXT    NOT NULL DEFAULT '',
    -- Whether "keep me signed in" was chosen.
    remembered   INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    -- To the minute.
    last_seen_at INTEGER NOT NULL,
    -- When it ends unless it is used again, and when it ends whether or not it is used. The first is never later.
    expires_at   INTEGER NOT NULL,
    ends_at      INTEGER NOT NULL
) STRICT;
-- Until now only "keep me signed in" lasted longer than a day.
INSERT INTO sign_ins_anew (id, account_id, user_agent, remembered, created_at, last_seen_at, expires_at, ends_at)
    SELECT id, account_id, user_agent, expires_at - created_at > 86400000000, created_at, created_at, expires_at, expires_at
    FROM sign_ins;
DROP TABLE sign_ins;
ALTER TABLE sign_ins_anew RENAME TO sign_ins;
CREATE INDEX sign_ins_account ON sign_ins (account_id, id);
CREATE INDEX sign_ins_expiry ON sign_ins (expires_at);

-- What was tried too often, see src/throttle/.
CREATE TABLE throttle (
    -- SHA-256 of what is counted, and for whom.
    key        BLOB    PRIMARY KEY NOT NULL,
    -- When everything counted here is forgiven.
    due_at     INTEGER NOT NULL,
    -- The last time something was counted, and the time before that.
    counted_at INTEGER NOT NULL,
    before_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX throttle_due ON throttle (due_at);

-- What happened to an account. Rows are added and swept, never changed.
CREATE TABLE activity (
    id            BLOB    PRIMARY KEY NOT NULL,
    account_id    BLOB    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    at            INTEGER NOT NULL,
    kind          TEXT    NOT NULL,
    -- What let the person in: 'password', 'session' or 'token', and which of them.
    credential    TEXT    NOT NULL,
    credential_id BLOB,
    -- The sign-in or the token it is about, and what to call that.
    subject_id    BLOB,
    subject       TEXT    NOT NULL,
    address       TEXT    NOT NULL,
    browser       TEXT    NOT NULL
) STRICT;
CREATE INDEX activity_account ON activity (account_id, id);
CREATE INDEX activity_at ON activity (at);

-- Mails on their way to the mail server, and for some days what became of them, see src/mail/.
CREATE TABLE outgoing_mails (
    -- Also the mail's Message-ID.
    id         UUID        PRIMARY KEY,
    kind       TEXT        NOT NULL,
    recipient  TEXT        NOT NULL,
    -- Subject and paragraphs, as JSON; it may have a link that opens an account. NULL once it is of no more use.
    content    TEXT,
    -- 'waiting', 'sent', 'failed', 'expired', 'replaced' by a newer one, or 'dropped' after a restore.
    state      TEXT        NOT NULL,
    -- 0 where somebody waits for it, 1 otherwise.
    priority   BIGINT      NOT NULL,
    attempts   BIGINT      NOT NULL DEFAULT 0,
    -- When it is tried next. Whoever sends it moves this into the future, and so has it until then.
    due_at     TIMESTAMPTZ NOT NULL,
    -- Who sends it.
    claim      UUID,
    -- What the mail server answered last, in its own words.
    answer     TEXT        NOT NULL DEFAULT '',
    created_at TIMESTAMPTZ NOT NULL,
    -- Since when it is tried: a day later it is given up.
    tried_from TIMESTAMPTZ NOT NULL,
    -- When what it brings stops working; NULL if it brings nothing that does.
    expires_at TIMESTAMPTZ,
    ended_at   TIMESTAMPTZ
);
CREATE INDEX outgoing_mails_due ON outgoing_mails (priority, due_at) WHERE state = 'waiting';
CREATE INDEX outgoing_mails_kind ON outgoing_mails (recipient, kind) WHERE state = 'waiting';
CREATE INDEX outgoing_mails_expiry ON outgoing_mails (expires_at) WHERE content IS NOT NULL;
CREATE INDEX outgoing_mails_ended ON outgoing_mails (ended_at) WHERE ended_at IS NOT NULL;

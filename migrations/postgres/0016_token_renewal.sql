ALTER TABLE tokens
    -- By how many seconds POST token/renew prolongs a token; 0 where it does not.
    ADD COLUMN renew_seconds          BIGINT      NOT NULL DEFAULT 0,
    -- When the password was last given by the client with this token, and the account's auth_stamp then; NULL if it
    -- never was.
    ADD COLUMN reauthenticated_at     TIMESTAMPTZ,
    ADD COLUMN reauthentication_stamp BYTEA;
UPDATE tokens SET renew_seconds = renew_days * 86400 WHERE renew_days > 0;

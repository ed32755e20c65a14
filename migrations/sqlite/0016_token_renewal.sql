-- By how many seconds POST token/renew prolongs a token; 0 where it does not.
ALTER TABLE tokens ADD COLUMN renew_seconds INTEGER NOT NULL DEFAULT 0;
UPDATE tokens SET renew_seconds = renew_days * 86400 WHERE renew_days > 0;
-- When the password was last given by the client with this token, and the account's auth_stamp then; NULL if it never
-- was.
ALTER TABLE tokens ADD COLUMN reauthenticated_at INTEGER;
ALTER TABLE tokens ADD COLUMN reauthentication_stamp BLOB;

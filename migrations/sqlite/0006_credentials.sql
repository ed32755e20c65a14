-- Replaced with the password, and by nothing else: what was made with an older one is over.
ALTER TABLE accounts ADD COLUMN password_stamp BLOB NOT NULL DEFAULT x'';
UPDATE accounts SET password_stamp = auth_stamp;
-- The account's when POST login gave the token, or the one it descends from; NULL where a person made it.
ALTER TABLE tokens ADD COLUMN password_stamp BLOB;
WITH RECURSIVE made (id) AS (
    SELECT id FROM tokens WHERE issued_by = 'login'
    UNION SELECT tokens.id FROM tokens JOIN made ON tokens.parent_id = made.id)
UPDATE tokens SET password_stamp = (SELECT password_stamp FROM accounts WHERE accounts.id = tokens.account_id)
WHERE id IN (SELECT id FROM made);

-- What a token has made ends no later than it does now. Where the token that made it was deleted, that had ended.
WITH RECURSIVE bounds (id, until) AS (
    SELECT id, CASE WHEN issued_by = 'token' THEN MIN(expires_at, unixepoch() * 1000000)
        ELSE COALESCE(revoked_at, expires_at) END
    FROM tokens WHERE parent_id IS NULL
    UNION SELECT tokens.id, MIN(bounds.until, COALESCE(tokens.revoked_at, tokens.expires_at))
    FROM tokens JOIN bounds ON tokens.parent_id = bounds.id)
UPDATE tokens SET expires_at = MIN(tokens.expires_at, bounds.until), ends_at = MIN(tokens.ends_at, bounds.until)
FROM bounds WHERE bounds.id = tokens.id AND tokens.issued_by = 'token' AND tokens.ends_at > bounds.until;

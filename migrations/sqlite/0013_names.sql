-- The tables and columns are named as other systems name them. Nothing in them changes. A server of an earlier version
-- cannot go on beside this one: stop all of them before the first of this version starts.

ALTER TABLE accounts RENAME COLUMN confirmed_at TO email_verified_at;

-- The browsers that are signed in.
ALTER TABLE sign_ins RENAME TO browser_sessions;
-- When the password was last given in this browser.
ALTER TABLE browser_sessions RENAME COLUMN proved_at TO reauthenticated_at;
DROP INDEX sign_ins_account;
DROP INDEX sign_ins_expiry;
CREATE INDEX browser_sessions_account ON browser_sessions (account_id, id);
CREATE INDEX browser_sessions_expiry ON browser_sessions (expires_at);

-- Attempts counted against the rate limits of passwords and mail.
ALTER TABLE throttle RENAME TO rate_limit_attempts;
DROP INDEX throttle_due;
CREATE INDEX rate_limit_attempts_due ON rate_limit_attempts (due_at);

-- Links in mails, each good for one use.
ALTER TABLE mail_links RENAME TO one_time_links;
DROP INDEX mail_links_expiry;
CREATE INDEX one_time_links_expiry ON one_time_links (expires_at);

-- Kinds of browsers an account was signed in from. A sign-in from another is reported to the owner.
ALTER TABLE browsers RENAME TO known_browsers;

-- The tables and columns are named as other systems name them. Nothing in them changes. A server of an earlier version
-- cannot go on beside this one: stop all of them before the first of this version starts.

ALTER TABLE accounts RENAME COLUMN confirmed_at TO email_verified_at;

-- The browsers that are signed in.
ALTER TABLE sign_ins RENAME TO browser_sessions;
-- When the password was last given in this browser.
ALTER TABLE browser_sessions RENAME COLUMN proved_at TO reauthenticated_at;
ALTER TABLE browser_sessions RENAME CONSTRAINT sign_ins_pkey TO browser_sessions_pkey;
ALTER TABLE browser_sessions RENAME CONSTRAINT sign_ins_account_id_fkey TO browser_sessions_account_id_fkey;
ALTER INDEX sign_ins_account RENAME TO browser_sessions_account;
ALTER INDEX sign_ins_expiry RENAME TO browser_sessions_expiry;

-- Attempts counted against the rate limits of passwords and mail.
ALTER TABLE throttle RENAME TO rate_limit_attempts;
ALTER TABLE rate_limit_attempts RENAME CONSTRAINT throttle_pkey TO rate_limit_attempts_pkey;
ALTER INDEX throttle_due RENAME TO rate_limit_attempts_due;

-- Links in mails, each good for one use.
ALTER TABLE mail_links RENAME TO one_time_links;
ALTER TABLE one_time_links RENAME CONSTRAINT mail_links_pkey TO one_time_links_pkey;
ALTER TABLE one_time_links RENAME CONSTRAINT mail_links_hash_key TO one_time_links_hash_key;
ALTER TABLE one_time_links RENAME CONSTRAINT mail_links_account_id_fkey TO one_time_links_account_id_fkey;
ALTER INDEX mail_links_expiry RENAME TO one_time_links_expiry;

-- Kinds of browsers an account was signed in from. A sign-in from another is reported to the owner.
ALTER TABLE browsers RENAME TO known_browsers;
ALTER TABLE known_browsers RENAME CONSTRAINT browsers_pkey TO known_browsers_pkey;
ALTER TABLE known_browsers RENAME CONSTRAINT browsers_account_id_fkey TO known_browsers_account_id_fkey;

-- What an application may ask for at most, space-separated; empty for whatever the site offers.
ALTER TABLE oauth_clients ADD COLUMN scopes TEXT NOT NULL DEFAULT '';
-- What people see beside its name; empty for the first letters of the name.
ALTER TABLE oauth_clients ADD COLUMN letter TEXT NOT NULL DEFAULT '';
-- Whether its tokens have to be bound to a key (dpop_bound_access_tokens, RFC 9449 section 5.2).
ALTER TABLE oauth_clients ADD COLUMN requires_key INTEGER NOT NULL DEFAULT 0;
-- Whether new tokens of the account have to be bound to a key.
ALTER TABLE accounts ADD COLUMN requires_key INTEGER NOT NULL DEFAULT 0;

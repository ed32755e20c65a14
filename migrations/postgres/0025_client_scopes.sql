-- What an application may ask for at most, space-separated; empty for whatever the site offers.
ALTER TABLE oauth_clients
    ADD COLUMN scopes       TEXT    NOT NULL DEFAULT '',
    -- What people see beside its name; empty for the first letters of the name.
    ADD COLUMN letter       TEXT    NOT NULL DEFAULT '',
    -- Whether its tokens have to be bound to a key (dpop_bound_access_tokens, RFC 9449 section 5.2).
    ADD COLUMN requires_key BOOLEAN NOT NULL DEFAULT FALSE;
-- Whether new tokens of the account have to be bound to a key.
ALTER TABLE accounts ADD COLUMN requires_key BOOLEAN NOT NULL DEFAULT FALSE;

-- How many applications the account has registered. Volatile, so it counts what is committed when it is called, not when
-- the statement that calls it began: after that has waited for a lock, the two differ.
CREATE FUNCTION oauth_clients_of(account UUID) RETURNS BIGINT
    LANGUAGE sql VOLATILE
    AS $$ SELECT count(*) FROM oauth_clients WHERE account_id = account $$;

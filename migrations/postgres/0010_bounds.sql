-- The row that `/readyz` writes, to see whether the database takes writes.
CREATE TABLE IF NOT EXISTS readiness (
    id         BIGINT      PRIMARY KEY NOT NULL,
    written_at TIMESTAMPTZ NOT NULL
);

-- How many notes the account has. It is volatile, so it counts what is committed when it is called, not when the statement
-- that calls it began: after that has waited for a lock, the two differ.
CREATE OR REPLACE FUNCTION notes_kept(account UUID) RETURNS BIGINT
    LANGUAGE sql VOLATILE
    AS $$ SELECT count(*) FROM notes WHERE account_id = account $$;

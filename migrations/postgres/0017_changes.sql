-- How many changes there were to what the account has: the id of the newest row of `changes`.
ALTER TABLE accounts ADD COLUMN last_change BIGINT NOT NULL DEFAULT 0;

-- What was created, updated and deleted, for GET events. Triggers write a row with each change, in its transaction.
CREATE TABLE changes (
    account_id UUID        NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    -- 1, 2, 3 … for each account, counted in the account's row, which stays locked until the transaction commits. So
    -- none is visible before the one that precedes it. The numbers of a sequence could become visible in another order,
    -- and whoever has read the later one would never ask for the earlier one.
    id         BIGINT      NOT NULL,
    -- The last part of the resource's path, such as `notes`.
    resource   TEXT        NOT NULL,
    item_id    UUID        NOT NULL,
    -- That of the item after the change; the last it had if it was deleted.
    version    BIGINT      NOT NULL,
    -- 'created', 'updated' or 'deleted'.
    kind       TEXT        NOT NULL,
    at         TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (account_id, id)
);
CREATE INDEX changes_at ON changes (at);

-- The trigger of each resource, whose name is its argument. What is deleted with its account is not recorded: the
-- account is gone by then.
CREATE FUNCTION record_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    item   RECORD;
    number BIGINT;
BEGIN
    IF TG_OP = 'DELETE' THEN item := OLD; ELSE item := NEW; END IF;
    UPDATE accounts SET last_change = last_change + 1 WHERE id = item.account_id RETURNING last_change INTO number;
    IF FOUND THEN
        INSERT INTO changes (account_id, id, resource, item_id, version, kind, at)
        VALUES (item.account_id, number, TG_ARGV[0], item.id, item.version,
            CASE TG_OP WHEN 'INSERT' THEN 'created' WHEN 'UPDATE' THEN 'updated' ELSE 'deleted' END, clock_timestamp());
        -- The newest 1000 of each account are kept, and up to 99 more.
        IF number % 100 = 0 THEN
            DELETE FROM changes WHERE account_id = item.account_id AND id <= number - 1000;
        END IF;
    END IF;
    RETURN NULL;
END $$;

-- Each resource has these three.
CREATE TRIGGER notes_created AFTER INSERT ON notes
    FOR EACH ROW EXECUTE FUNCTION record_change('notes');
CREATE TRIGGER notes_updated AFTER UPDATE ON notes
    FOR EACH ROW WHEN (NEW.version <> OLD.version) EXECUTE FUNCTION record_change('notes');
CREATE TRIGGER notes_deleted AFTER DELETE ON notes
    FOR EACH ROW EXECUTE FUNCTION record_change('notes');

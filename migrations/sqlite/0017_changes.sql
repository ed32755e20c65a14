-- How many changes there were to what the account has: the id of the newest row of `changes`.
ALTER TABLE accounts ADD COLUMN last_change INTEGER NOT NULL DEFAULT 0;

-- What was created, updated and deleted, for GET events. Triggers write a row with each change, in its transaction.
CREATE TABLE changes (
    account_id BLOB    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    -- 1, 2, 3 … for each account. SQLite has one writer, so none is visible before the one that precedes it.
    id         INTEGER NOT NULL,
    -- The last part of the resource's path, such as `notes`.
    resource   TEXT    NOT NULL,
    item_id    BLOB    NOT NULL,
    -- That of the item after the change; the last it had if it was deleted.
    version    INTEGER NOT NULL,
    -- 'created', 'updated' or 'deleted'.
    kind       TEXT    NOT NULL,
    at         INTEGER NOT NULL,
    PRIMARY KEY (account_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX changes_at ON changes (at);

CREATE TRIGGER changes_counted AFTER INSERT ON changes BEGIN
    UPDATE accounts SET last_change = NEW.id WHERE id = NEW.account_id;
END;

-- The newest 1000 of each account are kept, and up to 99 more.
CREATE TRIGGER changes_kept AFTER INSERT ON changes WHEN NEW.id % 100 = 0 BEGIN
    DELETE FROM changes WHERE account_id = NEW.account_id AND id <= NEW.id - 1000;
END;

-- Each resource has these three. What is deleted with its account is not recorded: the account is gone by then.
CREATE TRIGGER notes_created AFTER INSERT ON notes BEGIN
    INSERT INTO changes (account_id, id, resource, item_id, version, kind, at)
    SELECT id, last_change + 1, 'notes', NEW.id, NEW.version, 'created',
        CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)
    FROM accounts WHERE id = NEW.account_id;
END;
CREATE TRIGGER notes_updated AFTER UPDATE ON notes WHEN NEW.version <> OLD.version BEGIN
    INSERT INTO changes (account_id, id, resource, item_id, version, kind, at)
    SELECT id, last_change + 1, 'notes', NEW.id, NEW.version, 'updated',
        CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)
    FROM accounts WHERE id = NEW.account_id;
END;
CREATE TRIGGER notes_deleted AFTER DELETE ON notes BEGIN
    INSERT INTO changes (account_id, id, resource, item_id, version, kind, at)
    SELECT id, last_change + 1, 'notes', OLD.id, OLD.version, 'deleted',
        CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)
    FROM accounts WHERE id = OLD.account_id;
END;

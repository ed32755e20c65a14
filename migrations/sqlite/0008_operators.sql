-- What the server tells the command line beside it, such as the public URL it was last served under.
CREATE TABLE server_info (
    key        TEXT    PRIMARY KEY NOT NULL,
    value      TEXT    NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

-- What operators did on the command line. It outlives the accounts it tells of, so there is no foreign key.
CREATE TABLE operator_log (
    id         BLOB    PRIMARY KEY NOT NULL,
    at         INTEGER NOT NULL,
    -- The user of the operating system, and the machine.
    operator   TEXT    NOT NULL,
    host       TEXT    NOT NULL,
    -- The command, such as 'accounts delete'.
    action     TEXT    NOT NULL,
    -- The account, the browser session or the token it was done to, and what to call that.
    subject_id BLOB,
    subject    TEXT    NOT NULL,
    -- 'done' or 'failed'; empty as long as it is being done.
    outcome    TEXT    NOT NULL
) STRICT;

-- The browser that a session record signs in, which until now only `data` said: with it, one statement reads the record,
-- the browser and its account. In `data`, it follows the key "user_id" as a MessagePack string of 36 bytes.
ALTER TABLE tower_sessions ADD COLUMN browser_session_id UUID;
UPDATE tower_sessions SET browser_session_id =
    CASE WHEN written ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN written::uuid END
    FROM (
        SELECT id AS record,
               encode(substring(data FROM position('\xA7757365725F6964D924'::bytea IN data) + 10 FOR 36), 'escape') AS written
        FROM tower_sessions WHERE position('\xA7757365725F6964D924'::bytea IN data) > 0
    ) AS owners
    WHERE tower_sessions.id = record;

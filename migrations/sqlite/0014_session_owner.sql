-- The browser that a session record signs in, which until now only `data` said: with it, one statement reads the record,
-- the browser and its account. In `data`, it follows the key "user_id" as a MessagePack string of 36 bytes.
ALTER TABLE tower_sessions ADD COLUMN browser_session_id BLOB;
UPDATE tower_sessions SET browser_session_id =
    unhex(CAST(substr(data, instr(data, X'A7757365725F6964D924') + 10, 36) AS TEXT), '-')
    WHERE instr(data, X'A7757365725F6964D924') > 0;

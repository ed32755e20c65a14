-- For the notes of an account in the order of their last change.
CREATE INDEX notes_changes ON notes (account_id, updated_at, id);

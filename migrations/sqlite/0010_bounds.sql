-- The row that `/readyz` writes, to see whether the database takes writes.
CREATE TABLE IF NOT EXISTS readiness (
    id         INTEGER PRIMARY KEY NOT NULL,
    written_at INTEGER NOT NULL
) STRICT;

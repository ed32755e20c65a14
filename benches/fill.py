"""Fills a database with many accounts, sessions, tokens and notes by SQL, with the server stopped.

Every row is a copy of one that the server wrote, with keys of its own, so that columns which are added need no change
here.
"""

import hashlib
import random

# The columns that make a copy a row of its own. Everything else is as in the row that is copied.
TABLES = {
    "accounts": ["id", "email"],
    "tokens": ["id", "account_id", "hash"],
    "browser_sessions": ["id", "account_id"],
    "tower_sessions": ["id"],
    "notes": ["id", "account_id"],
}
# Before all other rows, as UUIDv7: the year 2023.
FIRST_MILLISECOND = 1_672_531_200_000
WORDS = 2_000


def fill(kind, database, count):
    """Adds rows until there are `count` of each table."""
    (sqlite if kind.name == "sqlite" else postgresql)(kind, database, count)


def identifier(number):
    """A UUIDv7 in its 16 bytes; the same number always gives the same one, and a greater one a later one."""
    return (FIRST_MILLISECOND + number).to_bytes(6, "big") + b"\x70\x00\x80\x00" + number.to_bytes(6, "big")


def sqlite(kind, database, count):
    connection = kind.connect(database)
    for pragma in ("journal_mode = MEMORY", "synchronous = OFF", "foreign_keys = OFF", "cache_size = -500000"):
        connection.execute(f"PRAGMA {pragma}")
    connection.create_function("identifier", 1, identifier)
    connection.create_function("sha256", 1, lambda text: hashlib.sha256(text.encode()).digest())
    values = {
        "id": "identifier(n)",
        "account_id": "identifier(n)",
        "email": "'filler-' || n || '@example.net'",
        "hash": "sha256('token ' || n)",
        "text id": "substr(lower(hex(sha256('session ' || n))), 1, 22)",
    }
    connection.execute("BEGIN")
    # An index is built faster when the rows are there. Those of primary keys and unique columns have no statement.
    places = ", ".join(f"'{table}'" for table in TABLES)
    sql = f"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ({places})"
    indexes = connection.execute(sql).fetchall()
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}")
    for table, own in TABLES.items():
        names = [column[0] for column in connection.execute(f"SELECT * FROM {table} LIMIT 1").description]
        (there,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        connection.execute(
            f"""WITH RECURSIVE numbers (n) AS (VALUES (0) UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < ?)
            INSERT INTO {table} ({", ".join(names)}) SELECT {shown(table, names, own, values)}
            FROM numbers, (SELECT * FROM {table} LIMIT 1) AS template""",
            (count - there,),
        )
    for _, statement in indexes:
        connection.execute(statement)
    connection.execute("COMMIT")
    connection.execute("ANALYZE")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()


def shown(table, names, own, values):
    """The columns of a copy: those that are its own, and the others as in the row `template`."""
    made = {name: values["text id" if table == "tower_sessions" else name] for name in own}
    return ", ".join(made.get(name, f"template.{name}") for name in names)


def postgresql(kind, database, count):
    uuid = f"(lpad(to_hex({FIRST_MILLISECOND} + n), 12, '0') || '70008000' || lpad(to_hex(n), 12, '0'))::uuid"
    values = {
        "id": uuid,
        "account_id": uuid,
        "email": "'filler-' || n || '@example.net'",
        "hash": "sha256(('token ' || n)::bytea)",
        "text id": "left(encode(sha256(('session ' || n)::bytea), 'hex'), 22)",
    }
    for table, own in TABLES.items():
        sql = (
            f"SELECT column_name FROM information_schema.columns WHERE table_name = '{table}' ORDER BY ordinal_position"
        )
        names = [name for (name,) in kind.run(database, sql)]
        ((there,),) = kind.run(database, f"SELECT count(*) FROM {table}")
        # Foreign keys are not checked row by row: the rows they need are there.
        kind.run(
            database,
            f"""SET session_replication_role = replica;
            INSERT INTO {table} ({", ".join(names)}) SELECT {shown(table, names, own, values)}
            FROM (SELECT * FROM {table} LIMIT 1) AS template, generate_series(0, {count - int(there) - 1}) AS n""",
        )
    kind.run(database, "VACUUM ANALYZE")
    kind.run(database, "CHECKPOINT")


def notes(kind, database, account, count):
    """Adds notes of random words to one account. One in the middle has a word that no other has."""
    chance = random.Random(1)
    words = ["".join(chance.choices("aeiounrstlmdk", k=chance.randint(3, 9))) for _ in range(WORDS)]
    bodies = (" ".join(chance.choices(words, k=30)) for _ in range(count))
    bodies = ("Übung macht den Meister" if number == count // 2 else body for number, body in enumerate(bodies))
    rows = ((2_000_000_000 + number, f"note {number}", body) for number, body in enumerate(bodies))
    columns = "id, account_id, title, body, version, created_at, updated_at"
    owner = account.replace("-", "")
    if kind.name == "sqlite":
        connection = kind.connect(database)
        connection.execute("PRAGMA synchronous = OFF")
        statement = f"INSERT INTO notes ({columns}) VALUES (?, ?, ?, ?, 1, 0, 0)"
        connection.execute("BEGIN")
        values = ((identifier(number), bytes.fromhex(owner), title, body) for number, title, body in rows)
        connection.executemany(statement, values)
        connection.execute("COMMIT")
        connection.execute("ANALYZE")
        connection.close()
        return
    lines = "\n".join(
        f"{identifier(number).hex()}\t{owner}\t{title}\t{body}\t1\t2026-01-01Z\t2026-01-01Z"
        for number, title, body in rows
    )
    # Without the triggers that record changes: each would update the account's row, a version of it for each note.
    kind.run(
        database, f"SET session_replication_role = replica;\nCOPY notes ({columns}) FROM STDIN;\n{lines}\n\\.\n"
    )
    kind.run(database, "VACUUM ANALYZE notes")

"""The rows that every server has: three accounts, one with twenty notes that are read, one whose notes are written, and
one that signs in."""

import datetime

PASSWORD = "correct horse battery staple"
READER, WRITER, VISITOR = NAMES = ("reader", "writer", "visitor")
SENTENCE = "Oat milk, rye bread, lemons, and the good butter if there is any left by noon. "


def note(number):
    at = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(minutes=number)
    time = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    milliseconds = int(at.timestamp() * 1000)
    identifier = f"{milliseconds:012x}"
    return {
        "id": f"{identifier[:8]}-{identifier[8:]}-7000-8000-{number:012x}",
        "title": f"Groceries, week {number}",
        "body": SENTENCE * 2,
        "created_at": time,
        "updated_at": time,
    }


NOTES = [note(number) for number in range(20)]
DRAFT = {"title": "Groceries", "body": SENTENCE * 2}


def email(name):
    return f"{name}@example.org"


def wanted():
    """What a peer is asked to prepare."""
    accounts = [{"name": name, "email": email(name), "notes": NOTES if name == READER else []} for name in NAMES]
    return {"password": PASSWORD, "accounts": accounts}

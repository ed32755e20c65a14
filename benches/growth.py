"""The same reads at a thousand and at a million accounts, sessions, tokens and notes, and search in many notes."""

import time

import client
import fill
import measure
from load import Request
from measure import Cell
from server import Vestibule

# So many accounts of which the credentials are known take turns, so that no cache holds the one that is asked for.
PEOPLE = 100
SIZES = {"1e3": 1_000, "1e5": 100_000, "1e6": 1_000_000}
NOTES = 100_000
# A word of one note, of none, and one that many have.
TERMS = {"search-one": "%C3%BCbung", "search-none": "zanzibar", "search-many": "an"}


def sizes(options):
    return {name: SIZES[name] for name in SIZES if options.full or name != "1e5"}


def run(binary, kind, folder, options, results, say):
    first = Vestibule(binary, kind, "growth", folder)
    kind.create(first.database)
    servers = {}
    try:
        say(f"growth: signing {PEOPLE} people up")
        first.start()
        first.sign_up_many(PEOPLE)
        first.stop()
        for name, count in sizes(options).items():
            begun = time.monotonic()
            kind.copy(first.database, name)
            fill.fill(kind, name, count)
            if name == "1e3":
                fill.notes(kind, name, first.people[0]["id"], NOTES)
            say(f"growth: {count:,} accounts, sessions and tokens in {time.monotonic() - begun:.0f} s")
            servers[name] = server = Vestibule(binary, kind, name, folder)
            server.start()
            server.requests = reads(first.people[1:])
        cells = [
            Cell(server, subject, action, f"{kind.name}-{name}", 16, options.seconds)
            for name, server in servers.items()
            for subject, action in server.requests
        ]
        results["cells"] |= measure.rounds(cells, options.rounds, say)
        results["facts"] |= search(servers["1e3"], kind, first.people[0], say)
    finally:
        for server in [first, *servers.values()]:
            server.stop()


def reads(people):
    """Each person's own requests, in turn."""
    found = {}
    for door, mount in (("token", "/api/v1"), ("session", "/session/v1")):
        for action, path in (("me", "me"), ("list", "notes")):
            found[f"vestibule-{door}", action] = [Request("GET", f"{mount}/{path}", person[door]) for person in people]
    found["vestibule", "page"] = [Request("GET", "/notes", person["session"]) for person in people]
    return found


def search(server, kind, person, say):
    """How long searches take among the notes of one account, in milliseconds: the middle and the longest of some."""
    facts = {}
    for name, term in TERMS.items():
        took, refused = [], 0
        for _ in range(7):
            begun = time.monotonic()
            answer = client.call(server.port, "GET", f"/api/v1/notes?q={term}", None, person["token"])
            took.append(round(1000 * (time.monotonic() - begun), 1))
            refused += answer.status != 200
        facts[f"{name}_ms/{kind.name}"] = took
        facts[f"{name}_refused/{kind.name}"] = [refused]
        say(f"growth: {name} among {NOTES:,} notes: {sorted(took)[3]} ms, at most {max(took)} ms, {refused} refused")
    return facts

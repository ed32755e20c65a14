"""What the application should cost, as ratios within one run, and whether it does.

A row: what it says, what is measured, what that is divided by (or nothing), and the limit. A measurement is the CPU
time of a cell (`subject/action/database/connections`) or a fact (`fact:name`).
"""

from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Target:
    """`sense` is "at most", "at least", or "within": of the limit, in either direction."""

    says: str
    measured: str
    divided_by: str
    limit: float
    sense: str = "at most"
    unit: str = "×"


TOKEN, SESSION = "vestibule-token", "vestibule-session"
DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def of_each_database():
    for kind, name in DATABASES.items():
        token, session = f"{TOKEN}/list/{kind}/16", f"{SESSION}/list/{kind}/16"
        for says, theirs, ours, limit in (
            ("Knox's CPU time for a list, ours by token = 1", "knox", token, 20),
            ("better-auth's for a list by token, ours by token = 1", "better-auth-token", token, 7),
            ("Django's for a list by session, ours by session = 1", "django-session", session, 20),
            ("better-auth's for a list by session, ours by session = 1", "better-auth-session", session, 5),
        ):
            yield Target(f"{says} ({name})", f"{theirs}/list/{kind}/16", ours, limit, "at least")
        yield Target(f"A list by session, by token = 1 ({name})", session, token, 1.1, "within")
        for door, cell in (("token", token), ("session", session)):
            says = f"Lists by {door} in a CPU second, axum + sqlx = 1 ({name})"
            yield Target(says, f"axum-sqlx/list/{kind}/16", cell, 0.6, "at least")
        yield Target(f"The notes page, the same list as JSON = 1 ({name})", f"vestibule/page/{kind}/16", session, 1.5)
        for door in (TOKEN, SESSION):
            for action in ("me", "list"):
                what, by = {"me": "`GET me`", "list": "A list"}[action], door.split("-")[1]
                says = f"{what} by {by} at 1,000,000 accounts, at 1,000 = 1 ({name})"
                large, small = (f"{door}/{action}/{kind}-{size}/16" for size in ("1e6", "1e3"))
                yield Target(says, large, small, 1.2)
        for case, what in (("one", "one has"), ("none", "none has"), ("many", "many have")):
            says = f"Search among 100,000 notes for a word that {what} ({name})"
            yield Target(says, f"fact:search-{case}_ms/{kind}", "", 2000, unit="ms")
            yield Target(f"Of these, refused ({name})", f"fact:search-{case}_refused/{kind}", "", 0, unit="")
        yield Target(
            f"p99 of other requests beside 16 sign-ins, without = 1 ({name})", f"fact:p99_beside_sign_ins/{kind}", "", 2
        )
        yield Target(f"Reads write (1 = yes) ({name})", f"fact:reads_that_write/{kind}", "", 0, unit="")
        yield Target(
            f"Ready after the start, on an existing database ({name})", f"fact:ready_ms/{kind}", "", 150, unit="ms"
        )
        yield Target(f"Memory, idle ({name})", f"fact:idle_mb/{kind}", "", 40, unit="MB")


TARGETS = [
    *of_each_database(),
    Target("The landing page", "vestibule/landing/sqlite/16", "", 0.08, unit="ms"),
    Target("Memory after many sign-ins", "fact:after_sign_ins_mb", "", 150, unit="MB"),
    Target("The same, after two thirds of these sign-ins = 1", "fact:after_sign_ins_growth", "", 1.05),
    Target("Round trips to PostgreSQL, `GET me` by token", f"fact:round_trips/{TOKEN}/me", "", 1, unit=""),
    Target("Round trips to PostgreSQL, `GET me` by session", f"fact:round_trips/{SESSION}/me", "", 1, unit=""),
    Target("Round trips to PostgreSQL, a list by token", f"fact:round_trips/{TOKEN}/list", "", 2, unit=""),
    Target("Round trips to PostgreSQL, a list by session", f"fact:round_trips/{SESSION}/list", "", 2, unit=""),
    Target("Landing page loads wasm (1 = yes)", "fact:landing_loads_wasm", "", 0, unit=""),
    Target("wasm, compressed with brotli", "fact:wasm_kb", "", 110, unit="kB"),
    Target("The binary", "fact:binary_mb", "", 25, unit="MB"),
]


def values(results, name):
    """The measurements of `name`, one of each round; none if it was not measured."""
    if name.startswith("fact:"):
        return results["facts"].get(name.removeprefix("fact:"), [])
    return [sample["cpu_ms"] for sample in results["cells"].get(name, []) if sample["requests"]]


def judged(results):
    """A row for each target that was measured: the middle of the rounds' ratios, the lowest and the highest."""
    rows = []
    for target in TARGETS:
        found = values(results, target.measured)
        if target.divided_by:
            # Each round by the same round, so that what disturbed both cancels out.
            below = values(results, target.divided_by)
            found = [over / under for over, under in zip(found, below, strict=False) if under] if below else []
        if not found:
            continue
        middle = median(found)
        is_met = {
            "at most": middle <= target.limit,
            "at least": middle >= target.limit,
            "within": max(middle, 1 / middle) <= target.limit if middle else False,
        }[target.sense]
        row = {"target": target.says, "value": middle, "lowest": min(found), "highest": max(found)}
        rows.append({**row, "sense": target.sense, "limit": target.limit, "unit": target.unit, "is_met": is_met})
    return rows

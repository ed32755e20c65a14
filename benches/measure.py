"""Loads servers in turn, in interleaved rounds, and counts what each request costs."""

import sqlite3
import time
from dataclasses import dataclass

import client
import load

WARM_UP = 0.5
# Fewer requests than this are no sample.
ENOUGH = 30


@dataclass(frozen=True)
class Cell:
    """One subject doing one thing on one database, at so many connections."""

    server: object
    subject: str
    action: str
    database: str
    connections: int
    seconds: float

    @property
    def key(self):
        return key(self.subject, self.action, self.database, self.connections)

    @property
    def requests(self):
        return self.server.requests[(self.subject, self.action)]


def key(subject, action, database, connections=16):
    return f"{subject}/{action}/{database}/{connections}"


def run(cell, seconds):
    """The sample of one round; longer where too few requests were answered to tell anything."""
    for length in (seconds, 3 * seconds, 9 * seconds):
        sample = sampled(cell, length)
        if sample["requests"] >= ENOUGH or cell.action == "sign-in":
            break
    return sample


def sampled(cell, seconds):
    """CPU time is that of the server's processes, and apart from it that of PostgreSQL's."""
    server, kind = cell.server, cell.server.kind
    spent, spent_by_database = server.cpu_seconds(), kind.cpu_seconds()
    if cell.action == "sign-in":
        result = load.run_to_the_end(server.port, cell.requests[0], cell.connections, seconds)
    else:
        result = load.run(server.port, cell.requests, cell.connections, seconds)
    spent, spent_by_database = server.cpu_seconds() - spent, kind.cpu_seconds() - spent_by_database
    if cell.action == "create":
        server.forget_written()
    settle(server)
    count = max(result["requests"], 1)
    return {
        "cpu_ms": round(1000 * spent / count, 5),
        "database_cpu_ms": round(1000 * spent_by_database / count, 5),
        "requests_per_second": round(count / result["seconds"], 1),
        "p50_ms": round(result["p50_ms"], 3),
        "p99_ms": round(result["p99_ms"], 3),
        "requests": result["requests"],
        "failed": result["refused"] + result["broken"],
    }


def settle(server):
    """Waits until the server has worked off what was still in its queue, of clients that are gone too."""
    client.call(server.port, "GET", server.alive)
    over, spent = time.monotonic() + 10, -1
    while server.cpu_seconds() - spent > 0.01 and time.monotonic() < over:
        spent = server.cpu_seconds()
        time.sleep(0.05)


def attempted(work, cell, say):
    """What `work()` gives; None if it fails, and then the cell is left out."""
    try:
        return work()
    except (RuntimeError, OSError, sqlite3.Error) as error:
        say(f"{cell.key} is left out: {error}")
        return None


def answers(cell, say):
    """The answer, if the server gives the one that it should."""
    return attempted(lambda: client.expect(cell.server.port, cell.requests[0]), cell, say)


def rounds(cells, count, say):
    """The samples of each cell, one of each round. Cells of one action follow each other, so that a disturbance of the
    machine falls on all that are compared."""
    cells = [cell for cell in sorted(cells, key=lambda cell: (cell.connections, cell.action)) if answers(cell, say)]
    say(f"warming up {len(cells)} measurements")
    cells = [cell for cell in cells if attempted(lambda cell=cell: sampled(cell, WARM_UP), cell, say)]
    samples = {cell.key: [] for cell in cells}
    for number in range(count):
        say(f"round {number + 1} of {count}")
        # Every other round the other way, so that none always follows the same one.
        for cell in cells if number % 2 == 0 else reversed(cells):
            samples[cell.key].append(attempted(lambda cell=cell: run(cell, cell.seconds), cell, say))
    for name, taken in list(samples.items()):
        if not all(sample and sample["requests"] for sample in taken):
            say(f"{name} is left out: not a single request was answered in a whole round")
            del samples[name]
            continue
        failed, asked = (sum(sample[field] for sample in taken) for field in ("failed", "requests"))
        if failed:
            say(f"{name}: {failed} of {asked} requests failed")
    return samples

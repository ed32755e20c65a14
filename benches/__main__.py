"""Measures the release binary beside its peers: python3 benches [OPTION…] BINARY

Writes benches/results/performance.json, docs/performance.svg and the tables of docs/performance.md; with --only or
--short, it prints the table only. docs/performance.md explains what is measured.
"""

import argparse
import os
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

import comparison
import growth
import machine
import operating
import report
from databases import Postgres, Sqlite

PARTS = {"comparison": comparison.run, "operating": operating.run, "growth": growth.run}


def arguments():
    parser = argparse.ArgumentParser(prog="benches", description=__doc__.splitlines()[0])
    parser.add_argument("binary", type=Path, help="the release binary")
    parser.add_argument("--rounds", type=int, help="rounds of each measurement (3; 5 with --full)")
    parser.add_argument("--seconds", type=float, help="length of a round (1; 3 with --full)")
    parser.add_argument("--full", action="store_true", help="longer rounds, growth at 100,000 too, 10,000 sign-ins")
    parser.add_argument("--short", action="store_true", help="short rounds on SQLite, without growth")
    parser.add_argument("--only", metavar="TEXT", help="only measurements whose key contains it, such as /list/sqlite")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], help="only this database")
    parser.add_argument("--part", choices=PARTS, help="only this part")
    parser.add_argument("--no-peers", action="store_true", help="the application alone")
    parser.add_argument("--output", type=Path, help="where the JSON goes instead; the documentation is left alone")
    given = parser.parse_args()
    given.rounds = given.rounds or (5 if given.full else 3)
    given.seconds = given.seconds or (3 if given.full else 0.7 if given.short else 1)
    given.is_partial = any([given.short, given.only, given.database, given.part, given.no_peers, given.output])
    given.peers = []
    given.wants = lambda key: not given.only or given.only in key
    return given


def parts(options):
    if options.part:
        return [options.part]
    # Filling a database takes longer than a short run may.
    return ["comparison"] if options.only else [part for part in PARTS if part != "growth" or not options.short]


def databases(options, folder):
    wanted = [options.database] if options.database else ["sqlite"] if options.short else ["sqlite", "postgresql"]
    for kind in (Sqlite, Postgres):
        if kind.name in wanted:
            yield kind(folder)


def main():
    options = arguments()
    binary = options.binary.resolve()
    begun = time.monotonic()

    def say(text):
        print(f"bench {time.monotonic() - begun:5.0f} s: {text}", flush=True)

    # So that everything is ended and removed on the way out.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    if not shutil.which("wrk"):
        sys.exit("bench: wrk is missing; `scripts/setup bench` installs it")
    results = {"machine": machine.described(), "rounds": options.rounds, "seconds": options.seconds}
    results |= {"cells": {}, "memory": {}, "facts": {}, "left_out": {}}
    if not options.no_peers and "comparison" in parts(options):
        options.peers, results["left_out"] = comparison.installed(say)
    folder = Path(tempfile.mkdtemp(prefix="vestibule-bench-"))
    running, failed = [], False
    try:
        for kind in databases(options, folder):
            running.append(kind)

            def on_this(text, name=kind.name):
                say(f"{name}: {text}")

            for part in parts(options):
                try:
                    PARTS[part](binary, kind, folder, options, results, on_this)
                except (RuntimeError, OSError, sqlite3.Error) as error:
                    results["left_out"][f"{part} on {kind.name}"] = str(error).strip().splitlines()[-1][:200]
                    on_this(f"{part} is left out: {error}")
                    failed = True
    finally:
        for kind in running:
            kind.stop()
        shutil.rmtree(folder, ignore_errors=True)
    results["took_seconds"] = round(time.monotonic() - begun)
    report.finish(results, options)
    for name, reason in results["left_out"].items():
        say(f"left out: {name}: {reason}")
    say("done")
    return 1 if failed else 0


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main())

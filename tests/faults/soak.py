"""Hours of mixed load: python3 tests/faults/soak.py [--minutes 30] BINARY

Runs the server on SQLite and on PostgreSQL side by side, with people who sign in and out, write, search, look at pages
and follow events, and clients that are slow, hang up, or guess passwords. Memory and descriptors are measured all the
while and have to be flat in the second half; every write that was acknowledged is looked for at the end. Exits with 1
if a promise did not hold.
"""

import argparse
import random
import socket
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path

from harness import FORM, Failed, Folder, Instance, check, cookies, status
from load import Client, Load, notes_of_postgres, notes_of_sqlite
from postgres import Cluster

# How much the median of the last quarter may exceed that of the third, each a share of the whole run.
MEMORY_SHARE, MEMORY_KB, DESCRIPTORS = 0.05, 6_000, 10
PEOPLE = 12
# More than SQLite has readers. They are opened when they are needed and stay, each with a cache, which would look like a
# leak if it happened late.
AT_ONCE = 24


class Mixed:
    """What people and others do with one instance."""

    def __init__(self, instance):
        self.instance, self.over, self.statuses, self.lock = instance, threading.Event(), {}, threading.Lock()
        self.names = [f"person{n}" for n in range(PEOPLE)]
        for name in self.names:
            instance.sign_up(name)
        self.tokens = [instance.login(name).json()["token"] for name in self.names]
        # Notes of their own, so that lists and searches are as long at the beginning as at the end.
        for token in self.tokens:
            client = Client(instance.port, token)
            for n in range(40):
                client.ask("POST", "/api/v1/notes", {"title": f"note {n}", "body": "milk, lemons " * 40})
        opening = [threading.Thread(target=self.read) for _ in range(AT_ONCE)]
        for thread in opening:
            thread.start()
        for thread in opening:
            thread.join()
        work = [self.browse, self.browse, self.read, self.read, self.edit, self.guess, self.hang_up, self.follow]
        self.threads = [threading.Thread(target=self.repeat, args=(one,), daemon=True) for one in work]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join(30)

    def repeat(self, work):
        while not self.over.is_set():
            work()

    def count(self, *found):
        with self.lock:
            for one in found:
                self.statuses[one] = self.statuses.get(one, 0) + 1

    def browse(self):
        """Signs in, looks at pages, and signs out."""
        name, jar, call = random.choice(self.names), {}, self.instance.call
        self.count(self.instance.sign_in(name, jar=jar).status)
        for _ in range(10):
            for path in ("/notes", "/account", "/", "/tokens", "/notes?q=milk"):
                self.count(call("GET", path, None, cookies(jar)).status)
                self.over.wait(0.02)
        self.count(call("POST", "/sign-out", {}, {**FORM, **cookies(jar)}).status)

    def read(self):
        client = Client(self.instance.port, random.choice(self.tokens))
        for path in ("/me", "/notes?limit=50", "/notes?q=lemons", "/tokens", "/notes?q=nothing-like-this") * 10:
            self.count(client.ask("GET", f"/api/v1{path}")[0])
            self.over.wait(0.01)
        client.close()

    def edit(self):
        """Makes notes and deletes them again."""
        client, made = Client(self.instance.port, random.choice(self.tokens)), []
        for n in range(20):
            code, note, _ = client.ask("POST", "/api/v1/notes", {"title": str(n), "body": "x" * 2_000})
            self.count(code)
            made += [note["id"]] if code == 201 else []
            self.over.wait(0.02)
        self.count(client.ask("POST", "/api/v1/notes/delete", {"ids": made})[0])
        client.close()

    def guess(self):
        answer = self.instance.sign_in(random.choice(self.names), "a wrong password", source="203.0.113.7")
        self.count("guess" if answer.status in (401, 429) else answer.status)
        self.over.wait(1)

    def hang_up(self):
        """Asks for a long list and goes away at once."""
        token = random.choice(self.tokens)
        with socket.create_connection(("127.0.0.1", self.instance.port), 5) as stream:
            head = f"GET /api/v1/notes?limit=100 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
            stream.sendall(head.encode())
            self.over.wait(random.uniform(0, 0.01))
        self.over.wait(0.05)

    def follow(self):
        """Follows events for some seconds."""
        token = random.choice(self.tokens)
        with socket.create_connection(("127.0.0.1", self.instance.port), 5) as stream:
            head = f"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
            stream.sendall(head.encode())
            stream.settimeout(1)
            for _ in range(5):
                try:
                    stream.recv(65536)
                except OSError:
                    pass
                if self.over.is_set():
                    return


def median(values):
    return sorted(values)[len(values) // 2]


def flat(name, samples):
    """Whether the last quarter is about what the third is. Returns what to say."""
    size = len(samples) // 4
    third, last = samples[2 * size:3 * size], samples[3 * size:]
    said = []
    for what, index, room in (("memory", 0, None), ("descriptors", 1, DESCRIPTORS)):
        before, after = median([s[index] for s in third]), median([s[index] for s in last])
        room = max(MEMORY_KB, MEMORY_SHARE * before) if room is None else room
        check(after - before <= room, f"{name}: {what} grow from {before} to {after} in the last quarter")
        most = max(s[index] for s in samples)
        unit = (1000, " MB") if index == 0 else (1, "")
        first = median([s[index] for s in samples[:size]])
        said.append(f"{what} {first / unit[0]:.0f}, {before / unit[0]:.0f}, then {after / unit[0]:.0f}{unit[1]} "
                    f"(at most {most / unit[0]:.0f})")
    return "; ".join(said)


def soak(binary, minutes):
    with Folder() as folder, Cluster(folder) as cluster, ExitStack() as stack:
        instances = {"SQLite": Instance(binary, folder / "sqlite"),
                     "PostgreSQL": Instance(binary, folder / "server", cluster.create())}
        loads, samples = {}, {name: [] for name in instances}
        for name, instance in instances.items():
            stack.enter_context(instance)
            writer = instance.token("writer")
            loads[name] = (stack.enter_context(Mixed(instance)),
                           stack.enter_context(Load(instance.port, writer, writers=2, pause=0.1)))
        begun = said = time.monotonic()
        while time.monotonic() - begun < 60 * minutes:
            time.sleep(2)
            for name, instance in instances.items():
                check(instance.process.poll() is None, f"{name}: the server ended")
                samples[name].append((status("VmRSS", instance.process.pid), instance.descriptors()))
            if time.monotonic() - said > 60:
                said = time.monotonic()
                now = ", ".join(f"{n} {s[-1][0] / 1000:.0f} MB {s[-1][1]} descriptors" for n, s in samples.items())
                print(f"{(said - begun) / 60:4.0f} min: {now}", flush=True)
        for mixed, load in loads.values():
            mixed.over.set()
            load.over.set()
        for name, (mixed, load) in loads.items():
            mixed.__exit__()
            load.__exit__()
            notes = notes_of_postgres(cluster) if name == "PostgreSQL" else \
                notes_of_sqlite(instances[name].folder / "vestibule.db")
            load.verify(notes)
            check(not instances[name].panicked(), f"{name}: it panicked")
            wrong = {code: count for code, count in mixed.statuses.items() if code in (0, 500, 502, 503)}
            check(not wrong, f"{name}: answers {wrong}")
            asked = sum(mixed.statuses.values()) + sum(load.statuses.values())
            print(f"{name}: {asked} requests, {load.acknowledged()} acknowledged writes, 0 lost ({load.said()}); "
                  f"{flat(name, samples[name])}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("binary", type=Path)
    options = parser.parse_args()
    try:
        soak(options.binary.resolve(), options.minutes)
    except Failed as failure:
        print(f"soak: FAILED: {failure}")
        return 1
    print(f"soak: held for {options.minutes:g} minutes")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""A database that is locked, restarted, paused or slow."""

import signal
import sqlite3
import subprocess
import time

from disk import is_clear, writes
from harness import Folder, Instance, at_once, check, status
from load import Client, Load, notes_of_postgres
from postgres import Cluster
from relay import Relay


def sqlite_locked(binary):
    """Another program holds SQLite's write lock for 9 s, longer than anybody waits."""
    with Folder() as folder, Instance(binary, folder / "server") as instance:
        token = instance.token("ada")
        other = sqlite3.connect(instance.folder / "vestibule.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        answer = writes(instance, token)
        took = time.monotonic() - began
        check(is_clear(*answer) and took < 10, f"a write: {answer[0]} after {took:.1f} s")
        check(Client(instance.port, token).ask("GET", "/api/v1/notes")[0] == 200, "reads are refused")
        time.sleep(max(0, 9 - (time.monotonic() - began)))
        other.execute("COMMIT")
        check(writes(instance, token)[0] == 201, "writes are refused afterwards")
        return f"503 after {took:.1f} s, reads 200, 201 at once after the lock was gone"


def postgres_locked(binary):
    """Another program holds the lock of a table for 15 s."""
    with Folder() as folder, Cluster(folder) as cluster:
        with Instance(binary, folder / "server", cluster.create()) as instance:
            token = instance.token("ada")
            holder = subprocess.Popen(
                [str(cluster.binaries / "psql"), "-q", "-U", "vestibule", "-h", "127.0.0.1", "-p", str(cluster.port),
                 "-d", "vestibule", "-c", "BEGIN; LOCK TABLE notes; SELECT pg_sleep(15)"], stdout=subprocess.DEVNULL)
            time.sleep(0.7)
            began = time.monotonic()
            answers = at_once([lambda: (*writes(instance, token), time.monotonic() - began) for _ in range(40)], 40)
            slowest = max(answer[3] for answer in answers)
            check(all(is_clear(*answer[:3]) for answer in answers), f"writes: {[a[0] for a in answers]}")
            check(slowest < 11, f"a 503 came after {slowest:.1f} s")
            others = Client(instance.port, token).ask("GET", "/api/v1/me")
            check(others[0] == 200, f"what needs other tables: {others[0]}")
            waiting = cluster.sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
            check(int(waiting[0][0]) == 0, f"{waiting[0][0]} statements still wait in PostgreSQL")
            holder.wait()
            check(writes(instance, token)[0] == 201, "writes are refused afterwards")
            return f"40 writes are 503 within {slowest:.1f} s, other tables 200, 201 at once after the lock was gone"


def postgres_restarted(binary):
    """PostgreSQL is restarted (fast) five times under load."""
    with Folder() as folder, Cluster(folder) as cluster:
        with Instance(binary, folder / "server", cluster.create()) as instance:
            token, longest = instance.token("ada"), 0.0
            with Load(instance.port, token, writers=8) as load:
                for _ in range(5):
                    time.sleep(1)
                    cluster.stop("fast")
                    cluster.start()
                    longest = max(longest, instance.becomes(200, 15))
                time.sleep(1)
            check(set(load.statuses) <= {200, 201, 204, 503}, f"other answers: {load.said()}")
            check(not load.without_retry, f"{load.without_retry} answers of 503 without Retry-After")
            check(load.is_well(), f"no write succeeds afterwards: {load.said()}")
            lost_answers = load.verify(notes_of_postgres(cluster))
            return (f"5 restarts, {load.acknowledged()} acknowledged writes, 0 lost ({load.said()}; {lost_answers} "
                    f"written without an answer); ready {longest:.1f} s after it was back")


def postgres_paused(binary):
    """PostgreSQL is paused (SIGSTOP) for 15 s under load: it neither answers nor closes a connection."""
    with Folder() as folder, Cluster(folder) as cluster:
        with Instance(binary, folder / "server", cluster.create()) as instance:
            token = instance.token("ada")
            with Load(instance.port, token, writers=24) as load:
                time.sleep(2)
                before = status("VmRSS", instance.process.pid)
                cluster.signal(signal.SIGSTOP)
                time.sleep(1)
                ready = instance.becomes(503, 12)
                healthy = instance.call("GET", "/healthz", timeout=5).status
                check(healthy == 200, f"/healthz meanwhile: {healthy}")
                time.sleep(14 - ready)
                grown = status("VmRSS", instance.process.pid) - before
                cluster.signal(signal.SIGCONT)
                began = time.monotonic()
                back = instance.becomes(200, 15)
                while load.ok_at < began:
                    check(time.monotonic() - began < 15, f"no write succeeds afterwards: {load.said()}")
                    time.sleep(0.02)
                first = time.monotonic() - began
                time.sleep(2)
            check(set(load.statuses) <= {200, 201, 204, 503}, f"other answers: {load.said()}")
            check(load.slowest < 11, f"an answer took {load.slowest:.1f} s")
            check(not load.without_retry, f"{load.without_retry} answers of 503 without Retry-After")
            lost_answers = load.verify(notes_of_postgres(cluster))
            return (f"{load.acknowledged()} acknowledged writes, 0 lost ({load.said()}; {lost_answers} written without "
                    f"an answer); not ready after {ready + 1:.1f} s, ready again after {back:.1f} s, first write after "
                    f"{first:.1f} s; memory {grown / 1000:+.0f} MB")


def postgres_slow(binary):
    """Each message to and from PostgreSQL takes 150 ms longer, then 1.5 s."""
    with Folder() as folder, Cluster(folder) as cluster, Relay(cluster.port) as relay:
        cluster.create()
        with Instance(binary, folder / "server", cluster.url(port=relay.port)) as instance:
            token, said = instance.token("ada"), []
            before = status("VmRSS", instance.process.pid)
            for delay, seconds in ((0.15, 5), (1.5, 12)):
                relay.delay = delay
                with Load(instance.port, token, writers=40) as load:
                    time.sleep(seconds)
                check(set(load.statuses) <= {200, 201, 204, 503}, f"other answers: {load.said()}")
                # Twice the 10 s of a statement: each answers in time, that for the token and that for the note.
                check(load.slowest < 22, f"an answer took {load.slowest:.1f} s")
                relay.delay = 0
                load.verify(notes_of_postgres(cluster))
                said.append(f"{1000 * delay:.0f} ms: {load.said()}")
            began = time.monotonic()
            while writes(instance, token)[0] != 201:
                check(time.monotonic() - began < 15, "no write succeeds afterwards")
            grown = status("VmRSS", instance.process.pid) - before
            check(grown < 100_000, f"memory grew by {grown / 1000:.0f} MB")
            said.append(f"0 lost; well {time.monotonic() - began:.1f} s after; memory {grown / 1000:+.0f} MB")
            return "; ".join(said)


SCENARIOS = [sqlite_locked, postgres_locked, postgres_restarted, postgres_paused, postgres_slow]

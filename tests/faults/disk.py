"""A disk that is full, cannot be written, or fails."""

import os
import signal
import subprocess
import time
from contextlib import contextmanager

from harness import Folder, Instance, Skipped, check, program
from load import Client, Load, body_of, notes_of_postgres, notes_of_sqlite
from postgres import Cluster

BROKEN, SLOW = "fsync,fdatasync:error=EIO", "fsync,fdatasync:delay_enter=500000"


@contextmanager
def small_disk(folder, size):
    """A file system of `size` in memory. It is mounted for the whole machine, so it needs root."""
    path = folder / "disk"
    path.mkdir()
    if os.getuid() != 0 or subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "tmpfs", str(path)], capture_output=True, check=False
    ).returncode:
        raise Skipped("a small file system can only be mounted by root")
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", str(path)], check=False)


def fill(path):
    """Takes all that is left on the disk."""
    file = os.open(path / "filler", os.O_WRONLY | os.O_CREAT)
    try:
        while os.write(file, b"x" * 4096):
            pass
    except OSError:
        pass
    finally:
        os.close(file)


def is_clear(status, answer, retry):
    """Whether it is a 503 that a client can act on."""
    return status == 503 and answer.get("code") == "unavailable" and bool(retry)


def writes(instance, token, title="x"):
    return Client(instance.port, token).ask("POST", "/api/v1/notes", {"title": title, "body": body_of(title, 1)})


def disk_full_sqlite(binary):
    """SQLite's file system has no room left (ENOSPC), under load; then there is room again."""
    with Folder() as folder, small_disk(folder, "24m") as path, Instance(binary, path / "server") as instance:
        token = instance.token("ada")
        with Load(instance.port, token, writers=6) as load:
            time.sleep(1)
            fill(path)
            until = time.monotonic() + 10
            while not is_clear(*writes(instance, token)):
                check(time.monotonic() < until, "writes succeed on a full disk")
            read = Client(instance.port, token).ask("GET", "/api/v1/me")
            check(read[0] == 200, f"reads on a full disk: {read[0]}")
            time.sleep(2)
            (path / "filler").unlink()
            began = time.monotonic()
            instance.becomes(200, 15)
            ready = time.monotonic() - began
            time.sleep(1)
        # Some fit into what the write-ahead log has already.
        check(load.statuses.get(503, 0) > 10, f"few writes were refused: {load.said()}")
        check(load.is_well(), "no write succeeds once there is room")
        check(set(load.statuses) <= {200, 201, 204, 503}, f"other answers: {load.said()}")
        lost_answers = load.verify(notes_of_sqlite(instance.folder / "vestibule.db"))
        return (f"{load.acknowledged()} acknowledged writes, 0 lost ({load.said()}; {lost_answers} written without an "
                f"answer); ready {ready:.1f} s after there was room")


def disk_full_postgres(binary):
    """PostgreSQL's file system has no room left: it stops by itself, and is started again once there is room."""
    with Folder() as folder, small_disk(folder, "160m") as path:
        path.chmod(0o777)
        conf = "min_wal_size = 32MB\nmax_wal_size = 32MB\nwal_recycle = off\n"
        with Cluster(path, conf) as cluster, Instance(binary, folder / "server", cluster.create()) as instance:
            token = instance.token("ada")
            with Load(instance.port, token, writers=6) as load:
                time.sleep(1)
                fill(path)
                until = time.monotonic() + 40
                while not is_clear(*writes(instance, token)):
                    check(time.monotonic() < until, f"writes succeed on a full disk: {load.said()}")
                instance.becomes(503, 15)
                time.sleep(1)
                (path / "filler").unlink()
                if cluster.psql("SELECT 1").returncode:
                    cluster.stop()
                    cluster.start()
                began = time.monotonic()
                instance.becomes(200, 15)
                ready = time.monotonic() - began
                time.sleep(2)
            check(load.is_well(), f"no write succeeds once there is room: {load.said()}")
            check(set(load.statuses) <= {200, 201, 204, 503}, f"other answers: {load.said()}")
            lost_answers = load.verify(notes_of_postgres(cluster))
            return (f"{load.acknowledged()} acknowledged writes, 0 lost ({load.said()}; {lost_answers} written without "
                    f"an answer); ready {ready:.1f} s after PostgreSQL had room")


@contextmanager
def injected(pids, folder, *faults, children=True):
    """Lets system calls of running processes fail, by strace, until the block ends, and those of the `children` that
    they make meanwhile."""
    arguments = [argument for fault in faults for argument in ("-e", f"inject={fault}")]
    calls = ",".join(fault.split(":")[0] for fault in faults)
    command = [program("strace"), *(["-f"] if children else []), "-qq", "-o", str(folder / "strace"),
               "-e", f"trace={calls}", *arguments, *(f"--attach={pid}" for pid in pids)]
    tracer = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    time.sleep(0.7)
    # It has ended well if those that it traced have ended already.
    if tracer.poll():
        raise Skipped(f"strace cannot attach: {tracer.stderr.read().decode(errors='replace')[:200]}")
    try:
        yield
    finally:
        tracer.send_signal(signal.SIGINT)
        try:
            tracer.wait(10)
        except subprocess.TimeoutExpired:
            tracer.kill()
            tracer.wait()


def failing(binary, *faults):
    """Writes while system calls fail, and after that."""
    with Folder() as folder, Instance(binary, folder / "server") as instance:
        token = instance.token("ada")
        with Load(instance.port, token, writers=4) as load:
            time.sleep(1)
            with injected([instance.process.pid], instance.folder, *faults):
                until, answers = time.monotonic() + 15, []
                while not answers or not is_clear(*answers[-1]):
                    check(time.monotonic() < until, f"no clear 503: {[a[0] for a in answers][-5:]} {load.said()}")
                    answers.append(writes(instance, token))
                before = load.acknowledged()
                time.sleep(2)
                meanwhile = load.acknowledged() - before
                instance.becomes(503, 12)
                read = Client(instance.port, token).ask("GET", "/api/v1/me")
                check(read[0] == 200, f"reads meanwhile: {read[0]}")
            began = time.monotonic()
            instance.becomes(200, 15)
            ready = time.monotonic() - began
            time.sleep(1)
        check(meanwhile <= 1, f"{meanwhile} writes were acknowledged while each failed")
        check(load.is_well(), f"no write succeeds afterwards: {load.said()}")
        check(set(load.statuses) <= {200, 201, 204, 412, 503}, f"other answers: {load.said()}")
        # What the operating system has not been told to keep is lost with the machine, not with the process. So it is
        # looked for after the process was killed.
        instance.kill()
        lost_answers = load.verify(notes_of_sqlite(instance.folder / "vestibule.db"))
        return (f"{load.acknowledged()} acknowledged writes, 0 lost, none while it failed ({load.said()}; "
                f"{lost_answers} written without an answer); ready {ready:.1f} s after it worked again")


def fsync_fails(binary):
    """The disk reports an error (EIO) for every fsync."""
    return failing(binary, BROKEN)


def disk_read_only(binary):
    """Every write to a file reports that the file system is read-only (EROFS)."""
    return failing(binary, "pwrite64,pwritev,ftruncate:error=EROFS")


def fsync_fails_postgres(binary):
    """The disk of PostgreSQL reports an error (EIO) for an fsync, three times, then for every one until it is mended.

    PostgreSQL takes an error as the end (PANIC), since nobody knows what is on the disk then, and recovers from its
    log. It starts again by itself, unless the disk fails in its recovery too. strace cannot take away what was
    written: that is lost with the machine only."""
    with Folder() as folder, Cluster(folder) as cluster:
        with Instance(binary, folder / "server", cluster.create()) as instance:
            token, longest = instance.token("ada"), 0.0
            with Load(instance.port, token, writers=6) as load:
                for number in range(1, 4):
                    time.sleep(1)
                    said, begun = cluster.log.stat().st_size, time.monotonic()
                    # Not its main process and those that it makes after that, so that it can recover at once.
                    with injected(cluster.pids()[1:], folder, BROKEN, children=False):
                        panics(cluster, said)
                    began = time.monotonic()
                    while load.ok_at < began:
                        check(time.monotonic() - began < 30, f"no write succeeds after error {number}: {load.said()}")
                        time.sleep(0.02)
                    instance.becomes(200, 15)
                    longest = max(longest, load.failed_at - begun, 0)
                time.sleep(1)
                said = cluster.log.stat().st_size
                with injected(cluster.pids(), folder, BROKEN):
                    panics(cluster, said)
                    cluster.process.wait(60)
                    answer = writes(instance, token)
                    check(is_clear(*answer), f"a write without PostgreSQL: {answer}")
                    instance.becomes(503, 12)
                    before = load.acknowledged()
                    time.sleep(2)
                    check(load.acknowledged() == before, "writes are acknowledged without PostgreSQL")
                cluster.start()
                began = time.monotonic()
                instance.becomes(200, 15)
                ready = time.monotonic() - began
                time.sleep(2)
            check(load.is_well(), f"no write succeeds afterwards: {load.said()}")
            check(set(load.statuses) <= {200, 201, 204, 412, 503}, f"other answers: {load.said()}")
            check(not load.without_retry, f"{load.without_retry} answers of 503 without Retry-After")
            lost_answers = load.verify(notes_of_postgres(cluster))
            return (f"{load.acknowledged()} acknowledged writes, 0 lost ({load.said()}; {lost_answers} written without "
                    f"an answer); writes failed for {longest:.1f} s after one error, ready {ready:.1f} s after a "
                    "broken disk was mended and PostgreSQL started")


def panics(cluster, said):
    """Waits until PostgreSQL has given up, in its log after the first `said` bytes."""
    until = time.monotonic() + 20
    while b"PANIC:" not in cluster.log.read_bytes()[said:]:
        check(time.monotonic() < until, "PostgreSQL does not notice that fsync fails")
        time.sleep(0.01)


def slow(instance, pids, notes):
    """Reads and writes while each fsync of `pids` takes half a second."""
    token = instance.token("ada")
    with Load(instance.port, token, writers=4) as load:
        with injected(pids(), instance.folder, SLOW):
            client, slowest, pages = Client(instance.port, token), 0.0, 0
            until = time.monotonic() + 8
            while time.monotonic() < until:
                began = time.monotonic()
                status = client.ask("GET", "/api/v1/notes?limit=5")[0]
                check(status == 200, f"a read: {status}")
                slowest, pages = max(slowest, time.monotonic() - began), pages + 1
                time.sleep(0.05)
    check(set(load.statuses) <= {200, 201, 204, 503}, f"other answers: {load.said()}")
    check(load.slowest < 11, f"an answer took {load.slowest:.1f} s")
    lost_answers = load.verify(notes())
    return (f"{load.acknowledged()} acknowledged writes, 0 lost ({load.said()}; {lost_answers} written without an "
            f"answer); {pages} reads meanwhile, {1000 * slowest:.0f} ms at most")


def disk_slow(binary):
    """Each fsync takes half a second: slow, and nothing else."""
    with Folder() as folder, Instance(binary, folder / "server") as instance:
        return slow(instance, lambda: [instance.process.pid],
                    lambda: notes_of_sqlite(instance.folder / "vestibule.db"))


def disk_slow_postgres(binary):
    """The same for the disk of PostgreSQL."""
    with Folder() as folder, Cluster(folder) as cluster:
        with Instance(binary, folder / "server", cluster.create()) as instance:
            return slow(instance, cluster.pids, lambda: notes_of_postgres(cluster))


SCENARIOS = [disk_full_sqlite, disk_full_postgres, fsync_fails, fsync_fails_postgres, disk_read_only, disk_slow,
             disk_slow_postgres]

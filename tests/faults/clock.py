"""A system clock that jumps, while the server runs."""

import struct
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

from harness import Folder, Instance, Skipped, check, cookies, program
from load import Client, Load, notes_of_postgres, notes_of_sqlite
from postgres import Cluster

HOUR, DAY = 3600, 86400


@contextmanager
def with_clock(binary, folder, url):
    """An instance, and a function that sets how many seconds its clock is ahead."""
    library, file = folder / "clock.so", folder / "offset"
    source = Path(__file__).resolve().parent / "clock.c"
    built = subprocess.run([program("cc"), "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"],
                           capture_output=True, check=False)
    if built.returncode:
        raise Skipped(f"clock.c cannot be compiled: {built.stderr.decode(errors='replace')[:200]}")
    file.write_bytes(struct.pack("@q", 0))

    def ahead(seconds):
        with file.open("r+b") as page:
            page.write(struct.pack("@q", seconds))

    settings = {"LD_PRELOAD": str(library), "CLOCK_OFFSET": str(file)}
    with Instance(binary, folder / "server", url, **settings) as instance:
        ahead(12345 * DAY)
        moved = instance.call("GET", "/healthz").headers.get("date", "")
        ahead(0)
        # Without a date in the answer, what follows tells.
        if "mapped" not in moved and str(library) not in Path(f"/proc/{instance.process.pid}/maps").read_text():
            raise Skipped("the binary is linked statically, so its clock cannot be replaced")
        yield instance, ahead


def jumps(binary, folder, url, notes):
    with with_clock(binary, folder, url) as (instance, ahead):
        token = instance.token("ada")
        jar = {}
        instance.sign_in("ada", jar=jar)
        is_in = lambda: instance.call("GET", "/account", None, cookies(jar)).status == 200  # noqa: E731
        works = lambda: Client(instance.port, token).ask("GET", "/api/v1/me")[0]  # noqa: E731

        with Load(instance.port, token, writers=4, pause=0.005) as load:
            for seconds in (HOUR, -HOUR, 90, -90, 0):
                ahead(seconds)
                time.sleep(0.5)
                check(is_in(), f"signed out by a jump of {seconds} s")
                check(works() == 200, f"the token is {works()} at {seconds} s")
                check(instance.call("GET", "/readyz").status == 200, f"not ready at {seconds} s")
        check(set(load.statuses) <= {200, 201, 204}, f"writes while the clock jumps: {load.said()}")
        load.verify(notes(instance))

        # What expires, expires; and people can sign in at any time.
        for days in (400, -400):
            ahead(days * DAY)
            own = {}
            answer = instance.sign_in("ada", jar=own)
            check(answer.status == 303, f"sign in {days} days ahead: {answer.status}")
            check(instance.call("GET", "/account", None, cookies(own)).status == 200, f"no session {days} days ahead")
        ahead(400 * DAY)
        check(works() == 401, "a token outlives its end")
        check(not is_in(), "a session outlives its end")

        # Failed attempts of a wrong clock do not keep the owner out once it is right.
        instance.sign_up("bob")
        for _ in range(8):
            instance.sign_in("bob", "a wrong password")
        ahead(0)
        answer = instance.sign_in("bob")
        check(answer.status == 303, f"after a clock that was ahead, the owner is {answer.status}")
        token_now = instance.login("ada")
        check(token_now.status == 201, f"login afterwards: {token_now.status} {token_now.body.decode()}")
        check(not instance.panicked(), "it panicked")
        return (f"jumps of ±1 h and ±90 s under load: nobody signed out, {load.acknowledged()} writes ({load.said()}); "
                "±400 days: sign-in works, what has expired is over, and back again the owner is let in")


def clock_jumps_on_sqlite(binary):
    """The clock jumps by seconds, hours and years, on SQLite."""
    with Folder() as folder:
        return jumps(binary, folder, "sqlite:vestibule.db",
                     lambda instance: notes_of_sqlite(instance.folder / "vestibule.db"))


def clock_jumps_on_postgres(binary):
    """The same on PostgreSQL, whose own clock stays right: an instance whose clock is wrong."""
    with Folder() as folder, Cluster(folder) as cluster:
        return jumps(binary, folder, cluster.create(), lambda _: notes_of_postgres(cluster))


SCENARIOS = [clock_jumps_on_sqlite, clock_jumps_on_postgres]

"""`kill -9` at random moments of writes. Every write that was acknowledged is there, and nothing is half there."""

import random
import time

from harness import FORM, PASSWORD, Background, Folder, Instance, bearer, check
from load import Load, notes_of_postgres, notes_of_sqlite
from postgres import Cluster

# Of one sign-up: an account and its browser session, or neither.
HALVES = {
    "accounts without what belongs to them":
        "SELECT count(*) FROM accounts a WHERE NOT EXISTS (SELECT 1 FROM browser_sessions b WHERE b.account_id = a.id)",
    "mails with neither a text nor an end": "SELECT count(*) FROM outgoing_mails WHERE template = ''",
}


def killed(binary, folder, url, kills, notes):
    """Kills and starts one instance again and again; returns what to say."""
    instance = Instance(binary, folder / "server", url)
    instance.start()
    token = instance.token("ada")
    signed_up, tokens, starts = [], [], []

    def others(stop):
        """Sign-ups and tokens, each of which is several rows."""
        number = 0
        while not stop.is_set():
            number += 1
            name = f"person{number}"
            if instance.sign_up(name, timeout=5).status == 303:
                signed_up.append(name)
                made = instance.login(name, timeout=5)
                if made.status == 201:
                    tokens.append(made.json()["token"])
            stop.wait(0.05)

    try:
        with Load(instance.port, token, writers=6) as load, Background(others):
            for _ in range(kills):
                time.sleep(random.uniform(0.02, 0.25))
                instance.kill()
                starts.append(instance.start())
        lost_answers = load.verify(notes(instance))
        for made in tokens:
            status = instance.call("GET", "/api/v1/me", None, bearer(made)).status
            check(status == 200, f"a token was acknowledged and is {status}")
        for name in signed_up[-5:]:
            form = {"email": f"{name}@example.org", "password": PASSWORD}
            check(instance.call("POST", "/sign-in", form, FORM).status == 303, f"{name} was signed up and is lost")
        check(not instance.panicked(), "it panicked")
    finally:
        instance.__exit__()
    return (f"{kills} kills, {load.acknowledged()} acknowledged writes of notes, {len(signed_up)} sign-ups and "
            f"{len(tokens)} tokens, 0 lost, 0 half ({load.said()}; {lost_answers} written without an answer); ready "
            f"again within {max(starts):.2f} s"), signed_up


def kill_on_sqlite(binary, kills=100):
    """100 times on SQLite, with SQLite's own checks of the file."""
    with Folder() as folder:
        said, _ = killed(binary, folder, "sqlite:vestibule.db", kills,
                         lambda instance: notes_of_sqlite(instance.folder / "vestibule.db"))
        return said


def kill_on_postgres(binary, kills=100):
    """100 times on PostgreSQL."""
    with Folder() as folder, Cluster(folder) as cluster:
        said, signed_up = killed(binary, folder, cluster.create(), kills, lambda _: notes_of_postgres(cluster))
        known = {row[0] for row in cluster.sql("SELECT email FROM accounts")}
        missing = [name for name in signed_up if f"{name}@example.org" not in known]
        check(not missing, f"signed up and lost: {missing}")
        return said


def kill_postgres_itself(binary, kills=10):
    """The whole PostgreSQL is killed 10 times, which recovers from its log; the server is not restarted."""
    with Folder() as folder, Cluster(folder) as cluster:
        instance = Instance(binary, folder / "server", cluster.create())
        with instance:
            token = instance.token("ada")
            longest = 0.0
            with Load(instance.port, token, writers=6) as load:
                for _ in range(kills):
                    time.sleep(random.uniform(0.1, 0.5))
                    cluster.kill()
                    cluster.start()
                    began = time.monotonic()
                    while load.ok_at < began:
                        check(time.monotonic() - began < 20, f"no write succeeds afterwards: {load.said()}")
                        time.sleep(0.01)
                    longest = max(longest, time.monotonic() - began)
            lost_answers = load.verify(notes_of_postgres(cluster))
            check(not instance.panicked(), "it panicked")
            return (f"{kills} kills, {load.acknowledged()} acknowledged writes, 0 lost ({load.said()}; {lost_answers} "
                    f"written without an answer); writes succeed again within {longest:.1f} s")


def few_kills_on_sqlite(binary):
    """Five times on SQLite, for `make test`."""
    return kill_on_sqlite(binary, 5)


SCENARIOS = [kill_on_sqlite, kill_on_postgres, kill_postgres_itself]

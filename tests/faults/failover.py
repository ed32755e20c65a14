"""A PostgreSQL with a standby, and an address that is moved from one to the other, as operators and their tools do.

sqlx knows one host in a URL. So what has several is behind one name: a virtual address, DNS, or a proxy."""

import time
from contextlib import ExitStack, contextmanager

from disk import is_clear, writes
from harness import FORM, PASSWORD, Background, bearer, check, cookies
from instances import COUNT, several
from load import Client, Load, notes_of_postgres
from postgres import Standby
from relay import Relay

PEOPLE = ["ada", "bob", "eve"]


@contextmanager
def with_standby(binary):
    """Instances that reach the primary by a relay, and its standby: (primary, standby, relay, instances, balancer)."""
    relays = []

    def through(cluster, _, stack):
        if not relays:
            relays.append(stack.enter_context(Relay(cluster.port)))
        return cluster.url(port=relays[0].port)

    with ExitStack() as stack:
        primary, instances, balancer = stack.enter_context(several(binary, url=through, kind="haproxy"))
        standby = stack.enter_context(Standby(primary.folder.parent, primary))
        yield primary, standby, relays[0], instances, balancer


class Visits:
    """People who are signed in and look at their page all the while, at each instance in turn. They are told to wait if
    need be, and never to sign in."""

    def __init__(self, instances):
        self.instances, self.seen = instances, {}
        self.jars = [dict(instances[0].sign_up(name).cookies) for name in PEOPLE]

    def __call__(self, stop):
        count = 0
        while not stop.wait(0.05):
            count += 1
            jar, instance = self.jars[count % len(self.jars)], self.instances[count // 2 % len(self.instances)]
            answer = instance.call("GET", "/account", None, cookies(jar), timeout=20)
            self.seen[answer.status] = self.seen.get(answer.status, 0) + 1
            check(answer.status in (200, 503), f"a page: {answer.status}")
            check(answer.cookies.get("session", "kept"), "a cookie was taken away")

    def are_known(self):
        known = [i.call("GET", "/account", None, cookies(jar)).status for i in self.instances for jar in self.jars]
        check(set(known) == {200}, f"who was signed in before: {known}")

    def said(self):
        return ", ".join(f"{count} {status}" for status, count in sorted(self.seen.items()))


def in_recovery(instances, token):
    """What the instances answer while their database is a standby. Returns the seconds until all said so."""
    began = time.monotonic()
    for instance in instances:
        instance.becomes(503, 12)
    told = time.monotonic() - began
    for instance in instances:
        body = instance.call("GET", "/readyz").body.decode()
        check("database: ok\ndatabase writes: failing\n" in body, f"/readyz of a standby: {body}")
        answer = writes(instance, token)
        check(is_clear(*answer), f"a write on a standby: {answer}")
        for path in ("/api/v1/me", "/api/v1/notes?limit=5"):
            read = Client(instance.port, token).ask("GET", path)
            check(read[0] == 200, f"{path} on a standby: {read[0]}")
        # Neither is right nor wrong where nothing can be counted.
        for password in (PASSWORD, "a wrong password"):
            form = {"email": "ada@example.org", "password": password}
            status = instance.call("POST", "/sign-in", form, FORM).status
            check(status == 503, f"signing in on a standby: {status}")
    return told


def steady(load, began, patience, quiet=3):
    """Waits until no write has failed for `quiet` seconds. Returns the seconds from `began` until the first that
    succeeded, and until the last that failed."""
    while load.ok_at < began:
        check(time.monotonic() - began < patience, f"no write succeeds within {patience} s: {load.said()}")
        time.sleep(0.02)
    first = load.ok_at - began
    while not load.ok_at > load.failed_at + quiet:
        check(time.monotonic() - began < patience + quiet, f"writes still fail after {patience} s: {load.said()}")
        time.sleep(0.05)
    return first, max(load.failed_at - began, 0)


def is_well(load):
    check(set(load.statuses) <= {200, 201, 204, 412, 503}, f"other answers: {load.said()}")
    check(load.slowest < 22, f"an answer took {load.slowest:.1f} s")
    check(not load.without_retry, f"{load.without_retry} answers of 503 without Retry-After")


def standby_promoted(binary):
    """The primary is killed (kill -9) under load; its address leads to the standby, which is promoted 6 s later.

    PostgreSQL acknowledges what the standby has on its disk (synchronous_standby_names). Without that, it may itself
    lose what it acknowledged last, and no client of it can know."""
    with with_standby(binary) as (primary, standby, relay, instances, balancer):
        token, visits = instances[0].token("mia"), Visits(instances)
        with Load(balancer.port, token, writers=8, pause=0.005) as load, Background(visits):
            time.sleep(3)
            primary.kill()
            # The address leads nowhere, then to a server in recovery.
            time.sleep(1)
            relay.lead_to(standby.port)
            moved = time.monotonic()
            in_recovery(instances, token)
            time.sleep(max(0, 6 - (time.monotonic() - moved)))
            began = time.monotonic()
            standby.promote()
            took = time.monotonic() - began
            ready = max(instance.becomes(200, 20) for instance in instances) and time.monotonic() - began
            first, last = steady(load, began, 20)
        is_well(load)
        lost_answers = load.verify(notes_of_postgres(standby))
        visits.are_known()
        return (f"{load.acknowledged()} acknowledged writes, 0 lost ({load.said()}; {lost_answers} written without an "
                f"answer); pages meanwhile {visits.said()}; promoted in {took:.1f} s; first write {first:.1f} s, "
                f"last failure {last:.1f} s, all ready {ready:.1f} s after that began")


def standby_by_mistake(binary):
    """The address leads to the standby while the primary goes on, and back, which closes no connection.

    The standby has stopped to replay by then, so who still asks it does not learn what has ended."""
    with with_standby(binary) as (primary, standby, relay, instances, balancer):
        token, visits = instances[0].token("mia"), Visits(instances)
        revoked = [instances[0].login("mia").json()["token"] for _ in range(4)]
        with Load(balancer.port, token, writers=8, pause=0.005) as load, Background(visits):
            time.sleep(2)
            relay.lead_to(standby.port, cut=True)
            told = in_recovery(instances, token)
            time.sleep(3)
            standby.sql("SELECT pg_wal_replay_pause()", "postgres")
            relay.lead_to(primary.port)
            began = time.monotonic()
            ready = max(instance.becomes(200, 20) for instance in instances) and time.monotonic() - began
            first, last = steady(load, began, 20)
            for number, old in enumerate(revoked):
                out = instances[number % COUNT].call("POST", "/api/v1/logout", None, bearer(old))
                check(out.status == 204, f"logout: {out.status}")
                known = [i.call("GET", "/api/v1/me", None, bearer(old)).status for i in instances for _ in range(20)]
                check(set(known) == {401}, f"of {len(known)} uses of a revoked token, {known.count(200)} succeed")
        is_well(load)
        lost_answers = load.verify(notes_of_postgres(primary))
        visits.are_known()
        return (f"{load.acknowledged()} acknowledged writes, 0 lost ({load.said()}; {lost_answers} written without an "
                f"answer); pages meanwhile {visits.said()}; all not ready {told:.1f} s after the address led to the "
                f"standby; once it led back, first write after {first:.1f} s, last failure after {last:.1f} s, all "
                f"ready after {ready:.1f} s; {len(revoked)} tokens revoked after that are refused {COUNT * 20} times "
                "each")


def standby_gone(binary):
    """The only standby is gone for 30 s, and PostgreSQL waits for it before it acknowledges anything."""
    with with_standby(binary) as (primary, standby, _, instances, balancer):
        token, visits = instances[0].token("mia"), Visits(instances)
        with Load(balancer.port, token, writers=8, pause=0.005) as load, Background(visits):
            time.sleep(2)
            standby.stop()
            gone, most, reads = time.monotonic(), 0, {}
            told = max(instance.becomes(503, 12) for instance in instances) and time.monotonic() - gone
            answer = writes(instances[0], token)
            check(is_clear(*answer), f"a write without the standby: {answer}")
            while time.monotonic() - gone < 30:
                for instance in instances:
                    status = Client(instance.port, token).ask("GET", "/api/v1/me")[0]
                    reads[status] = reads.get(status, 0) + 1
                done = primary.psql("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")
                most = max(most, int(done.stdout or 0))
                time.sleep(0.2)
            before = load.acknowledged()
            began = time.monotonic()
            standby.start()
            ready = max(instance.becomes(200, 20) for instance in instances) and time.monotonic() - began
            first, last = steady(load, began, 20)
        is_well(load)
        check(set(reads) <= {200, 503}, f"reads meanwhile: {reads}")
        lost_answers = load.verify(notes_of_postgres(primary))
        visits.are_known()
        return (f"{load.acknowledged()} acknowledged writes, {before} of them before it was back, 0 lost ("
                f"{load.said()}; {lost_answers} written without an answer); pages meanwhile {visits.said()}, "
                f"reads {reads}, up to {most} connections to PostgreSQL; all not ready {told:.1f} s after "
                f"it was gone; once it was started, first write after {first:.1f} s, last failure after {last:.1f} s, "
                f"all ready after {ready:.1f} s")


SCENARIOS = [standby_promoted, standby_by_mistake, standby_gone]

"""Several instances on one PostgreSQL, behind a balancer."""

import random
import re
import time
from contextlib import ExitStack, contextmanager

from balancer import Balancer
from harness import FORM, PASSWORD, Background, Failed, Folder, Instance, at_once, bearer, check, cookies
from load import Load, notes_of_postgres
from mail_server import Post
from postgres import Cluster, Pgbouncer
from relay import Relay

COUNT = 3


@contextmanager
def several(binary, url=None, kind=None, count=COUNT, **settings):
    """A cluster, `count` instances and what is in front of them: (cluster, instances, balancer)."""
    with Folder() as folder, Cluster(folder) as cluster, ExitStack() as stack:
        own = cluster.create()
        instances = [
            Instance(binary, folder / f"instance-{n}", url(cluster, folder, stack) if url else own, **settings)
            for n in range(count)
        ]
        for instance in instances:
            stack.callback(instance.__exit__)
            instance.launch()
        for instance in instances:
            instance.becomes(200)
        yield cluster, instances, kind and stack.enter_context(Balancer(folder, kind, [i.port for i in instances]))
        for instance in instances:
            check(not instance.panicked(), f"{instance.port} panicked")


def start_at_once(binary):
    """Three start at the same time on an empty database, again and again: all start, and it is migrated once."""
    with Folder() as folder, Cluster(folder, "fsync = off\n") as cluster:
        slowest, versions, rounds = 0.0, set(), 3
        for number in range(rounds):
            url, begun = cluster.create(f"round_{number}"), time.monotonic()
            started = [Instance(binary, folder / str(n), url).launch() for n in range(COUNT)]
            try:
                for instance in started:
                    instance.becomes(200)
            finally:
                for instance in started:
                    instance.__exit__()
            slowest = max(slowest, time.monotonic() - begun)
            applied = "SELECT count(*), count(DISTINCT version), bool_and(success) FROM _sqlx_migrations"
            versions |= set(cluster.sql(applied, f"round_{number}"))
        check(len(versions) == 1, f"not the same migrations in each round: {versions}")
        (count, distinct, success), = versions
        check(count == distinct and success == "t", f"migrations: {versions}")
        return f"{rounds} × {COUNT} started together, {count} migrations each, all ready within {slowest:.1f} s"


def sessions_hold(binary):
    """Sessions, tokens, their ends, one-time links, limits and mail are the same whichever instance is asked."""
    with Post() as post, several(binary, kind="haproxy", **{
        "VESTIBULE_MAIL__SMTP_URL": post.url,
        "VESTIBULE_MAIL__FROM": "Vestibule <hello@example.com>",
        "VESTIBULE_THROTTLE__SIGN_INS_HERE": "10",
    }) as (cluster, instances, balancer):
        front = Instance(binary, instances[0].folder, port=balancer.port)
        jar = dict(front.sign_up("ada").cookies)
        account = lambda at, jar: at.call("GET", "/account", None, cookies(jar)).status  # noqa: E731
        check([account(i, jar) for i in instances] == [200] * COUNT, "a session is not known everywhere")

        ended = 0
        for n in range(12):
            own = {}
            instances[n % COUNT].sign_in("ada", jar=own)
            check(account(instances[(n + 1) % COUNT], own) == 200, "a new session is not known")
            out = instances[(n + 1) % COUNT].call("POST", "/sign-out", {}, {**FORM, **cookies(own)})
            check(out.status == 303, f"sign out: {out.status}")
            ended += sum(account(i, own) == 303 for i in instances)
        check(ended == 12 * COUNT, f"{ended} of {12 * COUNT} ended")
        revoked = 0
        for n in range(12):
            token = instances[n % COUNT].login("ada").json()["token"]
            check(at_once([lambda i=i: i.call("GET", "/api/v1/me", None, bearer(token)).status for i in instances])
                  == [200] * COUNT, "a token is not known everywhere")
            instances[(n + 2) % COUNT].call("POST", "/api/v1/logout", None, bearer(token))
            revoked += sum(i.call("GET", "/api/v1/me", None, bearer(token)).status == 401 for i in instances)
        check(revoked == 12 * COUNT, f"{revoked} of {12 * COUNT} revoked")

        used = [one_link(instances, post, n) for n in range(4)]
        codes = [one_code(instances, post, n) for n in range(4)]

        names = [f"mailed{n}" for n in range(24)]
        at_once([lambda n=n, name=name: instances[n % COUNT].sign_up(name) for n, name in enumerate(names)], 6)
        until = time.monotonic() + 20
        while time.monotonic() < until and any(not post.to(f"{name}@example.org") for name in names):
            time.sleep(0.1)
        time.sleep(1)
        mails = [len(post.to(f"{name}@example.org")) for name in names]
        check(mails == [1] * len(names), f"mails of each: {mails}")

        guesses = [instances[n % COUNT].sign_in("mailed0", "a wrong password", source="203.0.113.9").status
                   for n in range(30)]
        refused = guesses.index(429)
        # Ten are free. After that one is let in now and then, the longer the more there were.
        let_in = guesses.count(401)
        check(refused == 10 and let_in <= 13, f"guesses: {guesses}")
        return (f"{ended} looks at ended sessions and {revoked} at revoked tokens: none works; links used "
                f"{sum(used)} times of {3 * len(used)} at once, codes {sum(codes)} of {3 * len(codes)}; "
                f"{len(mails)} mails, each once; guesses refused after {refused} on three instances together")


def one_link(instances, post, number):
    """Of three who use a link at once, each on another instance, one does."""
    name = f"link{number}"
    instances[0].sign_up(name)
    instances[1].call("POST", "/forgot", {"email": f"{name}@example.org"}, FORM)
    link = mailed(post, f"{name}@example.org", r"/reset/[0-9A-Za-z_-]+")
    form = {"password": f"{PASSWORD} {number}"}
    statuses = at_once([lambda i=i: i.call("POST", link, form, FORM).status for i in instances])
    check(sorted(statuses) == [200, 410, 410], f"of three who use a link, these are answered: {statuses}")
    return 1


def one_code(instances, post, number):
    """The same with a code from a mail."""
    name = f"code{number}"
    instances[0].sign_up(name)
    asked = instances[number % COUNT].call("POST", "/email-codes/sign-in", {"email": f"{name}@example.org"}, FORM)
    code = mailed(post, f"{name}@example.org", r"Enter it\s+there:\s+(\S+)")
    given = {**FORM, **cookies(asked.cookies)}
    answers = at_once([lambda i=i: i.call("POST", "/email-codes/enter", {"code": code}, given) for i in instances])
    signed_in = [a for a in answers if a.status == 303 and a.cookies.get("session")
                 and instances[0].call("GET", "/account", None, cookies(a.cookies)).status == 200]
    check(len(signed_in) == 1, f"of three who use a code: {[a.status for a in answers]}, {len(signed_in)} signed in")
    return 1


def mailed(post, address, pattern):
    until = time.monotonic() + 15
    while time.monotonic() < until:
        for text in post.to(address):
            found = re.search(pattern, text)
            if found:
                return found[found.lastindex or 0]
        time.sleep(0.05)
    raise Failed(f"no mail to {address} with {pattern}: {post.to(address)}")


def sweeps_run_together(binary):
    """Three instances delete what has expired, at the same time, and do not stand in each other's way."""
    with several(binary) as (cluster, instances, _):
        instances[0].sign_up("ada")
        cluster.sql(
            "INSERT INTO activity (id, account_id, at, kind, credential, subject, address, browser)"
            " SELECT gen_random_uuid(), a.id, timestamptz '2020-01-01', 'signed_in', 'password', '', '', ''"
            " FROM accounts a, generate_series(1, 3000)"
        )
        begun = time.monotonic()
        while cluster.sql("SELECT count(*) FROM activity WHERE at < now() - interval '1 year'") != [("0",)]:
            check(time.monotonic() - begun < 90, "what has expired is still there after 90 s")
            time.sleep(0.5)
        took = time.monotonic() - begun
        logs = "".join(i.log.read_text() for i in instances)
        check("job failed" not in logs and "deadlock" not in logs, f"a sweep failed: {logs[-500:]}")
        return f"3,000 expired rows deleted by {COUNT} instances within {took:.0f} s, no error"


def killed(binary, kind, seconds):
    """One instance after the other is killed with `kill -9`, one each second, in the middle of requests."""
    with several(binary, kind=kind) as (cluster, instances, balancer):
        front = Instance(binary, instances[0].folder, port=balancer.port)
        token = instances[0].token("ada")
        people = [f"person{n}" for n in range(6)]
        jars = [dict(instances[0].sign_up(name).cookies) for name in people]
        seen = {}

        def visit(stop):
            """People who look at their page all the while, and are never asked to sign in."""
            while not stop.wait(0.02):
                for jar in jars:
                    answer = front.call("GET", "/account", None, cookies(jar), timeout=20)
                    seen[answer.status] = seen.get(answer.status, 0) + 1
                    check(answer.status not in (303, 401, 403), f"somebody was signed out: {answer.status}")
                    check("session" not in answer.cookies or answer.cookies["session"], "a cookie was taken away")

        kills = 0
        with Load(balancer.port, token, writers=8, pause=0.005) as load, Background(visit):
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                second = time.monotonic()
                instance = instances[kills % COUNT]
                time.sleep(random.uniform(0, 0.3))
                instance.kill()
                instance.launch()
                kills += 1
                time.sleep(max(0, 1 - (time.monotonic() - second)))
            for instance in instances:
                instance.becomes(200)
            time.sleep(1)
        lost_answers = load.verify(notes_of_postgres(cluster))
        check(load.acknowledged() > 20 * seconds / 2, f"too few writes to tell: {load.said()}")
        for jar in jars:
            check(front.call("GET", "/account", None, cookies(jar)).status == 200, "somebody was signed out")
        pages = sum(seen.values())
        return (f"{kills} kills, {load.acknowledged()} acknowledged writes, 0 lost ({load.said()}; {lost_answers} "
                f"written without an answer); {pages} pages of {len(jars)} people, {seen.get(200, 0)} served, "
                "nobody signed out")


def killed_behind_haproxy(binary):
    """Three instances behind HAProxy; one is killed every second for a minute."""
    return killed(binary, "haproxy", 60)


def killed_behind_nginx(binary):
    """The same behind nginx, for 15 seconds."""
    return killed(binary, "nginx", 15)


def rolling_restart(binary):
    """Each instance behind HAProxy is stopped by SIGTERM and started again: no request fails."""
    # Longer than two health checks, so that HAProxy sends it nothing any more when it stops accepting.
    with several(binary, kind="haproxy", VESTIBULE_SERVER__DRAIN_SECONDS="2") as (cluster, instances, balancer):
        token = instances[0].token("ada")
        codes = []
        with Load(balancer.port, token, writers=6, pause=0.01) as load:
            for instance in instances * 2:
                time.sleep(1)
                codes.append(instance.stop()[0])
                instance.start()
                instance.becomes(200)
                time.sleep(1)
        check(codes == [0] * len(codes), f"exit codes: {codes}")
        load.verify(notes_of_postgres(cluster))
        failed = sum(count for status, count in load.statuses.items() if status in (0, 500, 502, 503, 504))
        check(failed == 0, f"{failed} requests failed: {load.said()}")
        return f"{len(codes)} restarts, {load.acknowledged()} acknowledged writes, 0 lost, 0 failed ({load.said()})"


def pooler_in_transaction_mode(binary):
    """Three instances through PgBouncer in transaction mode, which is killed and started again under load."""
    poolers = []

    def through(cluster, folder, stack):
        if not poolers:
            poolers.append(stack.enter_context(Pgbouncer(folder, cluster)))
        return poolers[0].url()

    with several(binary, url=through, kind="haproxy") as (cluster, instances, balancer):
        unnamed = Instance(binary, instances[0].folder, poolers[0].url(named=False)).launch()
        code = unnamed.process.wait(20)
        line = unnamed.log.read_text().strip().splitlines()[-1]
        check(code == 1 and "?pgbouncer=true" in line, f"without the setting: {code} {line}")
        token = instances[0].token("ada")
        with Load(balancer.port, token, writers=12) as load:
            time.sleep(4)
            poolers[0].stop()
            time.sleep(2)
            poolers[0].start()
            began = time.monotonic()
            for instance in instances:
                instance.becomes(200)
            back = time.monotonic() - began
            time.sleep(3)
        load.verify(notes_of_postgres(cluster))
        check(not load.without_retry, f"{load.without_retry} answers of 503 without Retry-After")
        open_ones = cluster.sql("SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'")
        check(open_ones == [("0",)], f"transactions left open: {open_ones}")
        return (f"named by the error; {load.acknowledged()} acknowledged writes, 0 lost ({load.said()}); pooler killed "
                f"for 2 s, ready {back:.1f} s after")


def primary_gone(binary):
    """PostgreSQL is stopped at once (immediate) under load, is gone for 10 s, and comes back."""
    with several(binary, kind="haproxy") as (cluster, instances, balancer):
        token = instances[0].token("ada")
        jar = {}
        instances[0].sign_in("ada", jar=jar)
        with Load(balancer.port, token, writers=8, pause=0.005) as load:
            time.sleep(3)
            cluster.stop("immediate")
            during = {}
            gone = time.monotonic()
            while time.monotonic() - gone < 10:
                answer = instances[1].call("GET", "/account", None, cookies(jar), timeout=15)
                during[answer.status] = during.get(answer.status, 0) + 1
                check(answer.status in (0, 200, 503), f"without a database: {answer.status}")
                check(not answer.cookies, "the cookie was taken away without a database")
                time.sleep(0.3)
            cluster.start()
            began = time.monotonic()
            back = [instance.becomes(200) for instance in instances]
            ready = time.monotonic() - began
            time.sleep(4)
        check(load.is_well(), "no write succeeds after the database is back")
        lost_answers = load.verify(notes_of_postgres(cluster))
        check(instances[1].call("GET", "/account", None, cookies(jar)).status == 200, "somebody was signed out")
        return (f"{load.acknowledged()} acknowledged writes, 0 lost ({load.said()}; {lost_answers} written without an "
                f"answer); pages meanwhile {during}; all ready {ready:.1f} s after it was back, each {max(back):.1f} s")


def primary_vanishes(binary):
    """The machine of the primary vanishes without closing a connection; another one answers at its address."""
    relays = []

    def through(cluster, _, stack):
        if not relays:
            relays.append(stack.enter_context(Relay(cluster.port)))
        return cluster.url(port=relays[0].port)

    with several(binary, url=through, count=1) as (cluster, instances, _):
        instance, relay = instances[0], relays[0]
        token = instance.token("ada")
        with Load(instance.port, token, writers=8, pause=0.005) as load:
            time.sleep(2)
            relay.accepting = False
            relay.vanish()
            time.sleep(10)
            relay.accepting = True
            began = time.monotonic()
            while load.ok_at < began:
                check(time.monotonic() - began < 40, "no write succeeds 40 s after the address answers again")
                time.sleep(0.05)
            first = time.monotonic() - began
            instance.becomes(200)
            time.sleep(5)
            steady = load.failed_at - began
        load.verify(notes_of_postgres(cluster))
        check(load.slowest < 11, f"an answer took {load.slowest:.1f} s")
        check(not load.without_retry, f"{load.without_retry} answers of 503 without Retry-After")
        return (f"{load.acknowledged()} acknowledged writes, 0 lost ({load.said()}); first write {first:.1f} s after "
                f"the address answers again, the last failure after {max(steady, 0):.1f} s")


SCENARIOS = [start_at_once, sessions_hold, sweeps_run_together, killed_behind_haproxy, killed_behind_nginx,
             rolling_restart, pooler_in_transaction_mode, primary_gone, primary_vanishes]

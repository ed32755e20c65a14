"""What it takes to run the application: its start, memory, round trips and sizes, and others beside sign-ins."""

import re
import statistics
import time

import client
import load
import measure
import rows
from round_trips import Proxy
from server import JSON, OWN_ORIGIN, Vestibule, as_json, credentials

STARTS = 7
READS = 200
# The other requests while people sign in: so many clients, each with a pause between its requests.
OTHERS, PAUSE_MS = 16, 40
SIGN_INS_AT_ONCE = 16
# The longest that 500 sign-ins may take, in seconds.
LONGEST_STEP = 40


def run(binary, kind, folder, options, results, say):
    facts, server = results["facts"], Vestibule(binary, kind, "operating", folder)
    kind.create(server.database)
    try:
        server.start()
        server.prepare()
        server.stop()
        facts[f"ready_ms/{kind.name}"] = [start_time(server) for _ in range(STARTS)]
        say(f"ready after {statistics.median(facts[f'ready_ms/{kind.name}']):.0f} ms")
        server.start()
        time.sleep(1)
        facts[f"idle_mb/{kind.name}"] = [server.memory()["pss_mb"]]
        facts |= {f"{name}/{kind.name}": value for name, value in writes_of_reads(server, say).items()}
        if kind.name == "postgresql":
            facts |= trips(server, kind, say)
        facts[f"p99_beside_sign_ins/{kind.name}"] = beside_sign_ins(server, options, say)
        if kind.name == "sqlite":
            facts |= sizes(server, binary)
            facts |= after_sign_ins(server, options, say)
    finally:
        server.stop()


def start_time(server):
    begun = time.monotonic()
    server.start()
    took = 1000 * (time.monotonic() - begun)
    server.stop()
    return round(took, 1)


def reads(server):
    """The requests that only read, by door and kind."""
    return {
        name: requests[0]
        for name, requests in server.requests.items()
        if name[1] in ("me", "list", "show", "page") or name == ("vestibule", "landing")
    }


def writes_of_reads(server, say):
    """Whether requests that read write anything. The time of last use is stored with the first of each minute."""
    for request in reads(server).values():
        client.expect(server.port, request)
    time.sleep(1.5)
    changed = server.kind.changes(server.database)
    for request in reads(server).values():
        for _ in range(READS // 10):
            client.expect(server.port, request)
    wrote = changed()
    client.expect(server.port, server.requests["vestibule-token", "create"][0])
    if not changed():
        raise RuntimeError("a write went unnoticed")
    server.forget_written()
    say(f"reads {'write' if wrote else 'write nothing'}, but for the time of last use once a minute")
    return {"reads_that_write": [int(wrote)]}


def trips(server, kind, say):
    """Round trips to PostgreSQL for each request, and statements."""
    proxy, facts = Proxy(str(kind.folder / ".s.PGSQL.5432")), {}
    server.stop()
    server.start(url=proxy.url(server.database))
    try:
        for (subject, action), request in reads(server).items():
            # Prepared on every connection, and the time of last use stored.
            for _ in range(30):
                client.expect(server.port, request)
            time.sleep(0.3)
            before = proxy.round_trips, proxy.statements
            for _ in range(READS):
                client.expect(server.port, request)
            time.sleep(0.3)
            facts[f"round_trips/{subject}/{action}"] = [each(proxy.round_trips - before[0])]
            facts[f"statements/{subject}/{action}"] = [each(proxy.statements - before[1])]
    finally:
        proxy.close()
        server.stop()
        server.start()
    say(
        "round trips: "
        + ", ".join(f"{name.split('/', 1)[1]} {count[0]}" for name, count in facts.items() if name[0] == "r")
    )
    return facts


def each(count):
    """How many for each read. A check of the server's own in between is none of them."""
    return round(count / READS) if count % READS < READS // 20 else round(count / READS, 2)


def beside_sign_ins(server, options, say):
    """How many times longer the 99th percentile of other requests is while people sign in, one ratio of each round."""
    others, ratios = server.requests["vestibule-token", "list"], []
    sign_in = load.Request("POST", "/session/v1/login", {**JSON, **OWN_ORIGIN}, as_json(credentials(rows.VISITOR)))
    for _ in range(options.rounds):
        alone = load.run(server.port, others, OTHERS, 3 * options.seconds, PAUSE_MS)
        with load.Load(server.port, [sign_in], SIGN_INS_AT_ONCE, 3 * options.seconds + 1) as sign_ins:
            time.sleep(0.5)
            beside = load.run(server.port, others, OTHERS, 3 * options.seconds, PAUSE_MS)
            sign_ins.result()
        measure.settle(server)
        ratios.append(round(beside["p99_ms"] / alone["p99_ms"], 2))
        say(f"p99 of others {alone['p99_ms']:.1f} ms, beside {SIGN_INS_AT_ONCE} sign-ins {beside['p99_ms']:.1f} ms")
    return ratios


def after_sign_ins(server, options, say):
    """Memory after many sign-ins, in three steps of the same number; of fewer where the machine is too slow."""
    count, sign_in = 10_000 if options.full else 1_500, server.requests["vestibule-session", "sign-in"]
    done, memory = 0, []
    for step in range(1, 4):
        over = time.monotonic() + LONGEST_STEP * count / 1_500
        while done < step * count // 3 and time.monotonic() < over:
            done += load.run(server.port, sign_in, SIGN_INS_AT_ONCE, 2)["requests"]
        memory.append(server.memory()["pss_mb"])
        say(f"{done} sign-ins: {memory[-1]} MB")
    return {
        "sign_ins": [done],
        "sign_ins_steps_mb": memory,
        "after_sign_ins_mb": memory[-1:],
        "after_sign_ins_growth": [round(memory[2] / memory[1], 3)],
    }


def sizes(server, binary):
    """The binary, the wasm as browsers load it, and whether the landing page loads it."""
    page = client.call(server.port, "GET", "/notes", None, server.people[0]["session"]).body.decode()
    landing = client.call(server.port, "GET", "/").body.decode()
    facts = {"binary_mb": [round(binary.stat().st_size / 1e6, 1)]}
    wasm = re.search(r"/[^\"'\s]+\.wasm", page)
    if wasm:
        compressed = client.call(server.port, "GET", wasm[0], None, {"Accept-Encoding": "br"})
        facts["wasm_kb"] = [round(len(compressed.body) / 1000, 1)]
    # public/page.js loads it where there is an island.
    facts["landing_loads_wasm"] = [int("<leptos-island" in landing)]
    return facts

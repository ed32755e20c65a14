"""Attacks that would keep the site from serving others."""

import socket
import time

from server import FORM, PROXIED, UNLIMITED, Others, Server, at_once, bearer, cookies


def slow_search(binary, scale):
    """Eight searches that are as dear as a search can be."""
    with Server(binary) as server:
        token, other = server.token("attacker"), server.token("other")
        server.add_notes("attacker@example.org", scale(short=1_000, long=4_000), "a" * 20_000)
        path = f"/api/v1/notes?q={'a' * 199}b"
        begun, spent = time.monotonic(), server.processor_seconds()
        with Others(server, other) as others:
            statuses = at_once([lambda: server.call("GET", path, None, bearer(token)).status for _ in range(8)])
            took = time.monotonic() - begun
            time.sleep(1)
        idle = server.processor_seconds()
        time.sleep(2)
        goes_on = server.processor_seconds() - idle > 1
        spent = server.processor_seconds() - spent
        said = f"{sorted(set(statuses))} after {took:.1f} s, {spent:.1f} s of processor, goes on: {goes_on}"
        return goes_on or others.served < others.asked, said, others


def clients_that_do_not_read(binary, scale):
    """Clients that ask for the largest list there is, and read nothing of it."""
    with Server(binary) as server:
        token, other = server.token("attacker"), server.token("other")
        server.add_notes("attacker@example.org", 100, "\x01" * 20_000)
        before, _ = server.memory()
        request = f"GET /api/v1/notes?limit=100 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
        clients = []
        with Others(server, other) as others:
            for _ in range(scale(short=60, long=100)):
                client = socket.socket()
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                client.settimeout(5)
                client.connect(("127.0.0.1", server.port))
                client.sendall(request.encode())
                clients.append(client)
            time.sleep(scale(short=3, long=45))
            after, most = server.memory()
        for client in clients:
            client.close()
        grown = most - before
        said = f"{before:.0f} MB, then {after:.0f}, at most {most:.0f}"
        return grown > 250 or others.served < others.asked, said, others


def failing_sign_ups(binary, scale):
    """Sign-ups that fail and are never counted fill the queue in which honest sign-ins wait."""
    with Server(binary, **PROXIED, **UNLIMITED) as server:
        other = server.token("other")
        form = {"name": "", "email": "a@example.org", "password": "x" * 62 + "qZ"}
        over = time.monotonic() + scale(short=5, long=20)

        def flood():
            while time.monotonic() < over:
                server.call("POST", "/sign-up", form, FORM, source="203.0.113.9")

        def honest(number):
            time.sleep(0.1 * number)
            return server.login("other", source=f"198.51.100.{number}").status

        with Others(server, other) as others:
            calls = [flood] * 60 + [lambda number=number: honest(number) for number in range(40)]
            statuses = at_once(calls, 100)[60:]
        refused = sum(status != 201 for status in statuses)
        return refused > 0, f"{refused} of {len(statuses)} honest sign-ins refused", others


def endless_sign_ins(binary, scale):
    """One account signs in again and again: how large does its page get?"""
    with Server(binary, **PROXIED, **UNLIMITED) as server:
        other = server.token("other")
        server.sign_up("attacker")
        jar, count = {}, scale(short=150, long=1_000)
        with Others(server, other) as others:
            at_once([lambda: server.sign_in("attacker") for _ in range(count)], 4)
            server.sign_in("attacker", jar=jar)
            time.sleep(1)
            page = len(server.call("GET", "/account", None, cookies(jar)).body)
            rows = server.sql("SELECT count(*) FROM browser_sessions")[0][0]
        return rows > 110 or page > 300_000, f"{count} sign-ins: {rows} rows, a page of {page // 1000} kB", others


def lab_memory(binary, scale):
    """The Lab records what it is sent: long cookie names, from many addresses."""
    with Server(binary, **PROXIED) as server:
        other = server.token("other")
        before, _ = server.memory()
        guard = {"Sec-Fetch-Site": "same-origin"}
        name = "lab-" + "n" * 9_000
        cookie = {"Cookie": f"{name}0=1; {name}1=1; {name}2=1", "Sec-Fetch-Site": "same-origin"}

        def flood(number):
            source = f"198.51.100.{number}"
            for _ in range(scale(short=8, long=20)):
                created = server.call("POST", "/lab/sessions", None, guard, source=source).json()
                if "session" not in created:
                    return
                at = f"{created['session']}/proxy-ask"
                server.call("POST", f"/lab/sessions/{at}/begin", None, guard, source=source)
                for _ in range(24):
                    server.call("GET", f"/lab/proxy/{at}/request", None, cookie, source=source)

        with Others(server, other) as others:
            at_once([lambda number=number: flood(number) for number in range(25)], 8)
            after, most = server.memory()
        return most - before > 100, f"{before:.0f} MB, then {after:.0f}, at most {most:.0f}", others


def memory_of_hashing(binary, scale):
    """What is left of the memory for hashing after some hundred sign-ins."""
    with Server(binary, **PROXIED, **UNLIMITED) as server:
        other = server.token("other")
        before, _ = server.memory()
        count = scale(short=100, long=400)
        with Others(server, other) as others:
            at_once([lambda n=n: server.login("other", source=f"198.51.100.{n % 250}") for n in range(count)], 8)
        after, most = server.memory()
        return after - before > 120, f"{count} sign-ins: {before:.0f} MB, then {after:.0f}, at most {most:.0f}", others


ATTACKS = [
    slow_search,
    clients_that_do_not_read,
    failing_sign_ups,
    endless_sign_ins,
    lab_memory,
    memory_of_hashing,
]

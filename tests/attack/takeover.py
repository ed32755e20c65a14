"""Attacks that would open somebody else's account, or keep one open."""

import re
import socket
import threading
import time

from server import FORM, JSON, PASSWORD, UNLIMITED, Server, at_once, bearer, cookies

OTHER_PASSWORD = "a different horse entirely"


def public_outbox(binary, scale):
    """The defaults behind a plain reverse proxy: reset anybody's password, read the mail at /dev/outbox."""
    with Server(binary) as server:
        server.sign_up("victim")
        elsewhere = {**FORM, "Origin": "https://app.example", "Host": f"127.0.0.1:{server.port}"}
        asked = server.call("POST", "/forgot", {"email": "victim@example.org"}, elsewhere)
        seen = server.call("GET", "/dev/outbox", None, {"Host": f"127.0.0.1:{server.port}"})
        leaked = seen.status == 200 and b"victim@example.org" in seen.body
        return leaked, f"POST /forgot {asked.status}, GET /dev/outbox {seen.status}"


def unknown_setting(binary, scale):
    """A misspelt setting (one underscore) that would have closed the outbox is ignored in silence."""
    try:
        with Server(binary, VESTIBULE_SERVER_PUBLIC_URL="https://app.example"):
            return True, "served without a word"
    except RuntimeError as refused:
        return "VESTIBULE_SERVER_PUBLIC_URL" not in str(refused), "refused at start"


def login_in_flight(binary, scale):
    """Logins kept in flight while the owner changes the password: does a token of the old one live on?"""
    survivors = made = 0
    with Server(binary, **UNLIMITED) as server:
        for round in range(scale(short=2, long=8)):
            name = f"owner{round}"
            server.sign_up(name)
            jar = {}
            server.sign_in(name, jar=jar)
            tokens, over = [], threading.Event()

            def keep_trying():
                while not over.is_set():
                    token = server.login(name).json().get("token")
                    if token:
                        tokens.append(token)

            threads = [threading.Thread(target=keep_trying) for _ in range(4)]
            for thread in threads:
                thread.start()
            time.sleep(0.5)
            form = {"current": PASSWORD, "password": OTHER_PASSWORD, "tokens": "on"}
            changed = server.call("POST", "/account/password", form, {**FORM, **cookies(jar)})
            over.set()
            for thread in threads:
                thread.join()
            assert changed.status == 303, f"the password was not changed: {changed.status}"
            made += len(tokens)
            survivors += sum(server.call("GET", "/api/v1/me", None, bearer(token)).status == 200 for token in tokens)
    return survivors > 0, f"{survivors} of {made} tokens live on"


def somebody_elses_password(binary, scale):
    """A stolen session posts half a request; the address moves to the thief, whose own password finishes it."""
    with Server(binary) as server:
        server.sign_up("victim")
        stolen, own = {}, {}
        server.sign_in("victim", jar=stolen)
        server.sign_in("victim", jar=own)
        server.sql("UPDATE browser_sessions SET reauthenticated_at = 0")
        body = b"name=stolen&days=30&scope-notes-read=on&password-again=the+thiefs+own+password"
        head = (
            f"POST /tokens HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\nConnection: close\r\n"
            f"Content-Type: {FORM['Content-Type']}\r\nCookie: {cookies(stolen)['Cookie']}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        held = socket.create_connection(("127.0.0.1", server.port), 30)
        held.sendall(head.encode() + body[:10])
        time.sleep(0.5)
        # The owner moves to another address.
        asked = {"email": "moved@example.org", "password-again": PASSWORD}
        own.update(server.call("POST", "/account/email", asked, {**FORM, **cookies(own)}).cookies)
        time.sleep(1)
        links = re.findall(r"/email/[0-9A-Za-z_-]+", "".join(server.mails("moved@example.org")))
        assert links, "no link to confirm the new address"
        confirmed = server.call("POST", links[-1], {}, {**FORM, **cookies(own)})
        assert confirmed.status in (200, 303), f"the address was not changed: {confirmed.status}"
        thief = {"name": "thief", "email": "victim@example.org", "password": "the thiefs own password"}
        taken = server.call("POST", "/sign-up", thief, FORM)
        before = server.sql("SELECT count(*) FROM tokens")[0][0]
        held.sendall(body[10:])
        answer = held.recv(4096).split(b"\r\n")[0].decode()
        held.close()
        after = server.sql("SELECT count(*) FROM tokens")[0][0]
        return after > before, f"address taken over {taken.status}, then {answer[9:12]}, {after - before} tokens made"


def outliving_child(binary, scale):
    """A token that is renewed for 7 days makes one for 365, and ends."""
    with Server(binary) as server:
        server.sign_up("owner")
        jar = {}
        server.sign_in("owner", jar=jar)
        session = {**JSON, "Sec-Fetch-Site": "same-origin", **cookies(jar)}
        asked = {"name": "parent", "scopes": ["tokens:manage", "notes:read"], "days": 7, "renew": True}
        parent = server.call("POST", "/session/v1/tokens", asked, session).json()
        asked = {"name": "child", "scopes": ["notes:read"], "days": 365}
        made = server.call("POST", "/api/v1/tokens", asked, {**JSON, **bearer(parent["token"])})
        child = made.json()
        if "token" not in child:
            return False, f"refused: {made.status}"
        server.sql("UPDATE tokens SET expires_at = 1, ends_at = 1 WHERE name = 'parent'")
        revoked = server.call("DELETE", f"/session/v1/tokens/{parent['id']}", None, session)
        server.call("POST", "/api/v1/tokens/report", {"token": parent["token"]}, JSON)
        time.sleep(1)
        works = server.call("GET", "/api/v1/notes", None, bearer(child["token"])).status == 200
        return works, f"parent ended, revoked ({revoked.status}) and reported; the child works: {works}"


def stolen_token(binary, scale):
    """A token with every scope, without the password: does it take the account over, or last beyond its end?"""
    with Server(binary) as server:
        server.sign_up("owner")
        jar = {}
        server.sign_in("owner", jar=jar)
        scopes = [scope["name"] for scope in server.call("GET", "/api/v1/scopes").json()["items"]]
        asked = {"name": "stolen", "scopes": scopes, "days": 7}
        session = {**JSON, "Sec-Fetch-Site": "same-origin", **cookies(jar)}
        thief = {**JSON, **bearer(server.call("POST", "/session/v1/tokens", asked, session).json()["token"])}
        guess = "the thiefs own guess"
        tries = {
            "password": ("POST", "me/password", {"current_password": guess, "new_password": OTHER_PASSWORD}),
            "address": ("POST", "me/email", {"email": "thief@example.org"}),
            "address by a guess": ("POST", "me/email", {"email": "thief@example.org", "password": guess}),
            "a token that lasts": ("POST", "tokens", {**asked, "days": 90}),
            "a token by a guess": ("POST", "tokens", {**asked, "days": 90, "password": guess}),
            "renewal": ("POST", "token/renew", None),
            "export": ("GET", "export", None),
            "signing the owner out": ("DELETE", "sessions", None),
        }
        done = [what for what, (method, path, body) in tries.items()
                if server.call(method, f"/api/v1/{path}", body, thief).status < 400]
        owner = server.login("owner").status == 201 and server.call("GET", "/account", None, cookies(jar)).status == 200
        return bool(done) or not owner, f"{len(tries)} tries: {', '.join(done) or 'nothing'} done; owner in: {owner}"


def login_from_any_page(binary, scale):
    """A token of the attacker's own account names their origin: may that page then send passwords to login?"""
    with Server(binary) as server:
        server.sign_up("attacker")
        jar = {}
        server.sign_in("attacker", jar=jar)
        asked = {"name": "t", "scopes": ["notes:read"], "days": 7, "origins": ["https://evil.example"]}
        session = {**JSON, "Sec-Fetch-Site": "same-origin", **cookies(jar)}
        assert server.call("POST", "/session/v1/tokens", asked, session).status == 201
        preflight = {
            "Origin": "https://evil.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type",
        }
        allowed = [
            path for path in ("login", "tokens/report")
            if "access-control-allow-origin" in server.call("OPTIONS", f"/api/v1/{path}", None, preflight).headers
        ]
        return bool(allowed), f"preflights passed for: {', '.join(allowed) or 'nothing'}"


def full_disk(binary, scale):
    """A disk that is full: is anything acknowledged that is not kept, or a token ended that works on?"""
    import resource

    with Server(binary) as server:
        token = server.token("owner")
        write = {**JSON, **bearer(token)}
        size = max((server.folder / name).stat().st_size for name in ("vestibule.db", "vestibule.db-wal"))
        unlimited = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (size + 8192, unlimited[1]))
        made = at_once([
            lambda: server.call("POST", "/api/v1/notes", {"title": "t", "body": "x" * 15_000}, write) for _ in range(30)
        ], 4)
        ended = server.call("POST", "/api/v1/logout", None, bearer(token)).status
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, unlimited)
        time.sleep(1)
        works = server.call("GET", "/api/v1/me", None, bearer(token)).status == 200
        ids = [answer.json()["id"] for answer in made if answer.status == 201]
        token = token if works else server.login("owner").json()["token"]
        lost = sum(server.call("GET", f"/api/v1/notes/{id}", None, bearer(token)).status != 200 for id in ids)
        said = sorted({answer.status for answer in made})
        lie = ended == 204 and works
        return lost > 0 or lie, f"30 notes: {said}, {lost} lost; logout {ended}, token works: {works}"


ATTACKS = [
    public_outbox,
    unknown_setting,
    login_in_flight,
    somebody_elses_password,
    outliving_child,
    stolen_token,
    login_from_any_page,
    full_disk,
]

"""A server under attack: the binary in an empty folder, what it costs, and those it goes on serving."""

import http.client
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import tempfile
import threading
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

PASSWORD = "correct horse battery staple"
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}

PROXIED = {"VESTIBULE_SERVER__TRUSTED_PROXIES": "127.0.0.1"}
# Everybody comes from one address where no proxy says otherwise.
UNLIMITED = {
    "VESTIBULE_THROTTLE__SIGN_INS_HERE": "100",
    "VESTIBULE_THROTTLE__SIGN_INS_PER_ADDRESS": "1000000",
    "VESTIBULE_THROTTLE__SIGN_UPS_PER_ADDRESS": "1000000",
    "VESTIBULE_RATE_LIMITS__PER_ADDRESS": "1000000",
}


class Answer:
    """Status, headers (lower-case names) and body of an answer; status 0 where there was none."""

    def __init__(self, status=0, headers=(), body=b""):
        self.status, self.body = status, body
        self.headers = {name.lower(): value for name, value in headers}
        self.cookies = dict(
            value.split(";")[0].split("=", 1) for name, value in headers if name.lower() == "set-cookie"
        )

    def json(self):
        try:
            return json.loads(self.body)
        except ValueError:
            return {}


class Server:
    """`serve` in a folder of its own. `settings` are environment variables."""

    def __init__(self, binary, **settings):
        self.folder = Path(tempfile.mkdtemp(prefix="vestibule-attack-"))
        self.port = free_port()
        self.log = self.folder / "log"
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "LEPTOS_SITE_ADDR": f"127.0.0.1:{self.port}",
            "VESTIBULE_LAB__ADDRESS": f"127.0.0.1:{free_port()}",
            "RUST_LOG": "warn",
            **settings,
        }
        # Past its limit a file cannot grow, and says so instead of ending the process.
        self.process = subprocess.Popen(
            ["sh", "-c", "trap '' XFSZ; exec \"$0\" serve", str(binary)],
            cwd=self.folder, env=environment, stdin=subprocess.DEVNULL,
            stdout=self.log.open("wb"), stderr=subprocess.STDOUT,
        )
        for _ in range(200):
            if self.call("GET", "/readyz").status == 200:
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        raise RuntimeError(f"the server does not start:\n{self.log.read_text()}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        subprocess.run(["rm", "-rf", str(self.folder)], check=False)

    def call(self, method, path, body=None, headers=None, timeout=40, source=None):
        """One request. A dictionary is sent as a form or as JSON, as the headers say; `source` is X-Forwarded-For."""
        headers = dict(headers or {})
        if isinstance(body, dict):
            is_json = headers.get("Content-Type") == JSON["Content-Type"]
            body = json.dumps(body) if is_json else urllib.parse.urlencode(body)
        if source:
            headers["X-Forwarded-For"] = source
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body, {"Host": "localhost", **headers})
            response = connection.getresponse()
            return Answer(response.status, response.getheaders(), response.read())
        except (OSError, http.client.HTTPException):
            return Answer()
        finally:
            connection.close()

    def sign_up(self, name, **options):
        form = {"name": name, "email": f"{name}@example.org", "password": PASSWORD}
        return self.call("POST", "/sign-up", form, FORM, **options)

    def login(self, name, password=PASSWORD, **options):
        body = {"email": f"{name}@example.org", "password": password}
        return self.call("POST", "/api/v1/login", body, JSON, **options)

    def sign_in(self, name, password=PASSWORD, jar=None, **options):
        """Signs a browser in, and puts its cookies into `jar`."""
        jar = {} if jar is None else jar
        form = {"email": f"{name}@example.org", "password": password}
        answer = self.call("POST", "/sign-in", form, {**FORM, **cookies(jar)}, **options)
        jar.update(answer.cookies)
        return answer

    def token(self, name):
        """Signs somebody up and gives them a token."""
        self.sign_up(name)
        return self.login(name).json()["token"]

    def mails(self, address):
        """The mails to `address`, as text, the oldest first."""
        found = []
        for path in sorted((self.folder / "outbox").glob("*")):
            text = path.read_text(errors="replace").replace("=\n", "").replace("=3D", "=")
            if re.search(rf"^To:.*{re.escape(address)}", text, re.M):
                found.append(text)
        return found

    def sql(self, statement, rows=()):
        """Runs a statement on the SQLite file, behind the server's back."""
        connection = sqlite3.connect(self.folder / "vestibule.db", timeout=20)
        with connection:
            if rows:
                connection.executemany(statement, rows)
                result = []
            else:
                result = connection.execute(statement).fetchall()
        connection.close()
        return result

    def add_notes(self, email, count, body):
        """Many notes at once, as if they had been there for long."""
        ((account,),) = self.sql(f"SELECT id FROM accounts WHERE email = '{email}'")
        now = time.time_ns() // 1000
        rows = [
            (now.to_bytes(8, "big") + number.to_bytes(8, "big"), account, f"note {number}", body, 1, now, now)
            for number in range(count)
        ]
        self.sql(f"INSERT INTO notes ({NOTE_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    def memory(self):
        """Resident memory in MB: now, and at most so far."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return tuple(int(re.search(rf"{name}:\s+(\d+)", status)[1]) / 1000 for name in ("VmRSS", "VmHWM"))

    def processor_seconds(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


NOTE_COLUMNS = "id, account_id, title, body, version, created_at, updated_at"


class Others:
    """Somebody who has nothing to do with it, and asks for their own page all the while."""

    def __init__(self, server, token):
        self.server, self.headers = server, {"Authorization": f"Bearer {token}"}
        self.served, self.asked, self.slowest = 0, 0, 0.0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.ask)

    def ask(self):
        while not self.over.wait(0.1):
            begun = time.monotonic()
            status = self.server.call("GET", "/api/v1/me", None, self.headers, timeout=10).status
            self.asked += 1
            self.served += status == 200
            self.slowest = max(self.slowest, time.monotonic() - begun)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def cookies(jar):
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in jar.items())} if jar else {}


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def at_once(calls, workers=64):
    """Runs all of `calls`, so many at a time, and gives their results in order."""
    with ThreadPoolExecutor(min(workers, len(calls))) as pool:
        return list(pool.map(lambda call: call(), calls))

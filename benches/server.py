"""A server that is measured: the release binary, and what it is asked."""

from concurrent.futures import ThreadPoolExecutor

import client
import processes
import rows
from load import Request

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}
OWN_ORIGIN = {"Sec-Fetch-Site": "same-origin"}
GZIP = {"Accept-Encoding": "gzip"}
# All requests come from one address and few accounts, so the limits are raised; nothing is turned off.
RAISED = {
    "VESTIBULE_RATE_LIMITS__PER_TOKEN": "10000000",
    "VESTIBULE_RATE_LIMITS__PER_ADDRESS": "10000000",
    "VESTIBULE_THROTTLE__SIGN_INS_HERE": "100",
    "VESTIBULE_THROTTLE__SIGN_INS_PER_ADDRESS": "1000000",
    "VESTIBULE_THROTTLE__SIGN_INS_PER_ACCOUNT": "1000000",
    "VESTIBULE_THROTTLE__SIGN_UPS_PER_ADDRESS": "1000000",
    "VESTIBULE_RESOURCES__PER_ACCOUNT": "1000000",
}


class Server:
    """A program that listens on a port. `requests` are those of each subject, by what they do."""

    ready = alive = "/ready"

    def __init__(self, name):
        self.name, self.port, self.process, self.requests = name, processes.free_port(), None, {}

    def begin(self, command, folder, environment, step=0.05):
        self.process = processes.Process(command, folder, environment)
        processes.wait_until(lambda: client.call(self.port, "GET", self.ready).status == 200, self.process, 30, step)

    def stop(self):
        if self.process:
            self.process.stop()
            self.process = None

    def cpu_seconds(self):
        return processes.cpu_seconds(self.process.tree())

    def memory(self):
        return processes.memory_mb(self.process.tree())


class Vestibule(Server):
    """The release binary on one database."""

    ready, alive = "/readyz", "/healthz"

    def __init__(self, binary, database_kind, database, folder):
        super().__init__("vestibule")
        self.binary, self.kind, self.database = binary, database_kind, database
        self.folder = folder / f"vestibule-{database_kind.name}-{database}"
        self.folder.mkdir()
        self.people = []

    def start(self, url=None):
        peer = processes.free_port()
        environment = {
            "LEPTOS_SITE_ADDR": f"127.0.0.1:{self.port}",
            "VESTIBULE_SERVER__PUBLIC_URL": f"http://127.0.0.1:{self.port}",
            "VESTIBULE_LAB__ADDRESS": f"127.0.0.1:{peer}",
            "DATABASE_URL": url or self.kind.url(self.database),
            "TOKIO_WORKER_THREADS": "2",
            "RUST_LOG": "warn",
            **RAISED,
        }
        self.begin([self.binary, "serve"], self.folder, environment, step=0.002)

    def sign_up(self, name, notes):
        """A new account: the headers of a token and of a session, and its notes' ids."""
        form = {"name": name, "email": rows.email(name), "password": rows.PASSWORD}
        page = client.call(self.port, "POST", "/sign-up", form, {**FORM, **OWN_ORIGIN})
        login = client.call(self.port, "POST", "/api/v1/login", credentials(name))
        if login.status != 201 or not page.cookies:
            raise RuntimeError(f"signing up: {page.status}, {login.status} {login.body!r}")
        cookie = "; ".join(f"{name}={value}" for name, value in page.cookies.items())
        token = {"Authorization": f"Bearer {login.json()['token']}"}
        made = [client.call(self.port, "POST", "/api/v1/notes", draft(note), token) for note in notes]
        return {
            "name": name,
            "id": login.json()["account"]["id"],
            "token": token,
            "session": {"Cookie": cookie, **OWN_ORIGIN},
            "notes": [answer.json()["id"] for answer in made],
        }

    def sign_up_many(self, count):
        names = [f"person-{number}" for number in range(count)]
        with ThreadPoolExecutor(8) as pool:
            self.people = list(pool.map(lambda name: self.sign_up(name, rows.NOTES), names))

    def prepare(self):
        self.people = [self.sign_up(name, rows.NOTES if name == rows.READER else []) for name in rows.NAMES]
        reader, writer, _ = self.people
        for door, mount in (("token", "/api/v1"), ("session", "/session/v1")):
            subject = f"vestibule-{door}"
            by, writes = reader[door], {**writer[door], **JSON}
            self.requests |= {
                (subject, "me"): [Request("GET", f"{mount}/me", by)],
                (subject, "list"): [Request("GET", f"{mount}/notes", by)],
                (subject, "show"): [Request("GET", f"{mount}/notes/{reader['notes'][0]}", by)],
                (subject, "create"): [Request("POST", f"{mount}/notes", writes, as_json(rows.DRAFT), 201)],
            }
        login, browser = as_json(credentials(rows.VISITOR)), {**JSON, **OWN_ORIGIN}
        cookie = reader["session"]
        self.requests |= {
            ("vestibule-token", "sign-in"): [Request("POST", "/api/v1/login", JSON, login, 201)],
            ("vestibule-session", "sign-in"): [Request("POST", "/session/v1/login", browser, login)],
            ("vestibule", "page"): [Request("GET", "/notes", cookie)],
            ("vestibule", "page-gzip"): [Request("GET", "/notes", {**cookie, **GZIP})],
            ("vestibule", "landing"): [Request("GET", "/")],
            ("vestibule", "landing-gzip"): [Request("GET", "/", GZIP)],
            ("vestibule", "health"): [Request("GET", "/healthz")],
        }

    def forget_written(self):
        """Deletes what `create` made, so that each round begins with the same rows."""
        writer = self.people[1]["id"].replace("-", "")
        value = f"x'{writer}'" if self.kind.name == "sqlite" else f"'{writer}'"
        self.kind.run(self.database, f"DELETE FROM notes WHERE account_id = {value}")


def credentials(name):
    return {"email": rows.email(name), "password": rows.PASSWORD}


def draft(note):
    return {"title": note["title"], "body": note["body"]}


def as_json(value):
    return client.json.dumps(value)

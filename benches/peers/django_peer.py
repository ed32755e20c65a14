"""Django REST Framework under gunicorn: with Knox by token, and with Django's sessions."""

import sys

import rows
from load import Request
from peers.peer import HERE, Peer, installed, quietly
from server import JSON, as_json

SOURCE = HERE / "django"


class Django(Peer):
    """Two workers of gunicorn, as many as the machine has cores."""

    name = "django"

    @classmethod
    def install(cls):
        def build(folder):
            quietly([sys.executable, "-m", "venv", "--clear", folder / "venv"])
            pip = [folder / "venv" / "bin" / "pip", "install", "--disable-pip-version-check"]
            quietly([*pip, "--requirement", SOURCE / "requirements.txt"])

        cls.binaries = installed("django", [SOURCE / "requirements.txt"], build) / "venv" / "bin"

    def environment(self):
        return {**super().environment(), "PYTHONPATH": str(SOURCE), "PYTHONDONTWRITEBYTECODE": "1"}

    def prepare(self, _original):
        accounts = self.prepared([self.binaries / "python", SOURCE / "prepare.py"])
        self.ask("knox", "token", "/token", accounts)
        self.ask("django-session", "session", "/session", accounts)
        body = as_json({"username": rows.email(rows.VISITOR), "password": rows.PASSWORD})
        self.requests |= {
            ("knox", "sign-in"): [Request("POST", "/token/login", JSON, body)],
            ("django-session", "sign-in"): [Request("POST", "/session/login", JSON, body)],
        }

    def start(self):
        command = [
            self.binaries / "gunicorn",
            "--no-control-socket",
            "--workers=2",
            f"--bind=127.0.0.1:{self.port}",
            "wsgi",
        ]
        self.begin(command, self.folder, self.environment())

    def stored(self, identifier):
        return f"'{identifier.replace('-', '')}'"

"""Bare axum, and axum with sqlx: the ceiling, and the floor of the work."""

import rows
from load import Request
from peers.peer import HERE, Peer, installed, quietly
from server import JSON, as_json

SOURCE = HERE / "axum"


class Axum(Peer):
    """One program for both, on a copy of the application's own database."""

    name = "axum-sqlx"
    ready = alive = "/constant"

    @classmethod
    def install(cls):
        sources = [SOURCE / "Cargo.toml", SOURCE / "Cargo.lock", *sorted((SOURCE / "src").glob("*.rs"))]

        def build(folder):
            command = ["cargo", "build", "--release", "--locked", "--manifest-path", SOURCE / "Cargo.toml"]
            quietly(command, CARGO_TARGET_DIR=str(folder))

        cls.binary = installed("axum", sources, build) / "release" / "bench-axum"

    def prepare(self, original):
        """`original` is the application's server, which is stopped."""
        self.kind.copy(original.database, self.database)
        reader = original.people[0]
        self.account = reader["id"]
        draft = Request("POST", "/notes", JSON, as_json(rows.DRAFT), 201)
        self.kept = reader["notes"]
        self.requests = {
            ("axum", "constant"): [Request("GET", "/constant")],
            ("axum-sqlx", "me"): [Request("GET", "/me")],
            ("axum-sqlx", "list"): [Request("GET", "/notes")],
            ("axum-sqlx", "show"): [Request("GET", f"/notes/{reader['notes'][0]}")],
            ("axum-sqlx", "create"): [draft],
        }

    def start(self):
        environment = {"ADDRESS": f"127.0.0.1:{self.port}", "ACCOUNT": self.account, "TOKIO_WORKER_THREADS": "2"}
        self.begin([self.binary], self.folder, {**self.environment(), **environment})

    def forget_written(self):
        kept = ", ".join(self.stored(identifier) for identifier in self.kept)
        self.kind.run(self.database, f"DELETE FROM notes WHERE id NOT IN ({kept})")

    def stored(self, identifier):
        digits = identifier.replace("-", "")
        return f"x'{digits}'" if self.kind.name == "sqlite" else f"'{digits}'"

"""better-auth and Hono on a Node.js cluster: by bearer token, and by session cookie."""

import shutil

import rows
from load import Request
from peers.peer import HERE, Peer, installed, quietly
from server import JSON, as_json

SOURCE = HERE / "node"
FILES = ["package.json", "package-lock.json", "server.mjs", "prepare.mjs", "auth.mjs", "database.mjs"]


class BetterAuth(Peer):
    """Two workers."""

    name = "better-auth"

    @classmethod
    def install(cls):
        def build(folder):
            for name in FILES:
                shutil.copy(SOURCE / name, folder / name)
            quietly(["npm", "ci", "--no-fund", "--no-audit"], cwd=folder)

        cls.source = installed("better-auth", [SOURCE / name for name in FILES], build)

    def environment(self):
        return {**super().environment(), "NODE_ENV": "production"}

    def prepare(self, _original):
        accounts = self.prepared(["node", self.source / "prepare.mjs"])
        self.ask("better-auth-token", "token", "", accounts)
        self.ask("better-auth-session", "session", "", accounts)
        body = as_json({"email": rows.email(rows.VISITOR), "password": rows.PASSWORD})
        headers = {**JSON, "Origin": f"http://127.0.0.1:{self.port}"}
        self.requests[("better-auth-session", "sign-in")] = [Request("POST", "/api/auth/sign-in/email", headers, body)]

    def start(self):
        self.begin(["node", self.source / "server.mjs"], self.folder, self.environment())

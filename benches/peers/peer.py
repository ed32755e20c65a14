"""A peer: how it is installed from public packages, prepared and started."""

import hashlib
import json
import os
import subprocess
from pathlib import Path

import client
import rows
from load import Request
from server import JSON, Server, as_json

HERE = Path(__file__).parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vestibule" / "bench"


class Peer(Server):
    """A peer on a database of its own."""

    def __init__(self, kind, folder):
        super().__init__(self.name)
        self.kind, self.database = kind, self.name
        self.folder = folder / f"{self.name}-{kind.name}"
        self.folder.mkdir()

    def environment(self):
        return {"DATABASE_URL": self.kind.url(self.database), "PORT": str(self.port)}

    def prepared(self, command):
        """Runs a program that creates the rows and prints the credentials of both accounts."""
        self.kind.create(self.database)
        done = subprocess.run(
            [str(part) for part in command],
            input=json.dumps(rows.wanted()),
            capture_output=True,
            text=True,
            env={**os.environ, **self.environment()},
            cwd=self.folder,
            timeout=120,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{self.name} cannot be prepared:\n{done.stderr[-2000:]}")
        return json.loads(done.stdout)

    def ask(self, subject, credential, mount, accounts):
        """What is measured of the resource, under the paths of `mount`."""
        by, writes = accounts[rows.READER][credential], {**accounts[rows.WRITER][credential], **JSON}
        self.requests |= {
            (subject, "me"): [Request("GET", f"{mount}/me", by)],
            (subject, "list"): [Request("GET", f"{mount}/notes", by)],
            (subject, "show"): [Request("GET", f"{mount}/notes/{rows.NOTES[0]['id']}", by)],
            (subject, "create"): [Request("POST", f"{mount}/notes", writes, as_json(rows.DRAFT), 201)],
        }

    def forget_written(self):
        """Deletes what `create` made. The twenty notes that are read have ids from the harness."""
        kept = ", ".join(self.stored(note["id"]) for note in rows.NOTES)
        self.kind.run(self.database, f"DELETE FROM notes WHERE id NOT IN ({kept})")

    def stored(self, identifier):
        """A note's id as SQL, in the column's form."""
        return f"'{identifier}'"


def installed(name, sources, install):
    """Runs `install(folder)` unless that was done from the same sources before. Returns the folder."""
    folder = CACHE / name
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
    stamp = folder / "installed-from"
    if not stamp.is_file() or stamp.read_text() != digest:
        print(f"bench: installing {name} (once)", flush=True)
        # So that one that fails midway is begun anew.
        stamp.unlink(missing_ok=True)
        install(folder)
        stamp.write_text(digest)
    return folder


def quietly(command, cwd=None, **environment):
    """Runs a command; its output is shown only if it fails."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, **environment},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(str(part) for part in command)}:\n{done.stdout[-1500:]}")


__all__ = ["HERE", "Peer", "client", "installed", "quietly"]

"""The databases: SQLite files, and a PostgreSQL cluster that ends with the bench."""

import os
import re
import shutil
import sqlite3
import subprocess
from pathlib import Path

import processes

# PostgreSQL refuses to run as root, so root hands it over to the user `postgres`.
POSTGRES = """set -e
folder=$1 binaries=$2 as=
if [ "$(id -u)" = 0 ]; then as="runuser -u postgres --"; chown postgres "$folder"; fi
cd "$folder"
$as "$binaries/initdb" --pgdata=data --username=vestibule --auth=trust --encoding=UTF8 --no-locale --no-sync
cat >> data/postgresql.conf <<EOF
listen_addresses = ''
unix_socket_directories = '$folder'
max_connections = 200
shared_buffers = 512MB
max_wal_size = 4GB
EOF
# A fast shutdown: it does not wait for clients.
trap '$as "$binaries/pg_ctl" stop --mode=fast --pgdata=data' TERM
$as "$binaries/postgres" -D data &
wait $! || wait"""


class Sqlite:
    """A file for each database."""

    name = "sqlite"

    def __init__(self, folder):
        self.folder = folder / "sqlite"
        self.folder.mkdir()

    def url(self, database):
        return f"sqlite:{self.path(database)}"

    def path(self, database):
        return self.folder / f"{database}.db"

    def create(self, database):
        """The server that is started on it creates the file."""

    def connect(self, database):
        connection = sqlite3.connect(self.path(database), timeout=20)
        connection.isolation_level = None
        return connection

    def copy(self, database, to):
        with_source, with_target = self.connect(database), self.connect(to)
        with_source.backup(with_target)
        with_source.close()
        with_target.close()

    def run(self, database, sql):
        """The rows of the statement, or none."""
        connection = self.connect(database)
        rows = connection.execute(sql).fetchall()
        connection.close()
        return rows

    def cpu_seconds(self):
        return 0.0

    def changes(self, database):
        """A function that tells whether anything was written since it was told last."""
        connection = self.connect(database)
        seen = [connection.execute("PRAGMA data_version").fetchone()]

        def changed():
            before, seen[0] = seen[0], connection.execute("PRAGMA data_version").fetchone()
            return seen[0] != before

        return changed

    def stop(self):
        """Nothing runs."""


class Postgres:
    """A cluster with its defaults for durability, on a socket in the folder."""

    name = "postgresql"

    def __init__(self, folder):
        self.folder = folder / "postgresql"
        self.folder.mkdir()
        # The user `postgres` must reach it.
        for place in (folder, self.folder):
            place.chmod(0o755)
        self.binaries = binaries()
        command = ["sh", "-c", POSTGRES, "postgresql", self.folder, self.binaries]
        self.process = processes.Process(command, self.folder, {})
        processes.wait_until(lambda: self.sql("postgres", "SELECT 1") is not None, self.process, 60)

    def url(self, database):
        return f"postgres://vestibule@localhost:5432/{database}?host={self.folder}"

    def create(self, database):
        self.run("postgres", f'CREATE DATABASE "{database}"')

    def copy(self, database, to):
        self.run("postgres", f'CREATE DATABASE "{to}" TEMPLATE "{database}"')

    def psql(self, database, text):
        command = [
            self.binaries / "psql",
            "--quiet",
            "--no-psqlrc",
            "--tuples-only",
            "--no-align",
            "--username=vestibule",
        ]
        command += [f"--host={self.folder}", "--set=ON_ERROR_STOP=1", f"--dbname={database}"]
        return subprocess.run(command, input=text, capture_output=True, text=True, check=False)

    def sql(self, database, sql):
        """The output, or None if the statement fails."""
        done = self.psql(database, sql)
        return done.stdout if done.returncode == 0 else None

    def run(self, database, sql):
        """The rows of the statement, their columns as text."""
        done = self.psql(database, sql)
        if done.returncode != 0:
            raise RuntimeError(f"psql: {done.stderr.strip()}")
        return [tuple(line.split("|")) for line in done.stdout.splitlines()]

    def cpu_seconds(self):
        return processes.cpu_seconds(self.process.tree(), with_ended=True)

    def changes(self, database):
        # Only a transaction that writes is given an id.
        sql = "SELECT pg_snapshot_xmax(pg_current_snapshot())"
        seen = [self.run(database, sql)]

        def changed():
            before, seen[0] = seen[0], self.run(database, sql)
            return seen[0] != before

        return changed

    def stop(self):
        self.process.stop()


def binaries():
    """The folder of initdb, postgres and psql: of the newest version in Debian's place, or of the PATH."""

    def version(path):
        return int(re.search(r"postgresql/(\d+)", str(path))[1])

    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=version)
    on_path = shutil.which("initdb", path=os.environ.get("PATH"))
    if on_path:
        found.append(Path(on_path).resolve())
    whole = [path.parent for path in found if (path.parent / "postgres").is_file() and (path.parent / "psql").is_file()]
    if not whole:
        raise RuntimeError("PostgreSQL's programs are missing; `scripts/setup test` installs them")
    return whole[-1]

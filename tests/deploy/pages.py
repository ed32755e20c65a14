"""The commands of docs/postgresql.md, docs/clock.md: SQL in a cluster that ends with the test, the others beside a server."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from server import ROOT, SITE, Folder, free_port, run, stop

BLOCK = re.compile(r"^ *```(\w+)\n(.*?)^ *```$", re.M | re.S)


def check(binary):
    """pages: the commands of docs/postgresql.md and docs/clock.md"""
    count = 0
    with Folder() as folder:
        (folder.path / "vestibule").symlink_to(binary)
        os.chmod(folder.path, 0o755)
        port = folder.serve(binary, DATABASE_URL=f"sqlite:{folder.path}/vestibule.db")
        settings = {"LEPTOS_SITE_ADDR": f"127.0.0.1:{port}", "DATABASE_URL": f"sqlite:{folder.path}/vestibule.db"}
        for _, command in blocks("clock.md"):
            run(["bash", "-c", command], cwd=folder.path, env={**os.environ, **settings})
            count += 1
        stop(folder.running[0])
        cluster = Cluster(folder)
        if not cluster.tool:
            return f"{count} commands; those of docs/postgresql.md left out, PostgreSQL is not here"
        try:
            for kind, text in blocks("postgresql.md"):
                if kind == "sql":
                    cluster.sql(text)
                else:
                    url = re.search(r"DATABASE_URL=(\S+)", text)[1].replace("localhost", f"127.0.0.1:{cluster.port}")
                    assert "./vestibule serve" in text
                    folder.serve(binary, DATABASE_URL=url)
                    stop(folder.running[-1])
                count += 1
        finally:
            cluster.end()
    return f"{count} commands"


def blocks(page):
    return BLOCK.findall((ROOT / "docs" / page).read_text())


class Cluster:
    """PostgreSQL, which refuses to run as root."""

    def __init__(self, folder):
        found = next(map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb")), None) or shutil.which("initdb")
        self.tool = Path(found).parent if found else None
        self.port = free_port()
        self.folder = folder.path / "cluster"
        if not self.tool:
            return
        self.folder.mkdir()
        self.user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self.user:
            shutil.chown(self.folder, "postgres")
        made = ["--username=postgres", "--auth-local=trust", "--auth-host=scram-sha-256", "--no-sync"]
        run([*self.user, self.tool / "initdb", f"--pgdata={self.folder}/data", *made], cwd=self.folder)
        self.control("start", "-w", "-o", f"-p {self.port} -c listen_addresses=127.0.0.1 -c fsync=off -k {self.folder}")

    def control(self, *arguments):
        # Its own log: otherwise the server keeps our pipe open.
        log = f"--log={self.folder}/log"
        done = subprocess.run(
            [*self.user, str(self.tool / "pg_ctl"), f"--pgdata={self.folder}/data", log, *arguments],
            cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        assert done.returncode == 0, arguments

    def sql(self, text):
        where = ["--host", self.folder, "--port", self.port, "--username", "postgres", "--dbname", "postgres"]
        client = shutil.which("psql") or self.tool / "psql"
        run([client, "--no-psqlrc", "--set", "ON_ERROR_STOP=1", *where], input=text)

    def end(self):
        self.control("stop", "--mode=fast")

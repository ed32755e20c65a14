"""A PostgreSQL cluster that is stopped, paused and filled, its standby, and PgBouncer in front of it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from harness import Failed, free_port, program

sys.path.append(str(Path(__file__).resolve().parent.parent.parent / "benches"))

# pylint: disable=wrong-import-position
from databases import binaries  # noqa: E402

# The defaults of PostgreSQL for durability.
CONF = """
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '{folder}'
max_connections = 100
shared_buffers = 64MB
logging_collector = off
"""


class Cluster:
    """A cluster on a port of 127.0.0.1, in `folder`."""

    def __init__(self, folder, conf="", wal=None):
        self.folder, self.binaries, self.port = Path(folder) / "postgresql", binaries(), free_port()
        self.log, self.process = Path(folder) / "postgresql.log", None
        self.folder.mkdir()
        # PostgreSQL refuses to run as root, so root hands it over to the user `postgres`.
        self.user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        self.own(self.folder)
        command = ["initdb", "--username=vestibule", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"]
        self.run(*command, *([f"--waldir={wal}"] if wal else []))
        self.configure(conf)

    def configure(self, conf):
        with (self.folder / "data" / "postgresql.conf").open("a") as file:
            file.write(CONF.format(port=self.port, folder=self.folder) + conf)

    def own(self, path):
        if os.getuid() == 0:
            subprocess.run(["chown", "postgres", str(path)], check=True)

    def run(self, command, *arguments, check=True):
        done = subprocess.run(
            [*self.user, str(self.binaries / command), f"--pgdata={self.folder}/data", *arguments],
            cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False,
        )
        if check and done.returncode != 0:
            raise Failed(f"{command} {arguments}: {done.stderr.decode(errors='replace')[-500:]}")
        return done.returncode

    def start(self):
        # Not by pg_ctl, so that a postmaster that was killed is a child that is waited for.
        self.process = subprocess.Popen(
            [*self.user, str(self.binaries / "postgres"), "-D", f"{self.folder}/data"], cwd=self.folder,
            stdin=subprocess.DEVNULL, stdout=self.log.open("ab"), stderr=subprocess.STDOUT, start_new_session=True,
        )
        until = time.monotonic() + 30
        while self.psql("SELECT 1", "postgres").returncode:
            if self.process.poll() is not None or time.monotonic() > until:
                raise Failed(f"PostgreSQL does not start:\n{self.log.read_text(errors='replace')[-1500:]}")
            time.sleep(0.05)
        return self

    def stop(self, mode="immediate"):
        self.run("pg_ctl", "stop", "--wait", f"--mode={mode}", check=False)
        self.process.wait(30)

    def kill(self):
        """All of it, with SIGKILL."""
        pids = self.pids()
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        self.process.wait(30)
        until = time.monotonic() + 10
        while time.monotonic() < until and any(running(pid) for pid in pids):
            time.sleep(0.01)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.signal(signal.SIGCONT)
        self.stop()

    def pids(self):
        """The postmaster and its children."""
        main = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        found = [main]
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                parent = int(path.read_text().rsplit(")", 1)[1].split()[1])
            except (OSError, IndexError):
                continue
            if parent == main:
                found.append(int(path.parent.name))
        return found

    def signal(self, number):
        """To the postmaster and its children, the postmaster first so that it makes no others."""
        try:
            # The last is `runuser`, where there is one: it stops itself when PostgreSQL is stopped.
            for pid in [*self.pids(), self.process.pid]:
                os.kill(pid, number)
        except (OSError, ValueError, IndexError):
            return False
        return True

    def url(self, database="vestibule", port=None, more=""):
        return f"postgres://vestibule@127.0.0.1:{port or self.port}/{database}?sslmode=disable{more}"

    def create(self, database="vestibule"):
        self.sql(f'CREATE DATABASE "{database}"', "postgres")
        return self.url(database)

    def psql(self, text, database="vestibule"):
        command = [str(self.binaries / "psql"), "--quiet", "--no-psqlrc", "--tuples-only", "--no-align",
                   "--username=vestibule", "--host=127.0.0.1", f"--port={self.port}", "--set=ON_ERROR_STOP=1",
                   f"--dbname={database}", "--field-separator=\t"]
        return subprocess.run(command, input=text, capture_output=True, text=True, check=False)

    def sql(self, text, database="vestibule"):
        """The rows of the statement, their columns as text."""
        done = self.psql(text, database)
        if done.returncode != 0:
            raise Failed(f"psql: {done.stderr.strip()}")
        return [tuple(line.split("\t")) for line in done.stdout.splitlines()]


class Standby(Cluster):
    """A streaming standby of `primary`, which is running. From its start on, the primary acknowledges nothing that the
    standby does not have on its disk."""

    def __init__(self, folder, primary):  # pylint: disable=super-init-not-called
        self.folder, self.binaries, self.port = Path(folder) / "standby", primary.binaries, free_port()
        self.log, self.process, self.user = Path(folder) / "standby.log", None, primary.user
        self.primary = primary
        self.folder.mkdir()
        self.own(self.folder)
        source = f"host=127.0.0.1 port={primary.port} user=vestibule application_name=standby"
        self.run("pg_basebackup", "--write-recovery-conf", "--checkpoint=fast", "--no-sync", f"--dbname={source}")
        # It has the primary's configuration, and is to wait for nobody once it is promoted.
        self.configure("synchronous_standby_names = ''\n")

    def start(self):
        super().start()
        self.primary.sql("ALTER SYSTEM SET synchronous_standby_names = 'standby'", "postgres")
        self.primary.sql("SELECT pg_reload_conf()", "postgres")
        until = time.monotonic() + 20
        while self.primary.sql("SELECT sync_state FROM pg_stat_replication", "postgres") != [("sync",)]:
            if time.monotonic() > until:
                raise Failed(f"the standby does not follow:\n{self.log.read_text(errors='replace')[-1500:]}")
            time.sleep(0.05)
        return self

    def promote(self):
        """Returns when it accepts writes."""
        self.run("pg_ctl", "promote", "--wait")


def running(pid):
    """Whether there is such a process that is not dead already."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in ("Z", "X")
    except OSError:
        return False


class Pgbouncer:
    """PgBouncer in transaction mode in front of `cluster`, with fewer connections than its clients have."""

    def __init__(self, folder, cluster):
        self.folder, self.port, self.cluster = Path(folder) / "pgbouncer", free_port(), cluster
        self.folder.mkdir()
        cluster.own(self.folder)
        self.binary = program("pgbouncer", "/usr/sbin")
        (self.folder / "pgbouncer.ini").write_text(
            f"[databases]\n* = host=127.0.0.1 port={cluster.port} user=vestibule\n[pgbouncer]\n"
            f"listen_addr = 127.0.0.1\nlisten_port = {self.port}\nunix_socket_dir =\nauth_type = any\n"
            "pool_mode = transaction\ndefault_pool_size = 8\nmax_client_conn = 500\n"
        )
        self.process = None

    def start(self):
        user = ["-u", "postgres"] if os.getuid() == 0 else []
        self.process = subprocess.Popen(
            [self.binary, *user, "pgbouncer.ini"], cwd=self.folder, stdin=subprocess.DEVNULL,
            stdout=(self.folder / "log").open("ab"), stderr=subprocess.STDOUT,
        )
        time.sleep(0.5)
        return self

    def stop(self):
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def url(self, named=True):
        return self.cluster.url(port=self.port, more="&pgbouncer=true" if named else "")

"""What every scenario needs: instances of the server that can be killed, and checks that end a scenario."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "attack"))

# pylint: disable=wrong-import-position,unused-import
from server import FORM, JSON, PASSWORD, Answer, Server, at_once, bearer, cookies, free_port  # noqa: E402,F401

# Scenarios are about faults, not about limits, except for the one that is.
UNLIMITED = {
    "VESTIBULE_THROTTLE__SIGN_INS_HERE": "100",
    "VESTIBULE_THROTTLE__SIGN_INS_PER_ADDRESS": "1000000",
    "VESTIBULE_THROTTLE__SIGN_UPS_PER_ADDRESS": "1000000",
    "VESTIBULE_THROTTLE__MAILS_PER_ADDRESS": "1000000",
    "VESTIBULE_RATE_LIMITS__PER_TOKEN": "10000000",
    "VESTIBULE_RATE_LIMITS__PER_ADDRESS": "10000000",
    "VESTIBULE_RESOURCES__PER_ACCOUNT": "1000000",
}


class Failed(Exception):
    """What was promised did not hold."""


class Skipped(Exception):
    """This machine lacks something that the scenario needs."""


def check(holds, what):
    if not holds:
        raise Failed(what)


def program(name, *folders):
    """The path of a program, which may be in one of `folders` only."""
    found = shutil.which(name) or next((str(Path(f) / name) for f in folders if (Path(f) / name).is_file()), None)
    if not found:
        raise Skipped(f"{name} is missing; `scripts/setup faults` installs it")
    return found


class Folder:
    """An empty folder that is removed at the end, which the user `postgres` can reach."""

    def __enter__(self):
        self.path = Path(tempfile.mkdtemp(prefix="vestibule-faults-"))
        self.path.chmod(0o755)
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)


class Instance(Server):
    """`serve`, which can be killed and started again. It keeps its port, its folder and its log."""

    def __init__(self, binary, folder, url="sqlite:vestibule.db", port=None, wrap=(), **settings):
        self.binary, self.wrap = Path(binary), list(wrap)
        self.folder = Path(folder)
        self.folder.mkdir(exist_ok=True)
        self.port = port or free_port()
        self.log = self.folder / f"log-{self.port}"
        self.environment = {
            "PATH": os.environ.get("PATH", ""),
            "DATABASE_URL": url,
            "LEPTOS_SITE_ADDR": f"127.0.0.1:{self.port}",
            "VESTIBULE_SERVER__PUBLIC_URL": "http://localhost:3000",
            "VESTIBULE_SERVER__TRUSTED_PROXIES": "127.0.0.1",
            "VESTIBULE_LAB__ENABLED": "never",
            "RUST_LOG": "warn",
            **UNLIMITED,
            **settings,
        }
        self.process = None

    def launch(self):
        """Starts it, and does not wait."""
        # Past its limit a file cannot grow, and says so instead of ending the process.
        self.process = subprocess.Popen(
            [*self.wrap, str(self.binary), "serve"],
            cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
            stdout=self.log.open("ab"), stderr=subprocess.STDOUT,
        )
        return self

    def start(self, patience=30):
        """Starts it, and waits until it answers. Returns the seconds that took."""
        begun = time.monotonic()
        self.launch()
        self.becomes(200, patience, "/healthz")
        return time.monotonic() - begun

    def becomes(self, status, patience=30, path="/readyz"):
        """Waits until `path` answers with `status`. Returns the seconds that took."""
        begun = time.monotonic()
        while time.monotonic() - begun < patience:
            if self.call("GET", path, timeout=12).status == status:
                return time.monotonic() - begun
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        tail = self.log.read_text(errors="replace")[-2000:]
        how = f"{path} of {self.port} does not become {status} within {patience} s"
        raise Failed(f"{how} (exit {self.process.poll()}):\n{tail}")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self, patience=40):
        """SIGTERM. Returns the exit code and the seconds until then."""
        begun = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(patience)
        except subprocess.TimeoutExpired as error:
            self.kill()
            raise Failed(f"SIGTERM does not end it within {patience} s") from error
        return code, time.monotonic() - begun

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.kill()

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def panicked(self):
        return "panicked" in self.log.read_text(errors="replace")


def status(path, pid):
    return int(re.search(rf"{path}:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1])


class Background:
    """Runs `work(stop)` in a thread until the block ends; an exception in it ends the scenario."""

    def __init__(self, work):
        self.stop, self.error = threading.Event(), None

        def run():
            try:
                work(self.stop)
            except Exception as error:  # pylint: disable=broad-except
                self.error = error

        self.thread = threading.Thread(target=run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, kind, *_):
        self.stop.set()
        self.thread.join(60)
        if self.error and not kind:
            raise self.error

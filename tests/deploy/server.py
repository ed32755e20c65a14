"""The binary, started as the files of deploy/ start it, and the programs beside it."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
TOOLS = Path(os.environ.get("VESTIBULE_TOOLS") or CACHE / "vestibule/tools")
SITE = ROOT / "target/site"
PASSWORD = "correct horse battery staple"


class Folder:
    """A folder that is deleted at the end, with everything that was started in it."""

    def __enter__(self):
        self.path = Path(tempfile.mkdtemp(prefix="vestibule-deploy-"))
        self.running = []
        return self

    def __exit__(self, *_):
        for process in reversed(self.running):
            stop(process)
        shutil.rmtree(self.path, ignore_errors=True)

    def start(self, command, **settings):
        """Starts a program in this folder with `settings` as its environment; its log is `log`."""
        environment = {"PATH": os.environ.get("PATH", ""), **settings}
        log = (self.path / "log").open("ab")
        process = subprocess.Popen(
            [str(part) for part in command], cwd=self.path, env=environment,
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
        )
        log.close()
        self.running.append(process)
        return process

    def log(self):
        return (self.path / "log").read_text(errors="replace")

    def serve(self, binary, **settings):
        """Starts the server, and waits until it is ready. Its port is returned."""
        port = free_port()
        defaults = {
            "LEPTOS_SITE_ADDR": f"127.0.0.1:{port}", "LEPTOS_SITE_ROOT": str(SITE), "RUST_LOG": "warn",
            "VESTIBULE_LAB__ENABLED": "never",
        }
        process = self.start([binary, "serve"], **{**defaults, **settings})
        self.wait_for(f"http://127.0.0.1:{port}/readyz", process)
        return port

    def wait_for(self, url, process):
        wait_until(lambda: is_answered(url), process, self)


def is_answered(url):
    try:
        return urllib.request.urlopen(url, timeout=5).status == 200
    except OSError:
        return False


def wait_until(done, process, folder):
    until = time.monotonic() + 20
    while not done():
        if process.poll() is not None or time.monotonic() > until:
            raise AssertionError(f"it does not start: {folder.log()}")
        time.sleep(0.05)


def stop(process):
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def program(name, *unpacked):
    """The program `name` of this machine, or where scripts/setup has unpacked it."""
    found = shutil.which(name)
    for path in [Path(found)] if found else [TOOLS / place for place in unpacked]:
        if path.exists():
            return path
    return None


def run(command, **options):
    """What a command prints; it must succeed."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    shown = " ".join(str(part)[:100] for part in command)
    assert done.returncode == 0, f"{shown} → {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout

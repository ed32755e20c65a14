"""Processes that end with the bench, and what they cost."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

# The program ends with the pipe at the shell's standard input, however the bench ends.
WATCHER = """trap : INT HUP TERM
"$@" < /dev/null &
child=$!
read -r _
kill -TERM $child 2> /dev/null
wait $child"""
TICK = os.sysconf("SC_CLK_TCK")


class Process:
    """A program and its children, in `folder`, with only the given environment and PATH."""

    def __init__(self, command, folder, environment):
        self.log = Path(folder) / f"{Path(command[0]).name}.log"
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        with self.log.open("ab") as log:
            self.shell = subprocess.Popen(
                ["sh", "-c", WATCHER, "sh", *map(str, command)],
                cwd=folder,
                env={**kept, **environment},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def tree(self):
        """The ids of the program and all its descendants."""
        found = descendants(self.shell.pid)
        return [pid for pid in found if pid != self.shell.pid]

    def is_running(self):
        return bool(self.tree())

    def stop(self):
        self.shell.stdin.close()
        try:
            self.shell.wait(15)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(self.shell.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.shell.wait()

    def said(self):
        return self.log.read_text(errors="replace")[-2000:]


def parents():
    """The parent of each process."""
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                found[int(entry)] = int(stat(entry)[1])
            except OSError:
                pass
    return found


def descendants(root):
    children = {}
    for pid, parent in parents().items():
        children.setdefault(parent, []).append(pid)
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


def stat(pid):
    """The fields of /proc/PID/stat after the name: the state first."""
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()


def cpu_seconds(pids, with_ended=False):
    """User and system time of the processes, of their children that have ended too if wanted."""
    ticks = 0
    for pid in pids:
        try:
            fields = stat(pid)
        except OSError:
            continue
        ticks += sum(int(field) for field in fields[11 : 15 if with_ended else 13])
    return ticks / TICK


def memory_mb(pids):
    """Resident memory: each shared page by its share (PSS), and the most that each process had (VmHWM), summed."""
    pss = peak = 0
    for pid in pids:
        try:
            pss += kilobytes(f"/proc/{pid}/smaps_rollup", "Pss:")
            peak += kilobytes(f"/proc/{pid}/status", "VmHWM:")
        except OSError:
            continue
    return {"pss_mb": round(pss / 1024, 1), "peak_mb": round(peak / 1024, 1)}


def kilobytes(path, name):
    lines = Path(path).read_text().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith(name)), 0)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_until(ready, process, seconds=30, step=0.05):
    """Waits until `ready()` is true; fails with the log if the process ends first."""
    begun = time.monotonic()
    while not ready():
        spent = time.monotonic() - begun
        if spent > seconds or (spent > 1 and not process.is_running()):
            raise RuntimeError(f"{process.log.name}: does not start:\n{process.said()}")
        time.sleep(step)

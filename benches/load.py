"""The load tool: wrk, one thread, so many connections for so many seconds."""

import json
import math
import re
import signal
import statistics
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import client

SCRIPT = Path(__file__).with_name("load.lua")


@dataclass(frozen=True)
class Request:
    """One request, and the status that answers it."""

    method: str
    path: str
    headers: dict = field(default_factory=dict)
    body: str = ""
    status: int = 200

    def lua(self):
        headers = ", ".join(f"[{json.dumps(name)}] = {json.dumps(value)}" for name, value in self.headers.items())
        body = f", body = {json.dumps(self.body)}" if self.body else ""
        return f"{{method = {json.dumps(self.method)}, path = {json.dumps(self.path)}, headers = {{{headers}}}{body}}}"


class Load:
    """wrk while it runs; `result()` waits for its end."""

    def __init__(self, port, requests, connections, seconds, delay_ms=None):
        delay = f", delay = {delay_ms}" if delay_ms else ""
        self.file = tempfile.NamedTemporaryFile("w", suffix=".lua")
        self.file.write(f"return {{requests = {{{', '.join(request.lua() for request in requests)}}}{delay}}}\n")
        self.file.flush()
        self.seconds = seconds
        # wrk takes whole seconds: it is ended by a signal, on which it reports as at its end.
        at_most = f"--duration={math.ceil(seconds) + 5}"
        command = ["wrk", "--threads=1", f"--connections={connections}", at_most, "--timeout=10"]
        command += [f"--script={SCRIPT}", f"http://127.0.0.1:{port}/", "--", self.file.name]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def result(self):
        try:
            self.process.wait(self.seconds)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGINT)
        try:
            output, _ = self.process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            output, _ = self.process.communicate()
        finally:
            self.file.close()
        found = re.search(r"^RESULT (.*)$", output, re.M)
        if not found:
            raise RuntimeError(f"wrk failed: {output.strip()}")
        return json.loads(found[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def run(port, requests, connections, seconds, delay_ms=None):
    with Load(port, requests, connections, seconds, delay_ms) as load:
        return load.result()


def run_to_the_end(port, request, connections, seconds):
    """The same for requests that take long, of which none is cut off: each client finishes the one it has begun."""
    over, took, refused = time.monotonic() + seconds, [], []

    def work():
        while time.monotonic() < over:
            begun = time.monotonic()
            answer = client.call(port, request.method, request.path, request.body, request.headers)
            took.append(1000 * (time.monotonic() - begun))
            refused.extend([answer.status] * (answer.status != request.status))

    begun = time.monotonic()
    clients = [threading.Thread(target=work) for _ in range(connections)]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    spent = time.monotonic() - begun
    p50 = statistics.median(took)
    result = {"requests": len(took), "seconds": spent, "p50_ms": p50, "p99_ms": sorted(took)[int(0.99 * len(took))]}
    return {**result, "refused": len(refused), "broken": 0}

#!/usr/bin/env python3
"""Reads the traces that a binary with the cargo feature `otel` sends, as a collector would.

    python3 tests/monitoring/traces.py BINARY

Checks that a request is part of the caller's trace, that nothing secret is sent, and that a collector that hangs, or is
not there, neither slows requests nor keeps the server from stopping. docs/logs.md says how to build such a binary.
"""
import http.client
import http.server
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from pathlib import Path

from ports import free_port

PATIENCE = 20
PASSWORD = "correct horse battery staple"
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SERVER_KIND, ERROR = 2, 2
# Of SIGTERM, when nobody is connected: two for the collector, and what the rest takes.
STOPS_IN = 5


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def fields(data):
    """Number and value of each field of a protobuf message."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = varint(data, at)
        else:
            length, at = (8, at) if kind == 1 else (4, at) if kind == 5 else varint(data, at)
            value, at = data[at:at + length], at + length
        yield key >> 3, value


def every(data, *path):
    """The values at a path of field numbers."""
    first, *rest = path
    for number, value in fields(data):
        if number == first:
            yield from every(value, *rest) if rest else [value]


def attributes(data, number):
    """Those of a span, a resource or an event, whose values are strings or integers."""
    found = {}
    for pair in every(data, number):
        key = next(every(pair, 1)).decode()
        for kind, value in fields(next(every(pair, 2))):
            found[key] = value.decode() if kind == 1 else value
    return found


class Span:
    """A span of `opentelemetry.proto.trace.v1`."""

    def __init__(self, data):
        one = dict(fields(data))
        self.trace, self.id, self.parent = one[1].hex(), one[2].hex(), one.get(4, b"").hex()
        self.name, self.kind = one[5].decode(), one.get(6, 0)
        self.attributes = attributes(data, 9)
        self.events = [next(every(event, 2)).decode() for event in every(data, 11)]
        self.status = dict(fields(one[15])).get(3, 0) if 15 in one else 0


class Collector:
    """Takes what is posted to `/v1/traces`."""

    def __init__(self):
        self.bodies, self.services, self.spans, self.paths = [], set(), [], set()
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                collector.take(self.path, self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def take(self, path, body):
        self.paths.add(path)
        self.bodies.append(body)
        for of_resource in every(body, 1):
            for resource in every(of_resource, 1):
                self.services.add(attributes(resource, 1).get("service.name"))
            self.spans += [Span(data) for data in every(of_resource, 2, 2)]


class Server:
    """The binary, which sends traces to `endpoint`."""

    def __init__(self, binary, folder, endpoint, **more):
        self.port, self.folder = free_port(), Path(folder)
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "LEPTOS_SITE_ADDR": f"127.0.0.1:{self.port}",
            "VESTIBULE_LAB__ENABLED": "never",
            **({"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint} if endpoint else {}),
            **more,
        }
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [binary, "serve"], cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until("the start of the server", lambda: self.call("GET", "/readyz")[0] == 200)

    def log(self):
        return (self.folder / "log").read_text()

    def call(self, method, path, body=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, {"Host": "localhost", **named})
        response = connection.getresponse()
        text = response.read().decode(errors="replace")
        connection.close()
        return response.status, response.headers, text

    def form(self, path, **values):
        headers = {"Content_Type": "application/x-www-form-urlencoded", "Sec_Fetch_Site": "same-origin"}
        return self.call("POST", path, urllib.parse.urlencode(values), **headers)

    def stop(self):
        """Seconds that the server took to stop."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(PATIENCE)
        expect(code == 0, f"the server ended with {code}: {self.log()}")
        return time.monotonic() - began


def expect(holds, otherwise):
    if not holds:
        sys.exit(f"traces: {otherwise}")


def until(what, found):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            if found():
                return
        except OSError:
            pass
        time.sleep(0.1)
    sys.exit(f"traces: {what} does not happen")


def secrets_used(server):
    """Sends every kind of secret that there is without a browser. Returns them by name."""
    email, code = "ada@example.org", "QUERYCODE0123456789"
    used = {"password": PASSWORD, "wrong password": "not this one at all", "email": email, "query": code}
    expect(server.form("/sign-up", name="Ada", email=email, password=PASSWORD)[0] == 303, "no sign-up")
    expect(server.form("/sign-in", email=email, password=used["wrong password"])[0] < 500, "no refusal")
    status, headers, _ = server.form("/sign-in", email=email, password=PASSWORD)
    expect(status == 303, "no sign-in")
    cookie = headers["Set-Cookie"].split(";")[0]
    used["cookie"] = cookie.split("=", 1)[1]
    expect(server.call("GET", "/account", Cookie=cookie)[0] == 200, "the cookie does not count")
    login = json.dumps({"email": email, "password": PASSWORD})
    status, _, text = server.call("POST", "/api/v1/login", login, Content_Type="application/json")
    expect(status == 201, f"no token: {text}")
    used["token"] = json.loads(text)["token"]
    bearer = {"Authorization": f"Bearer {used['token']}"}
    expect(server.call("GET", f"/api/v1/me?code={code}", **bearer)[0] in (200, 422), "the token does not count")
    expect(server.call("GET", "/api/v1/me", traceparent=f"00-{TRACE}-{PARENT}-01", **bearer)[0] == 200, "no answer")
    used["link"] = f"link_{'x' * 38}"
    server.call("GET", f"/reset/{used['link']}?token={code}")
    server.call("GET", "/nowhere")
    # Of a trace that the caller does not record.
    server.call("GET", "/sign-in", traceparent=f"00-{'a' * 32}-{PARENT}-00")
    return used


def check_spans(binary):
    """Returns how many spans arrived, and the kinds of secrets that were not in them."""
    collector = Collector()
    with tempfile.TemporaryDirectory(prefix="vestibule-traces-") as folder:
        server = Server(binary, folder, collector.url)
        used = secrets_used(server)
        # What is left is sent when the server stops.
        server.stop()
        log = server.log()
    expect(collector.spans, f"nothing was sent: {log}")
    expect(collector.paths == {"/v1/traces"} and collector.services == {"vestibule"}, "another path or service")
    joined = [span for span in collector.spans if span.trace == TRACE]
    expect(len(joined) == 1, f"{len(joined)} spans are in the caller's trace")
    [span] = joined
    expect(span.parent == PARENT and span.name == "GET /api/v1/me" and span.kind == SERVER_KIND, vars(span))
    wanted = {
        "http.request.method": "GET", "http.route": "/api/v1/me", "url.path": "/api/v1/me",
        "http.response.status_code": 200, "client.address": "127.0.0.1",
    }
    expect(wanted.items() <= span.attributes.items(), f"its attributes are {span.attributes}")
    expect(set(span.attributes) - set(wanted) == {"id", "account", "token"}, f"and {span.attributes}")
    expect(f"trace_id={TRACE}" in re.sub(r"\x1b\[[0-9;]*m|\"", "", log), "the log does not name the trace")
    expect(not any(span.trace == "a" * 32 for span in collector.spans), "a trace that is not recorded was sent")
    own = next(span for span in collector.spans if span.name == "POST /api/v1/login")
    expect(not own.parent and own.trace in log, "a trace that begins here is not named in the log")
    nowhere = next(span for span in collector.spans if span.attributes["url.path"] == "/nowhere")
    expect(nowhere.name == "GET" and nowhere.attributes["http.response.status_code"] == 404, vars(nowhere))
    for name, secret in used.items():
        for form in {secret, urllib.parse.quote(secret), urllib.parse.unquote(secret), secret.split("_")[-1]}:
            expect(not any(form.encode() in body for body in collector.bodies), f"the {name} was sent")
    return len(collector.spans), len(used)


def slowest(server):
    """Seconds that the slowest of many requests takes, more than a batch and more than the queue holds."""
    took = 0
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    for _ in range(3000):
        began = time.monotonic()
        connection.request("GET", "/healthz", headers={"Host": "localhost"})
        expect(connection.getresponse().read() == b"ok\n", "no answer")
        took = max(took, time.monotonic() - began)
    connection.close()
    return took


def check_endpoint(binary, what, endpoint, reported):
    """Requests are as quick as ever, and the server stops. Returns both in words."""
    with tempfile.TemporaryDirectory(prefix="vestibule-traces-") as folder:
        server = Server(binary, folder, endpoint)
        took = slowest(server)
        # While a batch is under way.
        time.sleep(1)
        stopped = server.stop()
        log = server.log()
    expect(took < 1, f"a request took {took:.1f} s, because the collector {what}")
    expect(stopped < STOPS_IN, f"stopping took {stopped:.1f} s, because the collector {what}")
    lines = [line for line in log.splitlines() if "opentelemetry" in line or "no traces are sent" in line]
    expect(bool(lines) == reported, f"it {what}, and the log tells: {log[-2000:]}")
    return f"{what}: {took * 1000:.0f} ms at most, stopped in {stopped:.1f} s"


def main():
    binary = str(Path(sys.argv[1]).resolve())
    if b"OTEL_EXPORTER_OTLP_ENDPOINT" not in Path(binary).read_bytes():
        print("traces: skipped, because this binary has not the feature otel")
        return
    began = time.monotonic()
    spans, secrets = check_spans(binary)
    print(f"traces: {spans} spans, without any of {secrets} secrets")
    with socket.socket() as silent:
        # Connections are taken by the system, and nobody ever answers.
        silent.bind(("127.0.0.1", 0))
        silent.listen(64)
        hangs = f"http://127.0.0.1:{silent.getsockname()[1]}"
        for case in [
            ("is not named", None, False),
            ("is not there", f"http://127.0.0.1:{free_port()}", True),
            ("hangs", hangs, True),
            ("has no address", "http://collector.invalid:4318", True),
            ("is asked for by https", "https://127.0.0.1:4318", True),
        ]:
            print("traces: the collector", check_endpoint(binary, *case))
    print(f"traces: all is well, in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Loads the alerts and the dashboard of `deploy/` into Prometheus, which reads the running binary.

    python3 tests/monitoring [BINARY]

Every expression has to return data, but for those in EMPTY. Prometheus is Debian's package, which scripts/setup unpacks;
without it, this is skipped.
"""
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from ports import free_port

HERE = Path(__file__).resolve().parent.parent.parent
DEPLOY = HERE / "deploy"
TOOLS = Path(
    os.environ.get("VESTIBULE_TOOLS")
    or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vestibule" / "tools"
)
PATIENCE = 20
PASSWORD = "correct horse battery staple"
# What there is nothing of in the first seconds of a server: metrics, and why.
EMPTY = {
    "vestibule_job_runs_total": "jobs run after a minute for the first time",
    "vestibule_job_last_success_timestamp_seconds": "the same",
}


def program(name):
    unpacked = TOOLS / "prometheus" / "usr" / "bin" / name
    return str(unpacked) if unpacked.exists() else shutil.which(name)


def until(what, found):
    """The first result of `found` that is true."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            result = found()
        except OSError:
            result = None
        if result:
            return result
        time.sleep(0.1)
    sys.exit(f"monitoring: {what} does not happen")


def started(folder, command, environment=None):
    log = (folder / f"{Path(command[0]).name}.log").open("wb")
    return subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)


class Site:
    """The server, with its metrics on a port of their own."""

    def __init__(self, binary, folder):
        self.port, self.metrics = free_port(), free_port()
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "LEPTOS_SITE_ADDR": f"127.0.0.1:{self.port}",
            "VESTIBULE_METRICS__ADDRESS": f"127.0.0.1:{self.metrics}",
            "VESTIBULE_LAB__ENABLED": "never",
            "VESTIBULE_BACKUP__EVERY_HOURS": "1",
            "RUST_LOG": "warn",
        }
        self.process = started(folder, [binary, "serve"], environment)
        until("the start of the server", lambda: self.call("GET", "/readyz") == 200)

    def call(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request(method, path, body, {"Host": "localhost", **(headers or {})})
        response = connection.getresponse()
        response.read()
        connection.close()
        return response.status

    def form(self, path, site="same-origin", **fields):
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": site}
        return self.call("POST", path, urllib.parse.urlencode(fields), headers)

    def traffic(self, number):
        """Something of everything that is counted."""
        email = f"person{number}@example.org"
        assert self.form("/sign-up", name="Ada", email=email, password=PASSWORD) == 303
        assert self.form("/sign-in", email=email, password="not this one") < 500
        assert self.form("/sign-in", email=email, password=PASSWORD) == 303
        assert self.form("/sign-in", site="cross-site", email=email, password=PASSWORD) == 403
        login = json.dumps({"email": email, "password": PASSWORD})
        assert self.call("POST", "/api/v1/login", login, {"Content-Type": "application/json"}) == 201
        assert self.call("GET", "/api/v1/me", headers={"Authorization": "Bearer nothing"}) == 401
        assert self.call("GET", "/nowhere") == 404


class Prometheus:
    """Prometheus with the configuration of `deploy/`, but for the target and the pause between two readings."""

    def __init__(self, command, folder, target):
        self.port = free_port()
        config = (DEPLOY / "prometheus" / "prometheus.yml").read_text()
        for before, after in [("127.0.0.1:9464", f"127.0.0.1:{target}"), ("interval: 15s", "interval: 1s")]:
            assert before in config, before
            config = config.replace(before, after)
        (folder / "prometheus.yml").write_text(config)
        shutil.copy(DEPLOY / "prometheus" / "alerts.yml", folder)
        self.process = started(folder, [
            command, f"--web.listen-address=127.0.0.1:{self.port}", "--config.file=prometheus.yml",
            "--storage.tsdb.path=data", "--log.level=warn",
        ])
        until("the start of Prometheus", lambda: self.get("/api/v1/status/buildinfo"))

    def get(self, path, **query):
        url = f"http://127.0.0.1:{self.port}{path}?{urllib.parse.urlencode(query)}"
        try:
            with urllib.request.urlopen(url, timeout=PATIENCE) as response:
                return json.load(response)["data"]
        except urllib.error.HTTPError as error:
            if error.code == 503:
                # It reads its own log first.
                raise ConnectionError from error
            sys.exit(f"monitoring: {query or path}: {error.read().decode()}")

    def query(self, expression):
        return self.get("/api/v1/query", query=expression)["result"]


def panels():
    """Title and expression of every query of the dashboard, with its variables replaced."""
    dashboard = json.loads((DEPLOY / "grafana" / "vestibule.json").read_text())
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            expression = target["expr"].replace("$__rate_interval", "5s")
            yield panel["title"], expression.replace("$job", "vestibule").replace("$instance", ".*")


def names(expression):
    return set(re.findall(r"\b(?:vestibule|process)_[a-z_]+", expression)) or {"up"}


def may_be_empty(expression):
    return any(name in EMPTY for name in names(expression))


def check_expressions(prometheus):
    wrong, count = [], 0
    for title, expression in panels():
        count += 1
        if not prometheus.query(expression) and not may_be_empty(expression):
            wrong.append(f"the panel {title!r} shows nothing: {expression}")
    rules = [rule for group in prometheus.get("/api/v1/rules")["groups"] for rule in group["rules"]]
    for rule in rules:
        if rule["health"] != "ok":
            wrong.append(f"the alert {rule['name']} cannot be evaluated: {rule.get('lastError')}")
        for name in names(rule["query"]):
            if not prometheus.query(f"count({name})") and name not in EMPTY:
                wrong.append(f"the alert {rule['name']} is about {name}, which is nowhere")
    if wrong:
        sys.exit("\n".join(["monitoring:", *wrong]))
    return count, len(rules)


def check_documented(site):
    """docs/monitoring.md names every metric, and none that is not there."""
    with urllib.request.urlopen(f"http://127.0.0.1:{site.metrics}/metrics", timeout=PATIENCE) as response:
        text = response.read().decode()
    found = set(re.findall(r"^# TYPE (\S+)", text, re.M))
    documented = set(re.findall(r"`((?:vestibule|process)_[a-z_]+)`", (HERE / "docs" / "monitoring.md").read_text()))
    if found != documented:
        sys.exit(f"monitoring: not in docs/monitoring.md: {found - documented}; only there: {documented - found}")
    return text


def check_tools(promtool, folder, text):
    deploy = DEPLOY / "prometheus"
    for command, given in [
        ([promtool, "check", "config", str(deploy / "prometheus.yml")], None),
        ([promtool, "check", "rules", str(deploy / "alerts.yml")], None),
        ([promtool, "check", "metrics"], text),
    ]:
        result = subprocess.run(command, input=given, capture_output=True, text=True, cwd=folder, check=False)
        if result.returncode != 0:
            sys.exit(f"monitoring: {' '.join(command[1:])}:\n{result.stdout}{result.stderr}")


def main():
    binary = str(Path(sys.argv[1] if len(sys.argv) > 1 else HERE / "dist" / "vestibule").resolve())
    prometheus_command, promtool = program("prometheus"), program("promtool")
    if not prometheus_command or not promtool:
        print("monitoring: skipped, because Prometheus is missing: scripts/setup test unpacks it")
        return
    began, processes = time.monotonic(), []
    with tempfile.TemporaryDirectory(prefix="vestibule-monitoring-") as name:
        folder = Path(name)
        try:
            site = Site(binary, folder)
            processes.append(site.process)
            check_tools(promtool, folder, check_documented(site))
            prometheus = Prometheus(prometheus_command, folder, site.metrics)
            processes.append(prometheus.process)
            until("the first reading", lambda: prometheus.query("count_over_time(up[1m]) >= 2"))
            for number in range(3):
                site.traffic(number)
                time.sleep(1)
            until("a reading after the traffic", lambda: prometheus.query(
                'sum(rate(vestibule_http_requests_total{route="/sign-up"}[5s])) > 0'))
            queries, alerts = check_expressions(prometheus)
            # A server that is gone is noticed.
            site.process.kill()
            pending = 'ALERTS{alertname="VestibuleDown",alertstate="pending"}'
            until("the alert VestibuleDown", lambda: prometheus.query(pending))
        finally:
            for process in reversed(processes):
                process.send_signal(signal.SIGKILL)
                process.wait()
    print(f"monitoring: {queries} queries of the dashboard and {alerts} alerts, in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()

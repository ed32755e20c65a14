"""The configurations of nginx, Caddy and HAProxy, each started in front of the server.

Only the host, ports and folders are replaced. Clients come from 127.0.0.9, which is no proxy.
"""

import json
import re
import subprocess
import time

from server import DEPLOY, PASSWORD, TOOLS, Folder, free_port, program, run, wait_until

CLIENT = "127.0.0.9"
EMAIL = "ada@example.org"
# A cookie of a size that some proxies refuse by default, and the server accepts.
LARGE = 20_000


def nginx(binary):
    """nginx: the site behind deploy/nginx.conf"""
    return behind(binary, program("nginx", "nginx/usr/sbin/nginx"), start_nginx)


def caddy(binary):
    """caddy: the site behind deploy/Caddyfile"""
    return behind(binary, program("caddy", "caddy/usr/bin/caddy"), start_caddy)


def haproxy(binary):
    """haproxy: the site behind deploy/haproxy.cfg"""
    return behind(binary, program("haproxy", "haproxy/usr/sbin/haproxy"), start_haproxy)


CHECKS = [nginx, caddy, haproxy]


def start_nginx(folder, tool, app, plain, secure):
    text = replaced("nginx.conf", app, {
        "listen 80;": f"listen 127.0.0.1:{plain};", "listen 443 ssl": f"listen 127.0.0.1:{secure} ssl",
        "/etc/letsencrypt/live/localhost": folder.path, "/var/www/letsencrypt": folder.path,
        "https://localhost$": f"https://localhost:{secure}$",
    })
    # IPv6 may be off.
    text = re.sub(r"\n *listen \[::\][^\n]*", "", text)
    kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    temporary = " ".join(f"{kind}_temp_path {folder.path};" for kind in kinds)
    whole = folder.path / "nginx.conf"
    whole.write_text(
        f"daemon off; master_process off; pid {folder.path}/pid; error_log stderr; events {{}}\n"
        f"http {{ access_log off; {temporary}\n{text}\n}}\n"
    )
    return folder.start([tool, "-p", folder.path, "-c", whole])


def start_caddy(folder, tool, app, plain, secure):
    text = replaced("Caddyfile", app, {
        "\nlocalhost {": f"\nhttps://localhost:{secure} {{\n\ttls {folder.path}/fullchain.pem {folder.path}/privkey.pem",
    })
    options = f"{{\n\tadmin off\n\thttp_port {plain}\n\thttps_port {secure}\n\tskip_install_trust\n}}\n"
    (folder.path / "Caddyfile").write_text(options + text)
    home = {"HOME": str(folder.path), "XDG_DATA_HOME": str(folder.path)}
    return folder.start([tool, "run", "--config", folder.path / "Caddyfile", "--adapter", "caddyfile"], **home)


def start_haproxy(folder, tool, app, plain, secure):
    pair = [(folder.path / name).read_text() for name in ("fullchain.pem", "privkey.pem")]
    (folder.path / "localhost.pem").write_text("".join(pair))
    text = replaced("haproxy.cfg", app, {
        "bind :80\n": f"bind 127.0.0.1:{plain}\n", "bind :443 ": f"bind 127.0.0.1:{secure} ",
        "/etc/haproxy/": f"{folder.path}/",
    })
    (folder.path / "haproxy.cfg").write_text(text)
    # Where it was unpacked, its libraries are beside it.
    libraries = {str(path.parent) for path in tool.parents[2].glob("**/lib*.so*")} if TOOLS in tool.parents else set()
    return folder.start(
        [tool, "-db", "-f", folder.path / "haproxy.cfg"], LD_LIBRARY_PATH=":".join(sorted(libraries)),
    )


def replaced(name, app, places):
    """A file of deploy/ for this machine."""
    text = (DEPLOY / name).read_text().replace("app.example.com", "localhost")
    for place, other in {"127.0.0.1:3000": f"127.0.0.1:{app}", **places}.items():
        assert place in text, f"{name} has no {place!r}"
        text = text.replace(place, str(other))
    return text


def behind(binary, tool, start):
    if not tool:
        return "left out, the program is not here"
    with Folder() as folder:
        certificate(folder.path)
        plain, secure = free_port(), free_port()
        settings = {
            "VESTIBULE_SERVER__PUBLIC_URL": f"https://localhost:{secure}",
            "VESTIBULE_SERVER__TRUSTED_PROXIES": "127.0.0.1,::1",
            "DATABASE_URL": f"sqlite:{folder.path}/vestibule.db",
        }
        app = folder.serve(binary, **settings)
        process = start(folder, tool, app, plain, secure)
        wait_until(lambda: listens(folder, secure), process, folder)
        try:
            visitor = Visitor(folder.path, secure)
            redirects(plain, secure)
            visitor.signs_in()
            sees_whose_address(binary, folder, settings)
            takes_large_headers(visitor)
            passes_on_what_is_saved(visitor)
            passes_on_events_at_once(visitor)
            doctor(binary, folder, {**settings, "LEPTOS_SITE_ADDR": f"127.0.0.1:{app}"})
        except AssertionError as error:
            raise AssertionError(f"{error}\n{folder.log()[-3000:]}") from error
        return "sign-in, HTTP/2, client address, 20 KB of headers, ETags, events, doctor"


def certificate(folder):
    """An authority of one's own, and what it has signed for localhost."""
    run([
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "90",
        "-subj", "/CN=authority", "-keyout", folder / "authority-key.pem", "-out", folder / "authority.pem",
    ])
    run([
        "openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost",
        "-keyout", folder / "privkey.pem", "-out", folder / "request.pem",
    ])
    (folder / "names").write_text("subjectAltName=DNS:localhost\n")
    run([
        "openssl", "x509", "-req", "-in", folder / "request.pem", "-CA", folder / "authority.pem", "-CAkey",
        folder / "authority-key.pem", "-CAcreateserial", "-days", "90", "-extfile", folder / "names",
        "-out", folder / "fullchain.pem",
    ])


def listens(folder, port):
    done = subprocess.run(
        ["curl", "-sS", "--cacert", folder.path / "authority.pem", f"https://localhost:{port}/readyz"],
        capture_output=True, text=True,
    )
    return done.stdout.startswith("ready\n")


class Visitor:
    """A browser that speaks HTTP/2."""

    def __init__(self, folder, port):
        self.folder, self.origin = folder, f"https://localhost:{port}"

    def command(self, *arguments):
        jar = self.folder / "jar"
        return [
            "curl", "-sS", "--http2", "--interface", CLIENT, "--resolve", f"localhost:{self.origin.split(':')[2]}:127.0.0.1",
            "--cacert", self.folder / "authority.pem", "--cookie", jar, "--cookie-jar", jar, *arguments,
        ]

    def call(self, path, *arguments):
        """The answer's status, version of HTTP, headers and body."""
        head, body = self.folder / "head", self.folder / "body"
        written = run(self.command(
            "--max-time", "20", "--dump-header", head, "--output", body, "--write-out", "%{http_code} %{http_version}",
            *arguments, self.origin + path,
        ))
        status, version = written.split()
        lines = [line.split(": ", 1) for line in head.read_text().splitlines() if ": " in line]
        headers = {name.lower(): value for name, value in lines}
        return int(status), version, headers, body.read_bytes() if body.exists() else b""

    def form(self, path, **fields):
        same = ["--header", "Sec-Fetch-Site: same-origin", "--header", f"Origin: {self.origin}"]
        data = [part for name, value in fields.items() for part in ("--data-urlencode", f"{name}={value}")]
        return self.call(path, *same, *data)

    def json(self, method, path, body, *arguments):
        same = ["--header", "Sec-Fetch-Site: same-origin", "--header", "Content-Type: application/json"]
        return self.call(path, "--request", method, *same, "--data", json.dumps(body), *arguments)

    def signs_in(self):
        status, version, headers, _ = self.call("/sign-in")
        assert (status, version) == (200, "2"), (status, version)
        assert headers.get("strict-transport-security"), headers
        status, *_ = self.form("/sign-up", name="Ada", email=EMAIL, password=PASSWORD)
        assert status == 303, f"signing up: {status}"
        (self.folder / "jar").unlink()
        status, _, headers, _ = self.form("/sign-in", email=EMAIL, password=PASSWORD)
        assert status == 303 and headers["set-cookie"].startswith("__Host-"), (status, headers)
        status, _, _, page = self.call("/account")
        assert status == 200 and EMAIL.encode() in page, status


def redirects(plain, secure):
    asked = ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code} %{redirect_url}"]
    said = run([*asked, f"http://localhost:{plain}/account?a=b"])
    status, to = said.split()
    assert status == "308" and to.startswith("https://localhost") and to.endswith("/account?a=b"), said


def sees_whose_address(binary, folder, settings):
    """The address is the client's, also if it claims another one."""
    listed = run([binary, "sessions", "list", EMAIL, "--json"], cwd=folder.path, env=settings)
    addresses = {session["address"] for session in json.loads(listed)}
    assert addresses == {CLIENT}, addresses


def takes_large_headers(visitor):
    status, *_ = visitor.call("/account", "--header", f"X-Large: {'a' * LARGE}")
    assert status == 200, f"with {LARGE} bytes of headers: {status}"
    # More than the server takes. HAProxy ends the stream, others say why; 502 would mean that the server was asked.
    asked = ["-o", "/dev/null", "-w", "%{http_code}", "--header", f"X-Large: {'a' * 40_000}"]
    done = subprocess.run(
        [str(part) for part in visitor.command(*asked, visitor.origin + "/account")], capture_output=True, text=True,
    )
    assert done.stdout.startswith(("4", "000")), f"with 40 KB of headers: {done.stdout}"


def passes_on_what_is_saved(visitor):
    """An ETag that was read with compression allowed still saves, and the document is not compressed twice."""
    status, _, _, body = visitor.json("POST", "/session/v1/notes", {"title": "First", "body": "a" * 4_000})
    assert status == 201, (status, body)
    note = f"/session/v1/notes/{json.loads(body)['id']}"
    status, _, headers, _ = visitor.call(note, "--header", "Accept-Encoding: gzip, br, zstd")
    assert status == 200 and "content-encoding" not in headers, headers
    status, *_ = visitor.json("PATCH", note, {"title": "Second"}, "--header", f"If-Match: {headers['etag']}")
    assert status == 200, f"saving: {status}"


def passes_on_events_at_once(visitor):
    # Unbuffered, as a browser reads it.
    stream = subprocess.Popen(
        [str(part) for part in visitor.command("-N", "--max-time", "20", visitor.origin + "/session/v1/events")],
        stdout=subprocess.PIPE,
    )
    try:
        stream.stdout.readline()
        begun = time.monotonic()
        status, *_ = visitor.json("POST", "/session/v1/notes", {"title": "Third", "body": ""})
        assert status == 201, status
        while b"created" not in stream.stdout.readline():
            assert stream.poll() is None, "the stream has ended"
        assert time.monotonic() - begun < 3, "the proxy keeps events back"
    finally:
        stream.kill()
        stream.wait()
        stream.stdout.close()


def doctor(binary, folder, settings):
    """It reaches the site as its visitors do, and finds nothing wrong."""
    environment = {**settings, "SSL_CERT_FILE": f"{folder.path}/authority.pem"}
    done = subprocess.run([binary, "doctor", "--json"], cwd=folder.path, env=environment, capture_output=True, text=True)
    said = json.loads(done.stdout or "{}")
    assert done.returncode == 0 and said["healthy"], f"doctor: {done.stdout}{done.stderr}"
    well = {entry["check"] for entry in said["checks"] if entry["status"] == "ok"}
    assert {"server", "site", "certificate", "clock", "compression", "database", "mail", "permissions"} <= well, well

"""Walks the flows of docs/oauth.md with clients that others wrote, against the server's binary:

    python3 tests/clients/oauth dist/vestibule

Authlib (Python): a code with PKCE, refresh, introspection, revocation, and a device; as a public client and as one
with a secret. oauth2 (Rust): examples/cli, which is built for it, signs in by loopback and as a device, lists notes,
and signs out. The person is a browser without scripts (browser.py).
"""
import contextlib
import importlib.util
import json
import os
import pathlib
import re
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
import warnings

from browser import Browser

ROOT = pathlib.Path(__file__).resolve().parents[3]
CLI = ROOT / "examples/cli"
ACCOUNT = {"email": "ada@example.org", "password": "correct horse battery staple"}
SCOPES = "account:read notes:read"
CALLBACK = "http://127.0.0.1/callback"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


@contextlib.contextmanager
def server(binary, folder):
    """A server in an empty folder, with an account that has a note; its origin and its environment."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    origin = f"http://{address}"
    environment = os.environ | {
        "LEPTOS_SITE_ADDR": address,
        "LEPTOS_SITE_ROOT": str(ROOT / "target/site"),
        "RUST_LOG": "warn",
        "VESTIBULE_SERVER__PUBLIC_URL": origin,
        "VESTIBULE_OAUTH__CLIENTS": f"cli device {CALLBACK}",
    }
    with open(folder / "log", "w+") as log:
        process = subprocess.Popen([binary, "serve"], cwd=folder, env=environment, stdout=log, stderr=log)
        try:
            for _ in range(150):
                with contextlib.suppress(OSError), urllib.request.urlopen(f"{origin}/readyz"):
                    break
                time.sleep(0.1)
            yield origin, environment
        except Exception:
            log.seek(0)
            sys.stderr.write(log.read()[-4000:])
            raise
        finally:
            process.terminate()
            process.wait()


def sign_up(origin):
    browser = Browser(origin)
    page = browser.fill(browser.visit("/sign-up"), "/sign-up", name="Ada", **ACCOUNT)
    assert page.status == 200, page.text
    page = browser.fill(browser.visit("/notes"), "/notes", title="Groceries", body="Oat milk")
    assert "Groceries" in page.text, page.text
    return browser


def me(origin, token):
    request = urllib.request.Request(f"{origin}/api/v1/me", headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)["email"]
    except urllib.error.HTTPError as error:
        return error.status


def operator(binary, folder, environment, *arguments):
    done = subprocess.run(
        [binary, "clients", "add", *arguments, "--json"], cwd=folder, env=environment, check=True,
        stdout=subprocess.PIPE, text=True,
    )
    client = json.loads(done.stdout)
    return client["client_id"], client["client_secret"]


def authlib(origin, browser, client_id, secret=None):
    """A code with PKCE, refresh, introspection and revocation."""
    from authlib.deprecate import AuthlibDeprecationWarning

    # Its next version wants another HTTP client.
    warnings.simplefilter("ignore", AuthlibDeprecationWarning)
    from authlib.common.security import generate_token
    from authlib.integrations.base_client import OAuthError
    from authlib.integrations.httpx_client import OAuth2Client
    from authlib.oauth2.rfc8414 import AuthorizationServerMetadata, get_well_known_url

    with urllib.request.urlopen(get_well_known_url(origin, external=True)) as answer:
        known = AuthorizationServerMetadata(json.load(answer))
    # Its check insists on https, which a server on this machine has not.
    if origin.startswith("https:"):
        known.validate()
    method = "client_secret_basic" if secret else "none"
    client = OAuth2Client(
        client_id, secret, scope=SCOPES, redirect_uri=CALLBACK.replace("1/", "1:49152/"),
        token_endpoint_auth_method=method, revocation_endpoint_auth_method=method, code_challenge_method="S256",
    )
    verifier, endpoint = generate_token(48), known["token_endpoint"]
    url, state = client.create_authorization_url(known["authorization_endpoint"], code_verifier=verifier)
    back = browser.consent(url, **ACCOUNT)
    assert back.startswith("http://127.0.0.1:49152/callback?"), back
    token = client.fetch_token(endpoint, authorization_response=back, state=state, code_verifier=verifier)
    assert me(origin, token["access_token"]) == ACCOUNT["email"], token
    assert token["scope"] == SCOPES and token["expires_in"] == 900, token

    # The same code again.
    before = dict(token)
    try:
        client.fetch_token(endpoint, authorization_response=back, state=state, code_verifier="x" * 43)
        raise AssertionError("a code works twice")
    except OAuthError as error:
        assert error.error == "invalid_grant", error
    assert me(origin, before["access_token"]) == 401, "what it gave ends"

    back = browser.consent(url, **ACCOUNT)
    token = client.fetch_token(endpoint, authorization_response=back, state=state, code_verifier=verifier)
    first = token["refresh_token"]
    token = client.refresh_token(endpoint, first)
    assert token["refresh_token"] != first, token
    if secret:
        found = client.introspect_token(known["introspection_endpoint"], token["access_token"], "access_token").json()
        assert found["active"] and found["client_id"] == client_id and found["scope"] == SCOPES, found
    assert client.revoke_token(known["revocation_endpoint"], token["refresh_token"], "refresh_token").status_code == 200
    assert me(origin, token["access_token"]) == 401
    if secret:
        found = client.introspect_token(known["introspection_endpoint"], token["access_token"], "access_token").json()
        assert found == {"active": False}, found
    try:
        client.refresh_token(endpoint, token["refresh_token"])
        raise AssertionError("a refresh token works after it was revoked")
    except OAuthError as error:
        assert error.error == "invalid_grant", error

    # A device (RFC 8628): the library has the grant, and the request for the codes is a form.
    form = {"client_id": client_id, "scope": SCOPES} | ({"client_secret": secret} if secret else {})
    codes = client.request("POST", known["device_authorization_endpoint"], withhold_token=True, data=form).json()
    poll = {"grant_type": DEVICE, "device_code": codes["device_code"]}
    for expected in ["authorization_pending", "slow_down"]:
        try:
            client.fetch_token(endpoint, **poll)
            raise AssertionError("nobody has approved it")
        except OAuthError as error:
            assert error.error == expected, error
    browser.connect(codes["user_code"], **ACCOUNT)
    token = client.fetch_token(endpoint, **poll)
    assert me(origin, token["access_token"]) == ACCOUNT["email"], token
    client.close()


class Cli:
    """examples/cli, with a session file of its own."""

    def __init__(self, program, origin, folder):
        self.program, self.file = program, folder / "session/session.json"
        self.environment = {
            "PATH": "/nonexistent", "VESTIBULE_URL": origin, "VESTIBULE_CLIENT": "cli",
            "VESTIBULE_SESSION": str(self.file),
        }

    def run(self, *arguments, fails=False):
        done = subprocess.run(
            [self.program, *arguments], env=self.environment, timeout=60, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        assert (done.returncode != 0) == fails, done.stdout
        return done.stdout

    def sign_in(self, answer, *arguments):
        """Signs in; `answer` does what it says to do."""
        process = subprocess.Popen(
            [self.program, "sign-in", *arguments], env=self.environment, text=True, stdout=subprocess.PIPE,
        )
        timer = threading.Timer(60, process.kill)
        timer.start()
        try:
            for line in process.stdout:
                if (found := re.search(r"http://\S+authorize\S+|enter the code (\S+)\.", line)) is not None:
                    answer(found.group(1) or found.group(0))
        finally:
            timer.cancel()
        assert process.wait() == 0


def rust(origin, folder, browser):
    """oauth2, the crate: by loopback, and as a device."""
    command = ["cargo", "build", "--quiet", "--locked", "--no-default-features", "--manifest-path", CLI / "Cargo.toml"]
    target = ROOT / "target/cli"
    subprocess.run([*command, "--target-dir", target], check=True)
    cli = Cli(target / "debug/vestibule-notes", origin, folder)
    assert "Nobody is signed in" in cli.run("list", fails=True)

    def by_loopback(url):
        back = browser.consent(url, **ACCOUNT)
        assert "Groceries" not in back
        # Another page of this machine tries first.
        forged = re.sub(r"/callback.*", "/favicon.ico", back)
        with contextlib.suppress(urllib.error.HTTPError):
            urllib.request.urlopen(forged).close()
        with urllib.request.urlopen(back) as answer:
            assert b"close this page" in answer.read()

    for way in [[by_loopback], [lambda code: browser.connect(code.lower(), **ACCOUNT), "--device"]]:
        cli.sign_in(*way)
        mode = stat.S_IMODE(cli.file.stat().st_mode)
        assert mode == 0o600, oct(mode)
        first = json.loads(cli.file.read_text())["refresh_token"]
        for _ in range(2):
            assert cli.run("list") == "Groceries\n"
        assert json.loads(cli.file.read_text())["refresh_token"] != first
        stolen = cli.file.read_text()
        assert cli.run("sign-out") == "Signed out.\n"
        assert not cli.file.exists()
        cli.file.write_text(stolen)
        assert "Sign in again" in cli.run("list", fails=True)
        cli.file.unlink()


def own_python():
    """Goes on with the Python that has the packages of requirements.txt."""
    if importlib.util.find_spec("authlib") is not None:
        return
    generator = shutil.which("openapi-python-client")
    python = pathlib.Path(generator).with_name("python3") if generator else None
    if python is None or sys.executable == str(python):
        sys.exit("Authlib is not installed: scripts/setup test")
    os.execv(python, [str(python), *sys.argv])


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    own_python()
    binary = str(pathlib.Path(sys.argv[1]).resolve())
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        with server(binary, folder) as (origin, environment):
            browser = sign_up(origin)
            authlib(origin, browser, "cli")
            registered = ["Box", "--confidential", "--device", "--redirect-uri", CALLBACK]
            client = operator(binary, folder, environment, *registered)
            # Not signed in yet, so it signs in on the way.
            authlib(origin, Browser(origin), *client)
            rust(origin, folder, Browser(origin))
    print("tests/clients/oauth: Authlib and the crate oauth2 got in, and out")


if __name__ == "__main__":
    main()

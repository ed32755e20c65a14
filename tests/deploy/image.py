"""The image of deploy/Dockerfile, as far as it can be tried without Docker, under what the unit of systemd forbids."""

import ctypes
import os
import re
import shutil
import signal
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import post
from server import DEPLOY, PASSWORD, SITE, Folder, free_port, run, wait_until

OWNER = 65532
# A name that only /etc/hosts has, which Docker writes.
MAIL_HOST = "mail.internal"
# prctl(2): no new rights, and no memory that can be written and run, as the unit of systemd demands.
NO_NEW_PRIVILEGES, NO_WRITE_AND_EXECUTE = 38, 65


def check(binary):
    """image: the binary alone, in a root that it cannot write, as a user without rights"""
    text = (DEPLOY / "Dockerfile").read_text()
    assert re.search(rf"^USER {OWNER}:{OWNER}$", text, re.M) and "distroless/static" in text
    if os.geteuid() != 0:
        return "left out, changing the root needs root"
    environment = dict(re.findall(r"(\w+)=(\S+)", re.search(r"^ENV (.*)$", text, re.M)[1]))
    port = free_port()
    environment["LEPTOS_SITE_ADDR"] = environment["LEPTOS_SITE_ADDR"].replace("3000", str(port))
    environment["LEPTOS_SITE_ROOT"] = "/site"
    with Folder() as folder, post.Office(folder.path, MAIL_HOST) as office:
        root = folder.path / "root"
        (root / "data").mkdir(parents=True)
        (root / "etc").mkdir()
        (root / "etc" / "hosts").write_text(f"127.0.0.1 localhost {MAIL_HOST}\n")
        shutil.copy(office.authority, root / "etc" / "authority.pem")
        shutil.copy(binary, root / "vestibule")
        libraries = copy_libraries(binary, root)
        if SITE.exists():
            shutil.copytree(SITE, root / "site")
        os.chmod(folder.path, 0o755)
        os.chown(root / "data", OWNER, OWNER)
        environment["VESTIBULE_MAIL__SMTP_URL"] = office.url
        environment["VESTIBULE_MAIL__FROM"] = "Vestibule <app@example.org>"
        environment["VESTIBULE_MAIL__CA_FILE"] = "/etc/authority.pem"

        log = (folder.path / "log").open("wb")
        process = subprocess.Popen(
            ["/vestibule", "serve"], env=environment, preexec_fn=lambda: enter(root), stdout=log, stderr=log)
        log.close()
        folder.running.append(process)
        wait_until(lambda: answers(port), process, folder)
        assert {path.name for path in (root / "data").iterdir()} >= {"vestibule.db"}
        assert_people_come_in(port, office)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0, folder.log()
        assert_stranger_is_refused(root, environment)
    return "people sign in, mail goes out over TLS" + (
        f", with {libraries} libraries, since it is not static" if libraries else "")


def enter(root):
    """In the child: into `root`, without rights."""
    os.chroot(root)
    os.chdir("/data")
    os.setgroups([])
    os.setgid(OWNER)
    os.setuid(OWNER)
    prctl = ctypes.CDLL(None).prctl
    for what in (NO_NEW_PRIVILEGES, NO_WRITE_AND_EXECUTE):
        # Linux before 6.3 does not know the second.
        prctl(what, 1, 0, 0, 0)


def assert_people_come_in(port, office):
    """Signs up and in, and waits for the mail."""
    person = {"name": "Ada", "email": "ada@example.org", "password": PASSWORD}
    for path in ("/sign-up", "/sign-in"):
        status, cookie = posted(port, path, person)
        assert status == 303 and cookie, (path, status, cookie)
    request = urllib.request.Request(f"http://localhost:{port}/account", headers={"Cookie": cookie})
    assert person["email"] in urllib.request.urlopen(request, timeout=20).read().decode()
    assert office.first(20) == person["email"]


class Unfollowed(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def posted(port, path, values):
    """Status and cookie of a form that is sent."""
    request = urllib.request.Request(
        f"http://localhost:{port}{path}", urllib.parse.urlencode(values).encode(), {"Sec-Fetch-Site": "same-origin"})
    try:
        response = urllib.request.build_opener(Unfollowed).open(request, timeout=20)
    except urllib.error.HTTPError as error:
        response = error
    return response.status, response.headers.get("Set-Cookie", "").split(";")[0]


def assert_stranger_is_refused(root, environment):
    """Without the file of the authority, its certificate counts for nothing."""
    known = {name: value for name, value in environment.items() if name != "VESTIBULE_MAIL__CA_FILE"}
    command = ["/vestibule", "mail", "test", "ada@example.org"]
    tried = subprocess.run(command, env=known, preexec_fn=lambda: enter(root), capture_output=True, text=True)
    assert tried.returncode != 0 and "UnknownIssuer" in tried.stdout + tried.stderr, tried
    run(command, env=environment, preexec_fn=lambda: enter(root))


def answers(port):
    try:
        return urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5).status == 200
    except OSError:
        return False


def copy_libraries(binary, root):
    """Copies what a binary that is not static needs. Returns how many libraries that are."""
    listed = subprocess.run(["ldd", binary], capture_output=True, text=True)
    paths = re.findall(r"(/\S+) \(0x", listed.stdout)
    for path in paths:
        to = root / path.lstrip("/")
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, to)
    return len(paths)

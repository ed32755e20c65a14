"""The image of deploy/Dockerfile, as far as it can be tried without Docker, under what the unit of systemd forbids."""

import ctypes
import os
import re
import shutil
import signal
import subprocess
import urllib.request

from server import DEPLOY, SITE, Folder, free_port, wait_until

OWNER = 65532
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
    with Folder() as folder:
        root = folder.path / "root"
        (root / "data").mkdir(parents=True)
        shutil.copy(binary, root / "vestibule")
        libraries = copy_libraries(binary, root)
        if SITE.exists():
            shutil.copytree(SITE, root / "site")
        os.chmod(folder.path, 0o755)
        os.chown(root / "data", OWNER, OWNER)

        prctl = ctypes.CDLL(None).prctl

        def enter():
            os.chroot(root)
            os.chdir("/data")
            os.setgroups([])
            os.setgid(OWNER)
            os.setuid(OWNER)
            for what in (NO_NEW_PRIVILEGES, NO_WRITE_AND_EXECUTE):
                # Linux before 6.3 does not know the second.
                prctl(what, 1, 0, 0, 0)

        log = (folder.path / "log").open("wb")
        process = subprocess.Popen(["/vestibule", "serve"], env=environment, preexec_fn=enter, stdout=log, stderr=log)
        log.close()
        folder.running.append(process)
        wait_until(lambda: answers(port), process, folder)
        assert {path.name for path in (root / "data").iterdir()} >= {"vestibule.db"}
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0, folder.log()
    return "starts, and ends with 0" + (f", with {libraries} libraries, since it is not static" if libraries else "")


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

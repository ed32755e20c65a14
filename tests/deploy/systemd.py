"""Does what the document asks of systemctl and systemd-run, in the folder that MACHINE names: it starts what the unit
says, with the unit's settings and in the unit's folder, and waits until it is ready."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

MACHINE = Path(os.environ["MACHINE"])
UNIT = MACHINE / "etc/systemd/system/vestibule.service"
OWN = {name: os.environ[name] for name in ("PATH", "SSL_CERT_FILE") if name in os.environ}


def main(program, arguments):
    if program == "systemd-run":
        return systemd_run(arguments)
    verb, *rest = arguments
    names = [name for name in rest if not name.startswith("-")]
    if verb == "daemon-reload":
        return 0 if UNIT.exists() else 1
    (name,) = names
    if verb == "cat":
        return cat(name)
    if verb in ("stop", "restart"):
        stop(name)
    if verb in ("start", "restart", "enable"):
        return start(name)
    return 0 if verb == "stop" else 1


def settings(file):
    """An EnvironmentFile."""
    lines = Path(file).read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def unit_files():
    """The unit and its drop-ins."""
    return [UNIT, *sorted(UNIT.with_name("vestibule.service.d").glob("*.conf"))]


def cat(name):
    if name != "vestibule.service" or not UNIT.exists():
        return 1
    print("\n".join(f"# {file}\n{file.read_text()}" for file in unit_files()))
    return 0


def credentials(lines, name):
    """The environment with the credentials that `lines`, in their order, load: copies in a folder of `name`."""
    loaded = {}
    for value in lines:
        if not value:
            loaded = {}
            continue
        credential, _, file = value.partition(":")
        loaded[credential] = Path(file)
    if not loaded:
        return {}
    folder = MACHINE / "run/credentials" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for credential, file in loaded.items():
        shutil.copy(file, folder / credential)
    return {"CREDENTIALS_DIRECTORY": str(folder)}


def systemd_run(arguments):
    given = [argument.split("=", 2)[1:] for argument in arguments if argument.startswith("--property=")]
    properties, loaded = dict(given), [value for name, value in given if name == "LoadCredential"]
    at = next(at for at, argument in enumerate(arguments) if not argument.startswith("--"))
    # systemd creates the StateDirectory.
    folder = MACHINE / "var/lib" / properties["StateDirectory"]
    folder.mkdir(parents=True, exist_ok=True)
    assert Path(properties["WorkingDirectory"]) == folder
    environment = {**OWN, **settings(properties["EnvironmentFile"]), "LEPTOS_SITE_ROOT": os.environ["SITE"]}
    environment |= credentials(loaded, "run-u1.service")
    os.umask(int(properties["UMask"], 8))
    return subprocess.run(arguments[at:], cwd=folder, env=environment).returncode


def start(name):
    log = (MACHINE / f"{name}.log").open("ab")
    if name == "caddy":
        if not os.environ["CADDY"]:
            return 0
        plain, secure = os.environ["PORTS"].split()
        file = MACHINE / "etc/caddy/Caddyfile"
        site = f"localhost:{secure} {{\n\ttls {MACHINE}/fullchain.pem {MACHINE}/privkey.pem"
        text = re.sub(r"^localhost \{", lambda _: site, file.read_text(), flags=re.M)
        assert site in text
        options = f"{{\n\tadmin off\n\thttp_port {plain}\n\thttps_port {secure}\n\tskip_install_trust\n}}\n"
        used = MACHINE / "Caddyfile"
        used.write_text(options + text)
        command = [os.environ["CADDY"], "run", "--config", used, "--adapter", "caddyfile"]
        environment, folder = {**OWN, "HOME": str(MACHINE)}, MACHINE
        ready = ["curl", "--silent", "--fail", f"https://localhost:{secure}/healthz"]
    else:
        lines = [line for file in unit_files() for line in file.read_text().splitlines()]
        given = [line.split("=", 1) for line in lines if re.match(r"\w+=", line)]
        unit = dict(given)
        environment = {**OWN, **settings(unit["EnvironmentFile"]), "LEPTOS_SITE_ROOT": os.environ["SITE"]}
        environment |= credentials([value for key, value in given if key == "LoadCredential"], "vestibule.service")
        folder = Path(unit["WorkingDirectory"])
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(int(unit["StateDirectoryMode"], 8))
        os.umask(int(unit["UMask"], 8))
        command = unit["ExecStart"].split()
        ready = ["curl", "--silent", "--fail", f"http://{environment['LEPTOS_SITE_ADDR']}/readyz"]
    process = subprocess.Popen(
        [str(part) for part in command], cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        start_new_session=True,
    )
    (MACHINE / f"{name}.pid").write_text(str(process.pid))
    for _ in range(200):
        if subprocess.run(ready, stdout=subprocess.DEVNULL).returncode == 0:
            return 0
        if process.poll() is not None:
            break
        time.sleep(0.05)
    return 1


def stop(name):
    file = MACHINE / f"{name}.pid"
    if not file.exists():
        return
    process = int(file.read_text())
    file.unlink()
    os.kill(process, signal.SIGTERM)
    for _ in range(200):
        if has_ended(process):
            return
        time.sleep(0.05)
    os.kill(process, signal.SIGKILL)


def has_ended(process):
    """Whether it has; nobody may have asked yet how."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


sys.exit(main(sys.argv[1], sys.argv[2:]))

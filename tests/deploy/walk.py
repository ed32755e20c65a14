"""The commands of docs/deploy.md that take an empty server to https, backup, upgrade and back, and those of the README.

They run in a folder: paths such as /etc/vestibule are in it, and ports are free ones. `systemctl` and `systemd-run` are
systemd.py, which starts what the unit says; the server, Caddy and curl are real. apt-get and useradd do nothing.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import proxies
from server import DEPLOY, ROOT, SITE, Folder, free_port, program

BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.M | re.S)
PLACES = ["/usr/local/", "/etc/vestibule", "/etc/systemd/", "/etc/caddy/", "/etc/bash_completion.d/", "/var/lib/vestibule"]


def check(binary):
    """walk: the commands of docs/deploy.md, one after the other"""
    return walk(binary, commands("docs/deploy.md", "From an empty server"))


def readme(binary):
    """readme: the commands of README.md, from the second on, which are for the server"""
    return walk(binary, commands("README.md", "Deploy it")[1:])


def credentials(binary):
    """credentials: those of the unit, with which the server and vestibulectl use the same database"""
    # The first as the comment in the unit says, the second by a drop-in.
    lines = [
        "install vestibule deploy/vestibulectl /usr/local/bin/",
        "install -D --mode 0600 deploy/vestibule.env /etc/vestibule/vestibule.env",
        "install --mode 0644 deploy/vestibule.service /etc/systemd/system/",
        "echo sqlite:elsewhere.db >/etc/vestibule/database.url",
        "echo smtps://user:s3cret@mail.example.com >/etc/vestibule/mail.smtp_url",
        "sed -i 's/^#LoadCredential=database/LoadCredential=database/' /etc/systemd/system/vestibule.service",
        "mkdir /etc/systemd/system/vestibule.service.d",
        "printf '[Service]\\nLoadCredential=mail.smtp_url:/etc/vestibule/mail.smtp_url\\n' "
        ">/etc/systemd/system/vestibule.service.d/mail.conf",
        # Both are given: somebody is told.
        "vestibulectl check | grep 'DATABASE_URL is used and the credential database.url is not'",
        "sed -i '/^DATABASE_URL=/d' /etc/vestibule/vestibule.env",
        "! vestibulectl check | grep 'is given twice'",
        "vestibulectl check | grep 'mail.from'",
        "echo 'VESTIBULE_MAIL__FROM=Vestibule <hello@example.com>' >>/etc/vestibule/vestibule.env",
        "vestibulectl check | grep 'elsewhere.db (from the credential database.url'",
        "systemctl start vestibule",
        "vestibulectl accounts list",
        "vestibulectl backup by-hand.db",
        "test -e /var/lib/vestibule/elsewhere.db && ! test -e /var/lib/vestibule/vestibule.db",
    ]
    return walk(binary, lines)


def walk(binary, lines):
    """Runs `lines` in a folder, with the programs of a server, and returns how many there were."""
    caddy = program("caddy", "caddy/usr/bin/caddy")
    with Folder() as folder:
        app, plain, secure = free_port(), free_port(), free_port()
        proxies.certificate(folder.path)

        def here(text):
            text = text.replace("https://app.example.com", f"https://localhost:{secure}")
            text = text.replace("127.0.0.1:3000", f"127.0.0.1:{app}").replace("app.example.com", "localhost")
            for place in PLACES:
                text = re.sub(rf"(?<![\w.]){re.escape(place)}", f"{folder.path}{place}", text)
            return text

        for place in PLACES:
            Path(f"{folder.path}{place}").mkdir(parents=True, exist_ok=True)
        for place in ("usr/local/bin", "etc/systemd/system", "home/deploy"):
            (folder.path / place).mkdir(parents=True, exist_ok=True)
        for file in (file for file in DEPLOY.iterdir() if file.is_file()):
            copy = folder.path / "home/deploy" / file.name
            copy.write_text(here(file.read_text()))
            copy.chmod(file.stat().st_mode)
        for name in ("vestibule", "vestibule-next"):
            (folder.path / "home" / name).symlink_to(binary)
        machine = folder.path / "machine"
        machine.mkdir()
        for name in ("systemctl", "systemd-run"):
            tool(machine / name, f'exec {sys.executable} {Path(__file__).with_name("systemd.py")} {name} "$@"')
        for name in ("apt-get", "useradd"):
            tool(machine / name, "exit 0")
        environment = {
            "PATH": f"{machine}:{folder.path}/usr/local/bin:{os.environ['PATH']}", "MACHINE": str(folder.path),
            "SITE": str(SITE), "CADDY": str(caddy or ""), "PORTS": f"{plain} {secure}",
            "CURL_CA_BUNDLE": f"{folder.path}/authority.pem", "SSL_CERT_FILE": f"{folder.path}/authority.pem",
        }
        count = 0
        try:
            for command in lines:
                if not caddy and "https://" in command:
                    continue
                done = subprocess.run(
                    ["bash", "-c", here(command)], cwd=folder.path / "home", env=environment, capture_output=True,
                    text=True, stdin=subprocess.DEVNULL, timeout=60,
                )
                logs = [path.read_text(errors="replace")[-2000:] for path in folder.path.glob("*.log")]
                assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}\n{''.join(logs)}"
                count += 1
            if any("vestibule man" in line for line in lines):
                assert (folder.path / "usr/local/share/man/man1/vestibule.1").exists()
        finally:
            for name in ("vestibule", "caddy"):
                subprocess.run([machine / "systemctl", "stop", name], env=environment, capture_output=True)
    return f"{count} commands" + ("" if caddy else ", those of https left out, Caddy is not here")


def commands(document, section):
    """The commands of a section of `document`; a line that ends with a backslash goes on."""
    text = re.search(rf"^## {section}$(.*?)^## ", (ROOT / document).read_text(), re.M | re.S)[1]
    lines = "".join(BLOCK.findall(text)).replace("\\\n", " ").splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]


def tool(path, line):
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)

"""HAProxy or nginx in front of instances, with the configuration of deploy/ if there is one."""

import os
import re
import subprocess
import time
from pathlib import Path

from harness import Failed, free_port, program

HERE = Path(__file__).resolve().parent
TOOLS = Path(os.environ.get("VESTIBULE_TOOLS") or
             Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vestibule" / "tools")


class Balancer:
    """In front of the instances at `ports`."""

    def __init__(self, folder, kind, ports):
        self.folder, self.port = Path(folder) / kind, free_port()
        self.folder.mkdir()
        command, text = {"haproxy": self.haproxy, "nginx": self.nginx}[kind](ports)
        (self.folder / "conf").write_text(text)
        environment = {**os.environ, "LD_LIBRARY_PATH": ":".join(map(str, (TOOLS / "haproxy").glob("usr/lib/*-gnu*")))}
        self.process = subprocess.Popen(
            command, cwd=self.folder, env=environment, stdin=subprocess.DEVNULL,
            stdout=(self.folder / "log").open("wb"), stderr=subprocess.STDOUT,
        )
        time.sleep(0.5)
        if self.process.poll() is not None:
            raise Failed(f"{kind} does not start: {(self.folder / 'log').read_text()}")

    def haproxy(self, ports):
        text = documented("haproxy.cfg")
        text = re.sub(r"(?m)^(\s*bind )\S+:\d+.*$", rf"\g<1>127.0.0.1:{self.port}", text)
        text = copies(text, r"(?m)^\s*server \S+ 127\.0\.0\.1:3000.*\n", r"server \S+ 127\.0\.0\.1:3000",
                      "server instance-{0} 127.0.0.1:{0}", ports)
        return [program("haproxy", TOOLS / "haproxy/usr/sbin", "/usr/sbin"), "-db", "-f", "conf"], text

    def nginx(self, ports):
        text = documented("nginx.conf")
        text = re.sub(r"(?m)^(\s*listen )\S+;", rf"\g<1>127.0.0.1:{self.port};", text)
        text = copies(text, r"(?m)^\s*server 127\.0\.0\.1:3000.*\n", r"127\.0\.0\.1:3000", "127.0.0.1:{0}", ports)
        paths = "".join(f"{name}_temp_path {self.folder}/{name};" for name in ("proxy", "fastcgi", "uwsgi", "scgi"))
        paths += f"client_body_temp_path {self.folder}/body; access_log off; error_log {self.folder}/errors;"
        text = text.replace("http {", f"http {{ {paths}", 1)
        run = f"pid {self.folder}/pid; daemon off; error_log {self.folder}/errors;"
        run += " user root;" if os.getuid() == 0 else ""
        binary = program("nginx", TOOLS / "nginx/usr/sbin", "/usr/sbin")
        files = ["-p", str(self.folder), "-e", f"{self.folder}/errors", "-c", f"{self.folder}/conf"]
        return [binary, *files, "-g", run], text

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def documented(name):
    """The configuration in the file `name`, which docs/several-instances.md shows."""
    text = (HERE / name).read_text()
    if text not in (HERE.parent.parent / "docs/several-instances.md").read_text():
        raise Failed(f"docs/several-instances.md does not show {name} as it is")
    return text


def copies(text, line, address, replacement, ports):
    """`text` with a line for each port in place of the one for the port 3000."""
    found = re.search(line, text)
    if not found:
        raise Failed(f"the configuration has no line for 127.0.0.1:3000:\n{text}")
    lines = "".join(re.sub(address, replacement.format(port), found[0]) for port in ports)
    return text[:found.start()] + lines + text[found.end():]

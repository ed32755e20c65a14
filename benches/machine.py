"""What the bench ran on, without names."""

import os
import platform
import subprocess
from pathlib import Path


def described():
    memory = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal"))
    return {
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(int(memory.split()[1]) / 1024**2),
        "system": f"{platform.system()} {platform.machine()}",
        "node": said("node", "--version"),
        "python": platform.python_version(),
        "rustc": said("rustc", "--version").split("(")[0].strip(),
        "load_before": round(os.getloadavg()[0], 2),
    }


def said(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""

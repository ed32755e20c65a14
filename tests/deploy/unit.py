"""deploy/vestibule.service, by systemd's own tools."""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from server import DEPLOY, run

# The exposure that systemd-analyze computes, from 0 to 10.
MOST = 2.0


def check(binary):
    """unit: systemd finds no mistake in it, and little that it leaves open"""
    if not shutil.which("systemd-analyze"):
        return "left out, systemd-analyze is not here"
    text = (DEPLOY / "vestibule.service").read_text()
    with tempfile.TemporaryDirectory() as folder:
        # The binary is not where the unit expects it.
        unit = Path(folder) / "vestibule.service"
        unit.write_text(text.replace("/usr/local/bin/vestibule", str(binary)))
        verified = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True)
        assert verified.returncode == 0 and "vestibule" not in verified.stderr, verified.stderr
        said = run(["systemd-analyze", "security", "--offline=true", "--no-pager", unit])
    exposure = float(re.search(r"exposure level for \S+: ([\d.]+)", said)[1])
    assert exposure < MOST, f"{exposure} is not below {MOST}\n{said}"
    return f"verified, exposure {exposure}"

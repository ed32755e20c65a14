"""The Dockerfile, and the manifests of Compose, Kubernetes and Fly, against their schemas and against our settings."""

import json
import re
import shutil
import subprocess
import tempfile
import tomllib
from pathlib import Path

from server import DEPLOY, TOOLS, run

# Values that are filled in by whoever deploys.
FILLED_IN = {
    "HOST": "app.example.com", "DATABASE_PASSWORD": "secret",
    "SMTP_URL": "smtps://user:password@mail.example.com", "MAIL_FROM": "Vestibule <hello@example.com>",
}


def check(binary):
    """manifests: their schemas, and the settings that they name"""
    folder = next(iter(sorted(TOOLS.glob("manifests-*"))), None)
    tools = folder / "bin" if folder else None
    done = []
    if tools:
        run([tools / "hadolint", "--ignore", "DL3008", DEPLOY / "Dockerfile"])
        run([tools / "kubernetes-validate", "--strict", "--quiet", DEPLOY / "kubernetes.yaml"])
        done.append("schemas")
        environments = json.loads(run([tools / "python", Path(__file__).parent / "schemas.py", DEPLOY]))
    else:
        done.append("schemas left out, run scripts/setup test")
        environments = {}
    environments["fly.toml"] = fly(tomllib.loads((DEPLOY / "fly.toml").read_text()))
    lines = (DEPLOY / "vestibule.env").read_text().splitlines()
    # The lines that are commented out are settings as well.
    lines = [line.removeprefix("#") for line in lines if re.match(r"#?[A-Z_]+=", line)]
    environments["vestibule.env"] = dict(line.split("=", 1) for line in lines)
    for name, environment in environments.items():
        accepts(binary, name, environment)
    return f"{', '.join(done)}; settings of {', '.join(environments)}"


def fly(file):
    """Its parts agree with each other and with the Dockerfile."""
    environment, service = file["env"], file["http_service"]
    assert environment["LEPTOS_SITE_ADDR"] == f"0.0.0.0:{service['internal_port']}"
    assert environment["DATABASE_URL"] == f"sqlite:{file['mounts'][0]['destination']}/vestibule.db"
    assert (DEPLOY / file["build"]["dockerfile"]).exists()
    assert int(file["kill_timeout"].rstrip("s")) > 30, "server.shutdown_seconds is 30"
    return environment


def accepts(binary, name, environment):
    """`vestibule check` has neither an error nor advice for these settings."""
    filled = {
        key: re.sub(r"\$\{(\w+)[^}]*\}", lambda found: FILLED_IN.get(found[1], ""), str(value))
        for key, value in environment.items()
    }
    with tempfile.TemporaryDirectory() as folder:
        filled = {key: value.replace("sqlite:/data/", f"sqlite:{folder}/") for key, value in filled.items()}
        environment = {"VESTIBULE_MAIL__SMTP_URL": FILLED_IN["SMTP_URL"], "VESTIBULE_MAIL__FROM": FILLED_IN["MAIL_FROM"]}
        done = subprocess.run(
            [binary, "check", "--json"], env={**environment, **filled}, cwd=folder, capture_output=True, text=True,
        )
    said = json.loads(done.stdout or "{}")
    assert done.returncode == 0 and said["findings"] == [], f"{name}: {done.stdout}{done.stderr}"

"""Validates compose.yaml, and prints the settings of the manifests: python schemas.py FOLDER, with its own packages."""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml
from compose_spec import ComposeSpecification


def unknown(source, known, path=""):
    """The keys of `source` that the schema does not have: it drops them."""
    if not isinstance(source, dict) or not isinstance(known, dict):
        return []
    known = {str(key): value for key, value in known.items()}
    new = [f"{path}.{key}" for key in source if str(key) not in known]
    both = [(str(key), value) for key, value in source.items() if str(key) in known]
    return new + [found for key, value in both for found in unknown(value, known[key], f"{path}.{key}")]


def makes_backups(script):
    """The script of a container dumps as `vestibule backup` does, keeps seven, and leaves nothing half done."""
    source = (folder.parent / "src/db/dump.rs").read_text()
    source = re.search(r"fn make\(.*?^}", source, re.M | re.S)[0]
    options = [option.replace("{REPLACED}", "replaced_") for option in re.findall(r'"(--[^"]+)"', source)]
    assert "--format=custom" in options and "--exclude-table-data=*.outgoing_mails" in options, options
    with tempfile.TemporaryDirectory() as place:
        place = Path(place)
        backups, tools = place / "backups", place / "tools"
        backups.mkdir()
        tools.mkdir()
        for day in range(1, 10):
            (backups / f"vestibule-2026010{day}T031700Z.dump").write_text("old")
        (backups / "mine.dump").write_text("kept")
        for name, lines in {
            "pg_dump": 'printf "%s\\n" "$@" >"$ARGUMENTS"\n'
            'for i in "$@"; do case "$i" in --file=*) echo >"${i#--file=}"; esac; done',
            "pg_restore": 'exit "$RESTORES"',
            # The pause of the loop is the end of the trial.
            "sleep": 'kill "$PPID"',
        }.items():
            (tools / name).write_text(f"#!/bin/sh\n{lines}\n")
            (tools / name).chmod(0o755)
        environment = {
            "PATH": f"{tools}:{os.environ['PATH']}", "ARGUMENTS": str(place / "arguments"),
            "DATABASE_URL": "postgres://",
        }

        def names(restores):
            command = [*script[:-1], script[-1].replace("/backups", str(backups))]
            done = subprocess.run(command, env={**environment, "RESTORES": restores}, capture_output=True, timeout=10)
            assert restores == "1" or b"made " in done.stdout, done
            return sorted(path.name for path in backups.iterdir())

        before = sorted(path.name for path in backups.iterdir())
        assert names("1") == before, "one that cannot be read is no backup, and none is deleted for it"
        after = names("0")
        assert len(after) == 8 and "mine.dump" in after and "vestibule-20260103T031700Z.dump" not in after, after
        assert not any(name.endswith(".part") for name in after), after
        (made,) = [path for path in backups.iterdir() if path.name not in before]
        assert made.stat().st_mode & 0o77 == 0, "others can read it"
        given = (place / "arguments").read_text().splitlines()
    missing = [option for option in options if option not in given and option != "--file"]
    assert not missing, f"the options of `vestibule backup` are missing: {missing}"


folder = Path(sys.argv[1])
compose = yaml.safe_load((folder / "compose.yaml").read_text())
valid = ComposeSpecification.model_validate(compose)
unknown_keys = unknown(compose, valid.model_dump(mode="json", by_alias=True, exclude_unset=True))
assert not unknown_keys, f"unknown: {unknown_keys}"
services, networks = compose["services"], compose["networks"]
for name, service in services.items():
    assert set(service["networks"]) <= set(networks), name
    for volume in service["volumes"]:
        assert volume.split(":")[0] in compose["volumes"], volume
assert services["app"]["environment"]["VESTIBULE_SERVER__TRUSTED_PROXIES"] == \
    services["caddy"]["networks"]["inside"]["ipv4_address"]
assert "app:3000" in compose["configs"]["caddyfile"]["content"]
# Compose reads $$ as $.
makes_backups([part.replace("$$", "$") for part in services["backup"]["command"]])
assert services["backup"]["image"] == services["database"]["image"], "pg_dump is of the server's version"

documents = {document["kind"]: document for document in yaml.safe_load_all((folder / "kubernetes.yaml").read_text())}
pod = documents["Deployment"]["spec"]["template"]
(container,) = pod["spec"]["containers"]
assert documents["Service"]["spec"]["selector"] == pod["metadata"]["labels"]
assert documents["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == pod["metadata"]["labels"]
settings = documents["ConfigMap"]["data"]
backup = documents["CronJob"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
makes_backups(backup["containers"][0]["command"])
claim = backup["volumes"][0]["persistentVolumeClaim"]["claimName"]
assert claim == documents["PersistentVolumeClaim"]["metadata"]["name"]
slack = container["lifecycle"]["preStop"]["sleep"]["seconds"] + int(settings["VESTIBULE_SERVER__SHUTDOWN_SECONDS"])
assert slack < pod["spec"]["terminationGracePeriodSeconds"]
secret = {"DATABASE_URL": "postgres://vestibule:secret@database.example.com/vestibule?sslmode=verify-full"}
json.dump({"compose.yaml": services["app"]["environment"], "kubernetes.yaml": {**settings, **secret}}, sys.stdout)

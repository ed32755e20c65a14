"""Validates compose.yaml, and prints the settings of the manifests: python schemas.py FOLDER, with its own packages."""

import json
import sys
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

documents = {document["kind"]: document for document in yaml.safe_load_all((folder / "kubernetes.yaml").read_text())}
pod = documents["Deployment"]["spec"]["template"]
(container,) = pod["spec"]["containers"]
assert documents["Service"]["spec"]["selector"] == pod["metadata"]["labels"]
assert documents["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == pod["metadata"]["labels"]
settings = documents["ConfigMap"]["data"]
slack = container["lifecycle"]["preStop"]["sleep"]["seconds"] + int(settings["VESTIBULE_SERVER__SHUTDOWN_SECONDS"])
assert slack < pod["spec"]["terminationGracePeriodSeconds"]
secret = {"DATABASE_URL": "postgres://vestibule:secret@database.example.com/vestibule?sslmode=verify-full"}
json.dump({"compose.yaml": services["app"]["environment"], "kubernetes.yaml": {**settings, **secret}}, sys.stdout)

"""PreSuite in the dev stack as its two files say it, with changes: what tests load and draw."""

from __future__ import annotations

import copy
from collections.abc import Collection
from pathlib import Path
from typing import Any

import yaml

from config import Settings, load

ROOT = Path(__file__).resolve().parents[2]
SECRETS = (
    "deploy-key",
    "host-key-drive",
    "predrive-db-password",
    "predrive-jwt-secret",
    "s3-access-key",
    "s3-secret-key",
)
PUBLIC_KEYS: dict[str, Any] = {
    "deploy": "ssh-ed25519 AAAAdeploy presuite-dev",
    "hosts": {"drive": "ssh-ed25519 AAAAhost drive"},
}
ABSENT = object()


def changed(content: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """The content with `a/b/c` set to a value, or taken out where the value is ABSENT."""
    result = copy.deepcopy(content)
    for path, value in changes.items():
        *parents, last = path.split("|")
        inner = result
        for step in parents:
            inner = inner.setdefault(step, {})
        if value is ABSENT:
            del inner[last]
        else:
            inner[last] = value
    return result


def stack_values(stack: str = "dev", changes: dict[str, Any] | None = None) -> dict[str, Any]:
    """What a stack's file says, with public keys; its secrets are the caller's to add."""
    file = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"]
    ours = {key: value for key, value in file.items() if not _is_secret(value)}
    return changed({**ours, "estate:public_keys": PUBLIC_KEYS}, changes or {})


def system(changes: dict[str, Any] | None = None) -> dict[str, Any]:
    """What `presuite.yaml` says."""
    content = yaml.safe_load((ROOT / "config" / "systems" / "presuite.yaml").read_text())
    return changed(content, changes or {})


def settings(
    folder: Path,
    *,
    stack: str = "dev",
    values: dict[str, Any] | None = None,
    content: dict[str, Any] | str | None = None,
    secrets: Collection[str] = SECRETS,
) -> Settings:
    """Loads the changed files: `values` of the stack, `content` of the system (or its text)."""
    text = content if isinstance(content, str) else yaml.safe_dump(system(content), sort_keys=False)
    (folder / "presuite.yaml").write_text(text)
    secret_values = {f"estate:{name}": "secret" for name in secrets}
    return load(
        stack, {**stack_values(stack, values), **secret_values}, list(secret_values), systems=folder
    )


def _is_secret(value: Any) -> bool:
    return isinstance(value, dict) and "secure" in value

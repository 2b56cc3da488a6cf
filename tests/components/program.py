"""Runs the whole program against a recorder in place of the engine."""

from __future__ import annotations

import asyncio
import json
import runpy
from pathlib import Path
from typing import Any

import pulumi
import pulumi.runtime
import pytest
import yaml
from pulumi.runtime.stack import run_pulumi_func

ROOT = Path(__file__).resolve().parents[2]
SECRETS = {
    "estate:deploy-key": "-----BEGIN OPENSSH PRIVATE KEY-----\ndeploy\n-----END\n",
    "estate:host-key-drive": "-----BEGIN OPENSSH PRIVATE KEY-----\nhost\n-----END\n",
    "estate:predrive-db-password": "p@ss/word #1",
    "estate:predrive-jwt-secret": "line one\nline $two 'and' %40",
    "estate:s3-access-key": "AK",
    "estate:s3-secret-key": 'sk"\\quoted',
    "hcloud:token": "t" * 64,
    "cloudflare:apiToken": "c" * 40,
}
PUBLIC_KEYS = {
    "deploy": "ssh-ed25519 AAAAdeploy presuite",
    "hosts": {"drive": "ssh-ed25519 AAAAhost drive"},
}

Registered = dict[tuple[str, str], dict[str, Any]]


class Recorder(pulumi.runtime.Mocks):
    """Answers as the clouds would, and keeps what was asked."""

    def __init__(self) -> None:
        self.resources: Registered = {}
        self.calls: list[tuple[str, Any]] = []

    def new_resource(
        self, args: pulumi.runtime.MockResourceArgs
    ) -> tuple[str | None, dict[str, Any]]:
        self.resources[(args.typ, args.name)] = args.inputs
        identity = str(1000 + len(self.resources))
        outputs = dict(args.inputs)
        if args.typ == "hcloud:index/primaryIp:PrimaryIp":
            outputs["ipAddress"] = "198.18.0.10" if args.inputs["type"] == "ipv4" else "2001:db8::"
        if args.typ == "hcloud:index/volume:Volume":
            outputs["linuxDevice"] = f"/dev/disk/by-id/scsi-0HC_Volume_{identity}"
        if args.typ.startswith("command:"):
            outputs["stdout"] = ""
        return identity, outputs

    def call(self, args: pulumi.runtime.MockCallArgs) -> dict[str, Any]:
        self.calls.append((args.token, args.args))
        return {"zoneId": "0123456789abcdef0123456789abcdef"}


def configuration(stack: str) -> dict[str, Any]:
    """A stack file's values, with test values for the secrets and keys that a clone makes."""
    values = dict(yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"])
    return {**values, **SECRETS, "estate:public_keys": PUBLIC_KEYS}


def run(
    stack: str, values: dict[str, Any], monkeypatch: pytest.MonkeyPatch, *, preview: bool = False
) -> Recorder:
    """Runs `__main__.py`; waits until every resource is registered."""
    texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in values.items()}
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps(texts))
    monkeypatch.setenv("PULUMI_CONFIG_SECRET_KEYS", json.dumps(list(SECRETS)))
    recorder = Recorder()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    pulumi.runtime.set_all_config(texts, list(SECRETS))
    pulumi.runtime.set_mocks(recorder, project="estate", stack=stack, preview=preview)

    def program() -> None:
        runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")

    monkeypatch.syspath_prepend(str(ROOT))
    try:
        loop.run_until_complete(run_pulumi_func(program))
    finally:
        loop.close()
    return recorder

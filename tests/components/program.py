"""Runs the whole program against a recorder in place of the engine."""

from __future__ import annotations

import asyncio
import json
import runpy
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pulumi
import pulumi.runtime
import pytest
import yaml
from google.protobuf.json_format import MessageToDict  # type: ignore[import-untyped]
from pulumi.runtime import mocks, rpc
from pulumi.runtime.settings import get_root_resource
from pulumi.runtime.stack import Stack, run_pulumi_func

ROOT = Path(__file__).resolve().parents[2]
SECRETS = {
    "estate:deploy-key": "-----BEGIN OPENSSH PRIVATE KEY-----\nd3pl0y\n-----END\n",
    "estate:host-key-drive": "-----BEGIN OPENSSH PRIVATE KEY-----\nh0st\n-----END\n",
    "estate:predrive-db-password": "p@ss/w:rd #1?%&=é",
    "estate:predrive-jwt-secret": "line one\nline $two 'and' \"three\" %40 @/#\\ ${db.url}",
    "estate:s3-access-key": "AKIDEXAMPLE",
    "estate:s3-secret-key": "sk\"\\'$quoted/+=",
    "hcloud:token": "t" * 64,
    "cloudflare:apiToken": "c" * 40,
}
PUBLIC_KEYS = {
    "deploy": "ssh-ed25519 AAAAdeploy presuite",
    "hosts": {"drive": "ssh-ed25519 AAAAhost drive"},
}
UNKNOWN = rpc.UNKNOWN

Key = tuple[str, str]
"""A resource by its type token and its name."""


@dataclass(frozen=True)
class Secret:
    """What an input looks like that reaches the engine marked as secret."""

    value: Any


@dataclass(frozen=True)
class Request:
    """A resource as it is asked for; `inputs` has a `Secret` wherever one is marked."""

    inputs: dict[str, Any]
    protect: bool
    ignore_changes: tuple[str, ...]
    delete_before_replace: bool
    deleted_with: str | None
    depends_on: frozenset[str]
    parent: str
    provider: str
    create_timeout: str
    replace_on_changes: tuple[str, ...]
    secret_outputs: frozenset[str]


@dataclass
class Recorder(pulumi.runtime.Mocks):
    """Answers as the clouds would, and keeps what was asked; in a preview nothing exists yet."""

    preview: bool = False
    requests: dict[Key, Request] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    calls: list[tuple[str, Any]] = field(default_factory=list)

    def new_resource(
        self, args: pulumi.runtime.MockResourceArgs
    ) -> tuple[str | None, dict[str, Any]]:
        outputs = dict(args.inputs)
        if self.preview and args.custom:
            return None, outputs
        identity = identity_of(args.typ, args.name)
        if args.typ == "hcloud:index/primaryIp:PrimaryIp":
            outputs["ipAddress"] = "198.18.0.10" if args.inputs["type"] == "ipv4" else "2001:db8::"
        if args.typ == "hcloud:index/volume:Volume":
            outputs["linuxDevice"] = f"/dev/disk/by-id/scsi-0HC_Volume_{identity}"
        if args.typ.startswith("command:"):
            outputs["stdout"] = ""
        return identity, outputs

    def call(
        self, args: pulumi.runtime.MockCallArgs
    ) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        self.calls.append((args.token, args.args))
        return {"zoneId": "0123456789abcdef0123456789abcdef"}, []

    def inputs(self, kind: str, name: str) -> dict[str, Any]:
        """The inputs of a resource, by the last word of its type."""
        return self.request(kind, name).inputs

    def request(self, kind: str, name: str) -> Request:
        """The one resource of that name whose type ends with that word."""
        (found,) = (r for (t, n), r in self.requests.items() if t.endswith(kind) and n == name)
        return found


class Monitor(mocks.MockMonitor):
    """Keeps requests as they go over the wire, where secrets are still marked."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__(recorder)
        self._recorder = recorder

    def RegisterResource(self, request: Any) -> Any:
        key = (request.type, request.name)
        if key in self._recorder.requests:
            raise AssertionError(f"{key} is registered twice")
        if request.type != "pulumi:pulumi:Stack":
            self._recorder.requests[key] = Request(
                inputs=_marked(MessageToDict(request.object)),
                protect=request.protect,
                ignore_changes=tuple(request.ignoreChanges),
                delete_before_replace=request.deleteBeforeReplace,
                deleted_with=_name(request.deletedWith) or None,
                depends_on=frozenset(_name(urn) for urn in request.dependencies),
                parent=_name(request.parent),
                provider=_name(request.provider.rpartition("::")[0]),
                create_timeout=request.customTimeouts.create,
                replace_on_changes=tuple(request.replaceOnChanges),
                secret_outputs=frozenset(request.additionalSecretOutputs),
            )
        return super().RegisterResource(request)  # type: ignore[no-untyped-call]


def identity_of(kind: str, name: str) -> str:
    """The id that a recorded resource has: a number, as Hetzner's are, and the same each time."""
    return str(zlib.crc32(f"{kind}::{name}".encode()))


def configuration(stack: str) -> dict[str, Any]:
    """A stack file's values, with test values for the secrets and keys that a clone makes."""
    values = dict(yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"])
    ours = {k: v for k, v in values.items() if not (isinstance(v, dict) and "secure" in v)}
    return {**ours, **SECRETS, "estate:public_keys": PUBLIC_KEYS}


def run(
    stack: str, values: dict[str, Any], monkeypatch: pytest.MonkeyPatch, *, preview: bool = False
) -> Recorder:
    """Runs `__main__.py`; waits until every resource is registered."""
    recorder = Recorder(preview=preview)
    run_into(recorder, stack, values, monkeypatch)
    return recorder


def run_into(
    recorder: Recorder, stack: str, values: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs `__main__.py` into a recorder that is still there when the program is refused."""
    texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in values.items()}
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps(texts))
    monkeypatch.setenv("PULUMI_CONFIG_SECRET_KEYS", json.dumps(list(SECRETS)))
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    pulumi.runtime.set_all_config(texts, list(SECRETS))
    pulumi.runtime.set_mocks(
        recorder,
        project="estate",
        stack=stack,
        preview=recorder.preview,
        monitor=Monitor(recorder),
    )

    def program() -> None:
        runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")

    monkeypatch.syspath_prepend(str(ROOT))
    # set_mocks keeps the root of an earlier run, and with it that run's outputs.
    told = cast(Stack, get_root_resource()).outputs
    told.clear()
    try:
        loop.run_until_complete(run_pulumi_func(program))
        outputs = loop.run_until_complete(rpc.serialize_properties(told, {}))
        recorder.outputs = _marked(MessageToDict(outputs))
    finally:
        loop.close()


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]


def _marked(value: Any) -> Any:
    if isinstance(value, dict):
        if value.get(rpc._special_sig_key) == rpc._special_secret_sig:
            return Secret(_marked(value["value"]))
        return {key: _marked(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_marked(inner) for inner in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value

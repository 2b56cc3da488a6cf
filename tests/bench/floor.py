"""What no program can be faster than: one server's boot and the starts of its containers.

The same server image, user data, container images and limits as the stack's, by plain API calls
and plain `docker run`, everything pulled from the same registry, nothing waited for twice.
"""

from __future__ import annotations

import dataclasses
import json
import subprocess
import time
from shlex import join, quote
from typing import Any

import httpx
import yaml

from blueprint.draw import draw
from blueprint.parts import Blueprint, Container
from components import cloud_init, scripts
from components.secrets import render
from config import load
from tests.bench.measure import Run
from tests.end_to_end.clone import Clone

_NAME = "floor"


def run(clone: Clone) -> Run:
    """Seconds from the request for a server until its last container runs."""
    blueprint, secrets = _blueprint(clone)
    part = dataclasses.replace(blueprint.servers[0], name=_NAME)
    url, headers = clone.hetzner()
    user_data = cloud_init.render(part, secrets["host-key-drive"])
    body = {
        "name": _NAME,
        "server_type": part.server_type,
        "location": part.location,
        "image": part.image,
        "user_data": user_data,
    }
    started = time.perf_counter()
    made = httpx.post(f"{url}/servers", json=body, headers=headers).raise_for_status().json()
    server = made["server"]
    try:
        ssh = _ssh(clone, server["public_net"]["ipv4"]["ip"])
        _until_it_answers(ssh, scripts.first_contact(part))
        for stack in blueprint.stacks:
            commands = [f"docker network create {stack.name} >/dev/null"]
            commands += [_docker_run(stack.name, c, secrets) for c in stack.containers]
            subprocess.run(
                [*ssh, "sh -es"],
                input="\n".join(commands),
                text=True,
                check=True,
                capture_output=True,
            )
        return Run(time.perf_counter() - started, 0)
    finally:
        httpx.delete(f"{url}/servers/{server['id']}", headers=headers).raise_for_status()


def _blueprint(clone: Clone) -> tuple[Blueprint, dict[str, str]]:
    shown = json.loads(clone.run("pulumi", "config", "--json", "--show-secrets", "-s", "dev").text)
    secrets = {
        key.removeprefix("estate:"): str(entry["value"])
        for key, entry in shown.items()
        if entry["secret"]
    }
    values: dict[str, Any] = yaml.safe_load((clone.folder / "Pulumi.dev.yaml").read_text())
    secret_keys = [key for key, entry in shown.items() if entry["secret"]]
    return draw(load("dev", values["config"], secret_keys)), secrets


def _ssh(clone: Clone, address: str) -> list[str]:
    folder = clone.folder / ".estate/ssh/dev"
    options = [
        f"IdentityFile={folder}/id",
        f"UserKnownHostsFile={folder}/known_hosts",
        "HostKeyAlias=drive",
        "BatchMode=yes",
        "ConnectTimeout=2",
    ]
    words = [word for option in options for word in ("-o", option)]
    return ["ssh", "-F", "/dev/null", *words, f"{cloud_init.USER}@{address}"]


def _until_it_answers(ssh: list[str], script: str) -> None:
    for _ in range(300):
        done = subprocess.run(
            [*ssh, scripts.RUN], input=script, text=True, capture_output=True, check=False
        )
        if done.returncode == 0:
            return
        time.sleep(0.1)
    raise RuntimeError(f"the floor's server does not answer: {done.stderr}")


def _docker_run(network: str, part: Container, secrets: dict[str, str]) -> str:
    words = ["docker run -d", f"--network {network}"]
    words += [f"--name {network}-{part.name} --hostname {part.name}"]
    words += [f"--network-alias {part.name} --memory {part.memory_mb}m"]
    words += [f"-p {port.host}:{port.container}" for port in part.ports]
    # Exported, then named: no value is on a command line.
    exports = [
        f"export {name}={quote(render(value, secrets))}; "
        for name, value in part.environment.items()
    ]
    words += [f"-e {name}" for name in part.environment]
    command = join(part.command) if part.command and not part.once else ""
    return f"{''.join(exports)}{' '.join(words)} {part.image} {command} >/dev/null"

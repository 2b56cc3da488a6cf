"""Joining a stack to the local cloud: what an owner gets from the clouds' consoles, and a visit."""

from __future__ import annotations

import json
import os
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import dns.resolver
import httpx

from cli import blueprints, pulumi, secret_values
from sandbox.connection import Connection

_CURL_SECONDS = 30


class NotReached(Exception):
    """Something that should answer does not; says what and where to look."""


@dataclass(frozen=True)
class Answer:
    """What a URL of the system answered, and the command that asks again."""

    url: str
    status: int
    body: str
    curl: str


def connect(stack: str, connection: Connection) -> tuple[str, ...]:
    """Writes the local cloud's addresses and tokens into the stack, and sees that its zones exist.

    Nothing is written that is there already: the second time the file stays as it is.
    The keys that were written are returned.
    """
    wanted = {
        "hcloud:endpoint": (connection.hetzner_endpoint, False),
        "hcloud:token": (connection.hetzner_token, True),
        "cloudflare:baseUrl": (connection.cloudflare_base_url, False),
        "cloudflare:apiToken": (connection.cloudflare_token, True),
        "estate:s3-access-key": (connection.s3_access_key, True),
        "estate:s3-secret-key": (connection.s3_secret_key, True),
    }
    present = pulumi.configuration(stack)
    missing = [key for key in wanted if present.get(key, {}).get("value") != wanted[key][0]]
    for key in missing:
        value, secret = wanted[key]
        pulumi.set_config(stack, key, value, secret=secret)
    settings, _ = blueprints.of(stack)
    for zone in settings.environment.zones.values():
        _ensure_zone(zone.name, connection)
    return tuple(missing)


def secrets(stack: str) -> tuple[str, ...]:
    """Makes the secrets that the stack lacks; their names."""
    return secret_values.init(stack).made


def _ensure_zone(zone: str, connection: Connection) -> None:
    headers = {"Authorization": f"Bearer {connection.cloudflare_token}"}
    url = f"{connection.cloudflare_base_url}/zones"
    found = httpx.get(url, params={"name": zone}, headers=headers).raise_for_status().json()
    if not found["result"]:
        body = {"name": zone, "account": {"id": "0" * 32}, "type": "full"}
        httpx.post(url, json=body, headers=headers).raise_for_status()


def leave(stack: str) -> list[str]:
    """Destroys the stack but for what is protected; the names of that."""
    pulumi.run(
        "destroy",
        "-s",
        stack,
        "--yes",
        "--skip-preview",
        "--exclude-protected",
        "--color",
        "never",
        capture=False,
    )
    state = json.loads(pulumi.run("stack", "export", "-s", stack))
    resources = state["deployment"].get("resources") or []
    return [
        f"{resource['urn'].rpartition('::')[2]} ({resource['type'].rpartition(':')[2]}) "
        f"{resource.get('outputs', {}).get('name', '')}"
        for resource in resources
        if resource.get("protect")
    ]


def reach(stack: str, connection: Connection) -> list[Answer]:
    """Asks each host's /health (or /) over HTTPS, by the name that the local DNS gives."""
    _, blueprint = blueprints.of(stack)
    paths: dict[str, str] = {}
    for part in blueprint.stacks:
        for route in part.routes:
            if route.hostname not in paths or route.path == "/health":
                paths[route.hostname] = route.path
    return [_visit(host, path, connection) for host, path in paths.items()]


def _visit(hostname: str, path: str, connection: Connection) -> Answer:
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = [connection.dns_address]
    try:
        address = resolver.resolve(hostname, "A")[0].to_text()
    except dns.exception.DNSException as error:
        raise NotReached(
            f"{hostname}: the local DNS at {connection.dns_address} has no address ({error}). "
            "Look: estate sandbox logs dns"
        ) from None
    url = f"https://{hostname}{path}"
    root = os.path.relpath(Path(connection.acme_root_path), Path.cwd())
    command = ["curl", "-sS", "--cacert", root, "--resolve", f"{hostname}:443:{address}", url]
    result = subprocess.run(
        [*command, "--max-time", str(_CURL_SECONDS), "-w", "\n%{http_code}"],
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise NotReached(f"{url}: {result.stderr.strip()}. Look: estate sandbox logs")
    body, _, status = result.stdout.rpartition("\n")
    return Answer(url, int(status), _short(body), " ".join(command))


def _short(body: str, length: int = 300) -> str:
    with suppress(ValueError):
        body = json.dumps(json.loads(body))
    return body if len(body) <= length else body[:length] + "…"

"""A server of the sandbox: what its container is made of, and how to see that it answers."""

from __future__ import annotations

import hashlib
import json
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import docker
import httpx
from docker.models.containers import Container

from sandbox import containers
from sandbox.containers import File
from sandbox.home import Home


@dataclass(frozen=True)
class Service:
    name: str
    image: str  # the recipe's name
    address: str
    url: str  # as others call it
    answers: Callable[[], bool]
    files: Mapping[str, File] = field(default_factory=dict, repr=False)
    volumes: Mapping[str, str] = field(default_factory=dict)  # name -> path inside
    resolver: str | None = None
    published: int | None = None  # a port that this machine's loopback shows too


def ensure(client: docker.DockerClient, home: Home, service: Service, image: str) -> Container:
    """The running container of just these settings; one of other settings makes way."""
    name = home.name(service.name)
    wanted = _digest(service, image)
    container = containers.find(client, name)
    if container is not None and container.labels.get("estate.settings") != wanted:
        containers.remove(container)
        container = None
    if container is None:
        container = _create(client, home, service, image, wanted)
        # Renamed when whole: a container that has its name also has its files.
        container.rename(name)
    if container.status != "running":
        container.start()
    return container


def _create(
    client: docker.DockerClient, home: Home, service: Service, image: str, wanted: str
) -> Container:
    staging = home.name(service.name, "new")
    containers.remove(containers.find(client, staging))
    api = client.api
    ports: dict[int | str, Any] = {service.published: ("127.0.0.1",)} if service.published else {}
    for volume in service.volumes:
        client.volumes.create(home.name(volume), labels=home.labels)
    made = api.create_container(
        image,
        name=staging,
        hostname=service.name,
        labels={**home.labels, "estate.part": service.name, "estate.settings": wanted},
        ports=[service.published] if service.published else None,
        host_config=api.create_host_config(
            network_mode=home.public_network,
            binds=[f"{home.name(volume)}:{path}" for volume, path in service.volumes.items()],
            dns=[service.resolver] if service.resolver else None,
            port_bindings=ports,
            restart_policy={"Name": "on-failure", "MaximumRetryCount": 5},
            init=True,
        ),
        networking_config=containers.on_network(api, home.public_network, service.address),
    )
    container = client.containers.get(made["Id"])
    containers.put_files(container, service.files)
    return container


def _digest(service: Service, image: str) -> str:
    settings = [image, service.address, service.resolver, service.published]
    digest = hashlib.sha256(json.dumps([*settings, dict(service.volumes)]).encode())
    for name, file in sorted(service.files.items()):
        digest.update(f"{name} {file.mode} ".encode() + file.content)
    return digest.hexdigest()[:16]


def https_answers(
    root: bytes, address: str, name: str, path: str, expected: tuple[int, ...]
) -> Callable[[], bool]:
    """A question over TLS that trusts the sandbox's root alone."""

    def ask() -> bool:
        context = ssl.create_default_context(cadata=root.decode())
        with httpx.Client(verify=context, timeout=5, trust_env=False) as client:
            answer = client.get(
                f"https://{address}{path}",
                headers={"Host": name},
                extensions={"sni_hostname": name},
            )
        return answer.status_code in expected

    return ask


def http_answers(url: str, headers: Mapping[str, str] | None = None) -> Callable[[], bool]:
    def ask() -> bool:
        with httpx.Client(timeout=5, trust_env=False) as client:
            return client.get(url, headers=dict(headers or {})).status_code == 200

    return ask

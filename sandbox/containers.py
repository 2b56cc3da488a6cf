"""What every module that talks to Docker does alike: look up, put files, run, explain failures."""

from __future__ import annotations

import io
import tarfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import docker
import requests
from docker.errors import DockerException, NotFound
from docker.models.containers import Container

from sandbox.underneath import MachineError

# What docker-py calls the type of a list's filters, whose dict is invariant.
Filters = dict[str, str | list[str] | bool]


@dataclass(frozen=True)
class File:
    content: bytes
    mode: int = 0o644


@contextmanager
def explained(doing: str) -> Iterator[None]:
    """Turn what Docker says into one MachineError that names what was being done."""
    try:
        yield
    except (DockerException, requests.RequestException, OSError) as error:
        said = getattr(error, "explanation", None) or str(error)
        hint = ""
        if "No space left" in str(said):
            hint = " Free some disk space (docker system df shows what Docker uses)."
        elif isinstance(error, ConnectionError | requests.RequestException):
            hint = " Is the Docker Engine running? `estate sandbox start` starts it."
        raise MachineError(f"{doing} > Docker: {said}.{hint}") from error


def find(client: docker.DockerClient, name: str) -> Container | None:
    try:
        return client.containers.get(name)
    except NotFound:
        return None


def put_files(container: Container, files: Mapping[str, File]) -> None:
    """Copy files into a container, started or not, as root's own."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name, file in files.items():
            member = tarfile.TarInfo(name.lstrip("/"))
            member.size = len(file.content)
            member.mode = file.mode
            member.mtime = int(time.time())
            tar.addfile(member, io.BytesIO(file.content))
    container.put_archive("/", archive.getvalue())


def run(container: Container, command: list[str], *, doing: str) -> str:
    """Run a command as root inside, answer what it printed, MachineError when it failed."""
    with explained(doing):
        result: Any = container.exec_run(command, user="root", demux=True)
    out, err = (part.decode(errors="replace") if part else "" for part in result.output)
    if result.exit_code != 0:
        raise MachineError(f"{doing} > {command[0]} ended with {result.exit_code}: {err or out}")
    return out


def on_network(api: docker.APIClient, network: str, ipv4: str | None) -> dict[str, Any]:
    """The networking configuration of a container with a fixed address."""
    endpoints: Any = {network: api.create_endpoint_config(ipv4_address=ipv4)}
    configuration: dict[str, Any] = api.create_networking_config(endpoints)
    return configuration


def remove(container: Container | None) -> None:
    if container is not None:
        try:
            container.remove(force=True, v=True)
        except NotFound:
            return

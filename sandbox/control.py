"""Starts, stops, shows and removes the local cloud of one clone: what `estate sandbox` calls."""

from __future__ import annotations

import fcntl
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

import docker
import httpx
from docker.models.containers import Container

from sandbox import containers, engine, process, slot
from sandbox.certificates import Certificates
from sandbox.connection import Connection
from sandbox.containers import Filters
from sandbox.credentials import Credentials
from sandbox.helper import Helper
from sandbox.home import Home, SandboxError, clone_id_of
from sandbox.images.build import build_all
from sandbox.machines import Machines
from sandbox.services import dns, registry, services
from sandbox.services.service import Service, ensure
from sandbox.underneath import MachineError

Progress = Callable[[str], None]

_ANSWER_SECONDS = 60
_NEEDED_GB = 4


@dataclass(frozen=True)
class Part:
    """One thing that runs, or should."""

    name: str
    state: str
    healthy: bool
    address: str
    since: str


def start(root: Path, progress: Progress) -> Connection:
    """Bring everything up, or find it up. Safe to repeat after any interruption."""
    path = _path(root)
    with _locked(root), _explained():
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        client = engine.ensure_docker(progress)
        _refuse_a_full_disk(client)
        for gone in slot.remove_leftovers(client):
            progress(f"removed what a deleted clone left in Docker: {gone}")
        home = slot.claim(client, path)
        if not slot.has_ipv6():
            progress("this machine's kernel has no IPv6: servers get IPv4 addresses alone")
        slot.ensure_network(client, home)
        credentials = Credentials.of(path)
        certificates = Certificates(path, home.clone_id)
        certificates.ensure()
        tags = build_all(client, progress)
        wanted = services(home, credentials, certificates)
        for service in wanted:
            ensure(client, home, service, tags[service.image])
        helper = Helper(client, home).ensure()
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda service: _wait(client, home, service), wanted))
        progress(f"services: {', '.join(service.name for service in wanted)}")
        dns.write_own_names(home)
        registry.publish(client, home, tags, certificates.root, progress)
        helper.reload()
        # A helper that was started anew has no bridges: the API then plugs all in again.
        if process.ensure(home, f"{helper.id} {helper.attrs['State']['StartedAt']}"):
            progress(f"api: {home.api_url}")
        return Connection.of(home)


def stop(root: Path, progress: Progress) -> None:
    """Shut down servers, then what serves them. Disks, zones, certificates, state: all stay."""
    path = _path(root)
    with _locked(root), _explained():
        process.stop(path)
        if not (path / "slot.json").exists():
            return
        client = engine.connect()
        home = Home.open(path)
        machines = Machines(path, client)
        servers = _server_ids(client, home)
        with ThreadPoolExecutor(max_workers=8) as pool:
            list(pool.map(machines.shutdown, servers))
        progress(f"servers: {len(servers)} shut down")
        running = client.containers.list(filters={"label": f"estate.sandbox={home.clone_id}"})
        for container in running:
            # The helper was made to be killed; the others write their files out.
            container.stop(timeout=1 if container.labels["estate.part"] == "helper" else 20)
        progress("services: stopped")


def reset(root: Path, progress: Progress) -> None:
    """Remove every container, volume, network, image and file of this clone's sandbox."""
    path = _path(root)
    with _locked(root), _explained():
        process.stop(path)
        slot.remove_all(engine.connect(), clone_id_of(root))
        shutil.rmtree(path, ignore_errors=True)
        progress("removed")


def status(root: Path) -> list[Part]:
    """Each part, asked now. An empty sandbox has one part: the Engine."""
    path = _path(root)
    with _explained():
        try:
            client = engine.connect()
        except engine.EngineError as error:
            return [Part("docker", str(error), False, "", "")]
        version = client.version()["Version"]
        parts = [Part("docker", f"running, {version}", True, "", "")]
        if not (path / "slot.json").exists():
            return [*parts, Part("api", "never started", False, "", "")]
        home = Home.open(path)
        certificates = Certificates(path, home.clone_id)
        wanted = services(home, Credentials.of(path), certificates)
        parts.append(_api_part(home))
        with ThreadPoolExecutor() as pool:
            parts += pool.map(lambda service: _service_part(client, home, service), wanted)
        return parts + _server_parts(client, home)


def connection(root: Path) -> Connection:
    """Of a sandbox that was started before, running or not."""
    path = _path(root)
    if not (path / "slot.json").exists():
        raise SandboxError(f"{path}: there is no sandbox yet. Run: estate sandbox start")
    return Connection.of(Home.open(path))


def logs(root: Path, part: str | None = None, lines: int = 100) -> str:
    """The last lines of the API, a service, or a server's console; of all without a name."""
    path = _path(root)
    with _explained():
        if not (path / "slot.json").exists():
            raise SandboxError(f"{path}: there is no sandbox yet. Run: estate sandbox start")
        client = engine.connect()
        home = Home.open(path)
        sources: dict[str, Callable[[], str]] = {"api": lambda: process.log_tail(path, lines)}
        for container in _mine(client, home):
            labels = container.labels
            name = labels.get("estate.server-name", labels["estate.part"])
            sources[name] = partial(_container_log, client, path, container, lines)
        if part is not None and part not in sources:
            raise SandboxError(f"logs: {part!r} is not a part. Known: {', '.join(sources)}")
        if part is not None:
            return sources[part]()
        return "\n".join(f"== {name}\n{read()}" for name, read in sources.items())


def _container_log(
    client: docker.DockerClient, path: Path, container: Container, lines: int
) -> str:
    number = container.labels.get("estate.server")
    if number is not None:
        said = Machines(path, client).console(int(number))
        return "\n".join(said.splitlines()[-lines:])
    return container.logs(tail=lines).decode(errors="replace")


def _path(root: Path) -> Path:
    return root.resolve() / ".estate" / "sandbox"


@contextmanager
def _locked(root: Path) -> Iterator[None]:
    """One start, stop or reset at a time; the others wait."""
    folder = root.resolve() / ".estate"
    folder.mkdir(exist_ok=True)
    with (folder / "sandbox.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def _explained() -> Iterator[None]:
    try:
        with containers.explained("sandbox"):
            yield
    except MachineError as error:
        raise SandboxError(str(error)) from error


def _refuse_a_full_disk(client: docker.DockerClient) -> None:
    folder = Path(client.info()["DockerRootDir"])
    with suppress(OSError):  # an Engine elsewhere, or a folder that we may not see
        free = shutil.disk_usage(folder).free / 1024**3
        if free < _NEEDED_GB:
            raise SandboxError(
                f"{folder}: {free:.1f} GB free, {_NEEDED_GB} GB needed for images and servers. "
                "Free some space (docker system df shows what Docker uses) and start again."
            )


def _wait(client: docker.DockerClient, home: Home, service: Service) -> None:
    deadline = time.monotonic() + _ANSWER_SECONDS
    while not _answers(service):
        container = client.containers.get(home.name(service.name))
        if container.status != "running" or time.monotonic() > deadline:
            said = container.logs(tail=15).decode(errors="replace")
            raise SandboxError(
                f"{service.name} > {service.url} does not answer ({container.status}):\n{said}"
            )
        time.sleep(0.1)


def _answers(service: Service) -> bool:
    try:
        return service.answers()
    except (httpx.HTTPError, OSError):
        return False


def _mine(client: docker.DockerClient, home: Home) -> list[Container]:
    mine: Filters = {"label": f"estate.sandbox={home.clone_id}"}
    return client.containers.list(all=True, ignore_removed=True, filters=mine)


def _server_ids(client: docker.DockerClient, home: Home) -> list[int]:
    found = (container.labels.get("estate.server") for container in _mine(client, home))
    return sorted(int(number) for number in found if number)


def _api_part(home: Home) -> Part:
    running = process.Process.read(home.path)
    if running is None:
        return Part("api", "stopped", False, home.api_url, "")
    since = datetime.fromtimestamp((home.path / "api.json").stat().st_mtime).astimezone()
    well = process.answers(home)
    state = "answers" if well else "does not answer"
    return Part("api", state, well, home.api_url, since.isoformat(timespec="seconds"))


def _service_part(client: docker.DockerClient, home: Home, service: Service) -> Part:
    container = containers.find(client, home.name(service.name))
    if container is None:
        return Part(service.name, "absent", False, service.url, "")
    if container.status != "running":
        return Part(service.name, container.status, False, service.url, "")
    well = _answers(service)
    since = container.attrs["State"]["StartedAt"].partition(".")[0] + "Z"
    return Part(service.name, "answers" if well else "does not answer", well, service.url, since)


def _server_parts(client: docker.DockerClient, home: Home) -> list[Part]:
    """A server that is off may be meant to be: it does not make the sandbox unwell."""
    parts = []
    for container in _mine(client, home):
        if "estate.server" not in container.labels:
            continue
        networks = container.attrs["NetworkSettings"]["Networks"]
        network = networks.get(home.public_network) or {}
        config = network.get("IPAMConfig") or {}
        address = network.get("IPAddress") or config.get("IPv4Address") or ""
        running = container.status == "running"
        since = container.attrs["State"]["StartedAt"].partition(".")[0] + "Z" if running else ""
        name = f"server {container.labels['estate.server-name']}"
        parts.append(Part(name, container.status, True, address, since))
    return sorted(parts, key=lambda part: part.name)

"""The words of a blueprint: frozen dataclasses for everything that a system is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Secret:
    """A secret by its name in the stack's configuration; the value never enters a blueprint.

    `encoding="url"` percent-encodes the value where it becomes part of a URL (RFC 3986, 2.1).
    `given` ones come from somebody else (an access key); the others may be made up by us.
    """

    name: str
    encoding: Literal["plain", "url"] = "plain"
    given: bool = False


Value = tuple[str | Secret, ...]
"""Text in pieces; secrets stand in it by name until a component joins the pieces."""


@dataclass(frozen=True)
class Rule:
    """One thing that the internet may reach on a server. `port` is None for ICMP."""

    protocol: Literal["tcp", "udp", "icmp"]
    port: int | None
    source_ips: tuple[str, ...]
    description: str


@dataclass(frozen=True)
class Network:
    """A private network with one subnet that all servers share (CIDR notation)."""

    name: str
    ip_range: str
    subnet: str
    zone: str


@dataclass(frozen=True)
class SshKey:
    """A public key that may log in to every server."""

    name: str
    public_key: str


@dataclass(frozen=True)
class Volume:
    """A block device that outlives its server, mounted at `/mnt/<name>`."""

    name: str
    server: str
    location: str
    size_gb: int
    protect: bool = True
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def mount_path(self) -> str:
        return f"/mnt/{self.name}"


@dataclass(frozen=True)
class Server:
    """A Hetzner Cloud server and what must be true of it before anything runs there.

    `host_key` is the private SSH host key that cloud-init installs; every connection is pinned to
    `host_public_key`.
    """

    name: str
    server_type: str
    location: str
    image: str
    private_ip: str
    rules: tuple[Rule, ...]
    host_key: Secret
    host_public_key: str
    authorized_keys: tuple[SshKey, ...]
    delete_protection: bool = False
    packages: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Port:
    """A container port published on the host; `public` ones are open to the internet."""

    host: int
    container: int
    public: bool
    protocol: Literal["tcp", "udp"] = "tcp"


@dataclass(frozen=True)
class Mount:
    """A Docker volume (by name) or a host path (by absolute path) inside a container."""

    source: str
    target: str
    read_only: bool = False


@dataclass(frozen=True)
class Health:
    """Docker's health check; times in seconds."""

    command: tuple[str, ...]
    interval_seconds: int = 5
    timeout_seconds: int = 5
    retries: int = 6
    start_period_seconds: int = 60


@dataclass(frozen=True)
class Container:
    """A container of a Docker stack. `name` is its host name inside the stack's network.

    `once` containers run to their end and stay; the others are kept running. `after` names
    containers of the same stack that must be healthy (or finished) first.
    """

    name: str
    image: str
    memory_mb: int
    cpus: float
    command: tuple[str, ...] = ()
    environment: Mapping[str, Value] = field(default_factory=dict)
    ports: tuple[Port, ...] = ()
    mounts: tuple[Mount, ...] = ()
    tmpfs: Mapping[str, str] = field(default_factory=dict)
    health: Health | None = None
    user: str | None = None
    read_only: bool = True
    capabilities: tuple[str, ...] = ()
    stop_timeout_seconds: int = 10
    stop_signal: str | None = None
    once: bool = False
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class DockerVolume:
    """A named Docker volume, on a block device of the server when `volume` names one.

    `uid` owns the directory when it is first made.
    """

    name: str
    volume: str | None = None
    uid: int = 0


@dataclass(frozen=True)
class File:
    """A file on the server. After a change `container` runs `check`, then `reload`.

    A content that the check refuses is taken back.
    """

    name: str
    path: str
    content: Value
    mode: str = "0644"
    container: str | None = None
    check: tuple[str, ...] = ()
    reload: tuple[str, ...] = ()


@dataclass(frozen=True)
class Certificate:
    """A certificate by ACME (HTTP-01 through `webroot`), renewed on the server itself.

    It is written to `<directory>/<name>/{fullchain,privkey}.pem`; a self-signed placeholder lies
    there until the first one arrives, so that the web server can start and answer the challenge.
    """

    name: str
    hostnames: tuple[str, ...]
    directory: str
    webroot: str
    container: str
    reload: tuple[str, ...]
    acme_directory: str
    email: str
    image: str


@dataclass(frozen=True)
class Bucket:
    """An S3 bucket, made from a server that can reach the endpoint."""

    name: str
    endpoint: str
    region: str
    access_key: Secret
    secret_key: Secret


@dataclass(frozen=True)
class Record:
    """A DNS record: `content`, or the address of `server` for A and AAAA. TTL in seconds."""

    zone: str
    name: str
    type: str
    ttl: int
    server: str | None = None
    content: str | None = None
    proxied: bool = False


@dataclass(frozen=True)
class Zone:
    """A DNS zone at Cloudflare; looked up by name where `zone_id` is None."""

    name: str
    zone_id: str | None = None


@dataclass(frozen=True)
class Route:
    """A host name and path that a service answers, and who answers it."""

    hostname: str
    path: str
    service: str


@dataclass(frozen=True)
class Offer:
    """What a service gives to others: named values, and the ways in which it can be routed to."""

    values: Mapping[str, Value] = field(default_factory=dict)
    http: str | None = None
    """`name:port` for HTTP inside the stack's network."""
    files: str | None = None
    """A Docker volume with static files."""
    network: str | None = None
    """The container that must be healthy before a user of this offer starts."""


@dataclass(frozen=True)
class Stack:
    """Containers on one server that share a network, with what they need on the host."""

    name: str
    server: str
    containers: tuple[Container, ...] = ()
    volumes: tuple[DockerVolume, ...] = ()
    files: tuple[File, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    buckets: tuple[Bucket, ...] = ()
    routes: tuple[Route, ...] = ()


@dataclass(frozen=True)
class Blueprint:
    """Every decision about a system in one environment, made before the first resource."""

    system: str
    environment: str
    network: Network
    servers: tuple[Server, ...]
    volumes: tuple[Volume, ...]
    stacks: tuple[Stack, ...]
    zones: tuple[Zone, ...]
    records: tuple[Record, ...]
    connections: Mapping[str, Mapping[str, Value]]
    """`<stack>.<service>` to the values that it offers to whoever depends on it."""

    def secret_names(self) -> tuple[str, ...]:
        """Every secret that some part names, sorted."""
        return tuple(sorted({secret.name for secret in _secrets_in(self)}))

    def given_secret_names(self) -> frozenset[str]:
        """Those of them that only somebody else can know."""
        return frozenset(secret.name for secret in _secrets_in(self) if secret.given)


def _secrets_in(part: object) -> set[Secret]:
    if isinstance(part, Secret):
        return {part}
    if isinstance(part, Mapping):
        return set().union(*(_secrets_in(value) for value in part.values()))
    if isinstance(part, tuple | list):
        return set().union(*(_secrets_in(item) for item in part))
    if hasattr(part, "__dataclass_fields__"):
        return set().union(*(_secrets_in(v) for v in vars(part).values()))
    return set()

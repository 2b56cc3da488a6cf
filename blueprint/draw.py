"""`draw(settings)`: every decision about a system in one environment, as plain data."""

from __future__ import annotations

from collections.abc import Iterable

import services
from blueprint.parts import (
    Blueprint,
    Network,
    Offer,
    Record,
    Rule,
    Secret,
    Server,
    SshKey,
    Stack,
    Volume,
    Zone,
)
from blueprint.wiring import StackWiring, WiringError
from config import ConfigError, Settings
from services.kind import Acme, ObjectStore, Place

_DOCKER = "docker.io"
_WORLD = ("0.0.0.0/0", "::/0")


def draw(settings: Settings) -> Blueprint:
    """The blueprint of these settings; a ConfigError where services cannot be wired."""
    findings: list[str] = []
    stacks = tuple(
        _stack(settings, name, server, findings)
        for name, server in settings.system.stack_servers.items()
    )
    if findings:
        raise ConfigError(findings)
    network = settings.system.network
    return Blueprint(
        system=settings.system.name,
        environment=settings.stack,
        network=Network(settings.system.name, network.ip_range, network.subnet, network.zone),
        servers=tuple(_servers(settings, stacks)),
        volumes=tuple(_volumes(settings)),
        stacks=stacks,
        zones=tuple(Zone(zone.name, zone.id) for zone in settings.environment.zones.values()),
        records=tuple(_records(settings, stacks)),
        connections={
            f"{stack}.{name}": offer.values
            for stack in settings.system.services
            for name, offer in _offers(settings, stack, []).items()
            if offer.values
        },
    )


def location(settings: Settings, server: str) -> str:
    """The environment's choice of location for a server, or else the system's."""
    sizes = settings.environment.servers.get(server)
    return (sizes.location if sizes else None) or settings.system.servers[server].location


def server_type(settings: Settings, server: str) -> str:
    """The environment's choice of server type, or else the system's."""
    sizes = settings.environment.servers.get(server)
    return (sizes.server_type if sizes else None) or settings.system.servers[server].server_type


def host_key_secret(server: str) -> str:
    """The name of the secret that holds a server's private SSH host key."""
    return f"host-key-{server}"


def _labels(settings: Settings) -> dict[str, str]:
    return {"system": settings.system.name, "environment": settings.stack}


def _place(settings: Settings, stack: str, service: str) -> Place:
    environment = settings.environment
    return Place(
        stack=stack,
        service=service,
        server=settings.system.stack_servers[stack],
        acme=Acme(environment.acme.directory, environment.acme.email),
        object_store=(
            ObjectStore(environment.s3.endpoint, environment.s3.region) if environment.s3 else None
        ),
        images=environment.images,
        zones={zone: actual.name for zone, actual in environment.zones.items()},
    )


def _offers(settings: Settings, stack: str, findings: list[str]) -> dict[str, Offer]:
    offers = {}
    for name, service in settings.system.services[stack].items():
        try:
            offers[name] = services.kind(service.kind).offers(
                _place(settings, stack, name), service
            )
        except ValueError as error:
            findings.append(f"{_where(settings, stack, name)}: {error}.")
    return offers


def _stack(settings: Settings, name: str, server: str, findings: list[str]) -> Stack:
    offers = _offers(settings, name, findings)
    if len(offers) < len(settings.system.services[name]):
        # Whoever refers to the missing one would be told that there is none.
        return Stack(name, server)
    shares = []
    for service_name, service in settings.system.services[name].items():
        wiring = StackWiring(service_name, offers)
        place = _place(settings, name, service_name)
        try:
            shares.append(services.kind(service.kind).stack(place, service, wiring))
        except (ValueError, WiringError) as error:
            findings.append(f"{_where(settings, name, service_name)}: {error}.")
    return Stack(
        name=name,
        server=server,
        containers=tuple(part for share in shares for part in share.containers),
        volumes=tuple(part for share in shares for part in share.volumes),
        files=tuple(part for share in shares for part in share.files),
        certificates=tuple(part for share in shares for part in share.certificates),
        buckets=tuple(part for share in shares for part in share.buckets),
        routes=tuple(part for share in shares for part in share.routes),
    )


def _where(settings: Settings, stack: str, service: str) -> str:
    return f"{settings.system_file} > stacks > {stack} > services > {service}"


def _servers(settings: Settings, stacks: Iterable[Stack]) -> Iterable[Server]:
    environment = settings.environment
    keys = environment.public_keys
    authorized = [SshKey(f"{settings.system.name}-deploy", keys.deploy)] if keys else []
    authorized += [SshKey(name, key) for name, key in environment.ssh_keys.items()]
    for name, server in settings.system.servers.items():
        sizes = environment.servers.get(name)
        yield Server(
            name=name,
            server_type=server_type(settings, name),
            location=location(settings, name),
            image=(sizes.image if sizes else None) or server.image,
            private_ip=server.private_ip,
            rules=tuple(_rules(settings, name, stacks)),
            host_key=Secret(host_key_secret(name)),
            host_public_key=keys.hosts.get(name, "") if keys else "",
            authorized_keys=tuple(authorized),
            delete_protection=environment.delete_protection,
            packages=(_DOCKER,),
            labels=_labels(settings),
        )


def _rules(settings: Settings, server: str, stacks: Iterable[Stack]) -> Iterable[Rule]:
    yield Rule("icmp", None, _WORLD, "ping and path MTU discovery")
    yield Rule("tcp", 22, settings.environment.ssh_sources, "SSH")
    for stack in stacks:
        for container in stack.containers if stack.server == server else ():
            for port in container.ports:
                if port.public:
                    name = f"{stack.name} {container.name}"
                    yield Rule(port.protocol, port.host, _WORLD, name)


def _volumes(settings: Settings) -> Iterable[Volume]:
    for server, content in settings.system.servers.items():
        for name, volume in content.volumes.items():
            yield Volume(
                name,
                server,
                location(settings, server),
                volume.size_gb,
                volume.protect,
                _labels(settings),
            )


def _records(settings: Settings, stacks: Iterable[Stack]) -> Iterable[Record]:
    zones = [zone.name for zone in settings.environment.zones.values()]
    ttl = settings.environment.dns_ttl_seconds
    for stack in stacks:
        for hostname in dict.fromkeys(route.hostname for route in stack.routes):
            # The longest zone owns the name; a name in no zone is a finding of the checks.
            owners = [z for z in zones if hostname == z or hostname.endswith(f".{z}")]
            if owners:
                zone = max(owners, key=len)
                yield Record(zone, hostname, "A", ttl, server=stack.server)
                yield Record(zone, hostname, "AAAA", ttl, server=stack.server)

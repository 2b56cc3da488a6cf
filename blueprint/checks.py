"""What a drawn blueprint must satisfy before the first resource; every finding at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from ipaddress import IPv4Address, IPv4Network

from blueprint.parts import Blueprint, Stack
from config import Settings
from config.hetzner import LOCATIONS, SERVER_TYPES

DEPLOY_KEY = "deploy-key"
_TOKEN_CHARACTERS = 64
_OS_MEMORY_MB = 512
_MB_PER_GB = 1024


def check(settings: Settings, blueprint: Blueprint) -> list[str]:
    """Findings as text, in the order of the files; empty where all is well."""
    servers = set(settings.system.servers)
    return [
        *_unknown_servers(settings, servers),
        *_server_types(settings, blueprint),
        *_addresses(settings, blueprint),
        *_ports(settings, blueprint),
        *_hostnames(settings, blueprint),
        *_volumes(settings, blueprint),
        *_shared_volumes(settings, blueprint),
        *_circles(settings, blueprint),
        *_memory(settings, blueprint),
        *_secrets(settings, blueprint),
    ]


def check_credentials(
    settings: Settings, values: Mapping[str, str], environment: Mapping[str, str]
) -> list[str]:
    """What the two clouds need to let us in, from the stack's configuration or the shell."""
    findings = []
    token = values.get("hcloud:token") or environment.get("HCLOUD_TOKEN") or ""
    where = settings.stack_file
    if not token:
        findings.append(
            f"{where} > hcloud:token: is not set. "
            f"Run: pulumi config set -s {settings.stack} --secret hcloud:token"
        )
    elif len(token) != _TOKEN_CHARACTERS:
        findings.append(
            f"{where} > hcloud:token: has {len(token)} characters, a token of Hetzner has "
            f"{_TOKEN_CHARACTERS}. Make one: Cloud Console > project > Security > API tokens."
        )
    if not (values.get("cloudflare:apiToken") or environment.get("CLOUDFLARE_API_TOKEN")):
        findings.append(
            f"{where} > cloudflare:apiToken: is not set. "
            f"Run: pulumi config set -s {settings.stack} --secret cloudflare:apiToken"
        )
    return findings


def _unknown_servers(settings: Settings, servers: Collection[str]) -> Iterable[str]:
    known = ", ".join(sorted(servers))
    for stack, server in settings.system.stack_servers.items():
        if server not in servers:
            yield (
                f"{settings.system_file} > stacks > {stack} > server: there is no server "
                f"'{server}'. Known: {known}."
            )
    for server in settings.environment.servers:
        if server not in servers:
            yield (
                f"{settings.stack_file} > config > servers: there is no server '{server}'. "
                f"Known: {known}."
            )


def _server_types(settings: Settings, blueprint: Blueprint) -> Iterable[str]:
    for server in blueprint.servers:
        where = f"{settings.system_file} > servers > {server.name}"
        if server.name in settings.environment.servers:
            where = f"{settings.stack_file} > config > servers > {server.name}"
        if server.location not in LOCATIONS:
            yield (
                f"{where} > location: '{server.location}' is not a location. "
                f"Known: {', '.join(LOCATIONS)}."
            )
        elif server.server_type not in SERVER_TYPES:
            known = ", ".join(SERVER_TYPES)
            yield f"{where} > server_type: '{server.server_type}' is not known. Known: {known}."
        elif server.location not in SERVER_TYPES[server.server_type].locations:
            there = ", ".join(SERVER_TYPES[server.server_type].locations)
            here = ", ".join(n for n, t in SERVER_TYPES.items() if server.location in t.locations)
            yield (
                f"{where}: '{server.server_type}' is not offered in {server.location}, only in "
                f"{there}. In {server.location} there are: {here}."
            )


def _addresses(settings: Settings, blueprint: Blueprint) -> Iterable[str]:
    where = settings.system_file
    subnet = IPv4Network(blueprint.network.subnet)
    if not subnet.subnet_of(IPv4Network(blueprint.network.ip_range)):
        yield (
            f"{where} > network > subnet: {subnet} is not inside ip_range "
            f"{blueprint.network.ip_range}."
        )
    users = defaultdict(list)
    for server in blueprint.servers:
        users[server.private_ip].append(server.name)
        # Hetzner keeps a subnet's first address for its gateway.
        reserved = (subnet[0], subnet[1], subnet[-1])
        address = IPv4Address(server.private_ip)
        if address not in subnet or address in reserved:
            yield (
                f"{where} > servers > {server.name} > private_ip: {server.private_ip} is not a "
                f"usable address of {subnet}."
            )
    for ip, names in users.items():
        if len(names) > 1:
            yield f"{where} > servers: {ip} is taken twice, by {_and(names)}."


def _and(names: Iterable[str], preposition: str = "by") -> str:
    return f" and {preposition} ".join(f"'{name}'" for name in names)


def _ports(settings: Settings, blueprint: Blueprint) -> Iterable[str]:
    for server in blueprint.servers:
        users: dict[tuple[str, int], list[str]] = defaultdict(list)
        users[("tcp", 22)].append("SSH")
        for stack in _on(blueprint, server.name):
            for container in stack.containers:
                for port in container.ports:
                    users[(port.protocol, port.host)].append(f"{stack.name}.{container.name}")
        for (_, number), names in sorted(users.items()):
            if len(names) > 1:
                yield (
                    f"{settings.system_file} > servers > {server.name}: port {number} is taken "
                    f"twice, by {_and(names)}. Give one of them another port."
                )


def _on(blueprint: Blueprint, server: str) -> Iterable[Stack]:
    return (stack for stack in blueprint.stacks if stack.server == server)


def _hostnames(settings: Settings, blueprint: Blueprint) -> Iterable[str]:
    users: dict[str, list[str]] = defaultdict(list)
    for stack in blueprint.stacks:
        for certificate in stack.certificates:
            for hostname in certificate.hostnames:
                service = certificate.container.removeprefix(f"{stack.name}-")
                users[hostname].append(f"{stack.name}.{service}")
    zones = [zone.name for zone in blueprint.zones]
    for hostname, names in sorted(users.items()):
        if len(names) > 1:
            yield (
                f"{settings.system_file} > stacks: host name '{hostname}' is used twice, by "
                f"{_and(names)}."
            )
        if not any(hostname == zone or hostname.endswith(f".{zone}") for zone in zones):
            yield (
                f"{settings.stack_file} > config > zones: no zone holds '{hostname}' (of "
                f"'{names[0]}'). Known: {', '.join(zones)}."
            )


def _volumes(settings: Settings, blueprint: Blueprint) -> Iterable[str]:
    for stack in blueprint.stacks:
        there = {volume.name for volume in blueprint.volumes if volume.server == stack.server}
        for volume in stack.volumes if stack.server in settings.system.servers else ():
            if volume.volume is not None and volume.volume not in there:
                known = ", ".join(sorted(there)) or "none"
                yield (
                    f"{settings.system_file} > stacks > {stack.name}: server '{stack.server}' has "
                    f"no volume '{volume.volume}'. Known: {known}."
                )
    servers: dict[str, list[str]] = defaultdict(list)
    for part in blueprint.volumes:
        servers[part.name].append(part.server)
    for name, owners in servers.items():
        if len(owners) > 1:
            yield (
                f"{settings.system_file} > servers: there are two volumes '{name}', at "
                f"{_and(owners, 'at')}. Give one of them another name."
            )


def _shared_volumes(settings: Settings, blueprint: Blueprint) -> Iterable[str]:
    for server in blueprint.servers:
        users: dict[str, list[str]] = defaultdict(list)
        for stack in _on(blueprint, server.name):
            for container in stack.containers:
                for mount in container.mounts:
                    if any(v.volume and v.name == mount.source for v in stack.volumes):
                        users[mount.source].append(f"{stack.name}.{container.name}")
        for volume, names in users.items():
            if len(names) > 1:
                yield (
                    f"{settings.system_file} > servers > {server.name} > volumes: '{volume}' is "
                    f"taken twice, by {_and(names)}. Give each of them its own."
                )


def _circles(settings: Settings, blueprint: Blueprint) -> Iterable[str]:
    for stack in blueprint.stacks:
        try:
            TopologicalSorter({c.name: c.after for c in stack.containers}).prepare()
        except CycleError as error:
            # Each of the names is waited for by the next one; the first stands at the end again.
            circle = " refers to ".join(f"'{name}'" for name in reversed(error.args[1]))
            yield (
                f"{settings.system_file} > stacks > {stack.name}: {circle}, so none of them can "
                f"start first. Take one of the references out."
            )


def _memory(settings: Settings, blueprint: Blueprint) -> Iterable[str]:
    for server in blueprint.servers:
        if server.server_type not in SERVER_TYPES:
            continue
        has = SERVER_TYPES[server.server_type].memory_gb * _MB_PER_GB - _OS_MEMORY_MB
        asked = sum(c.memory_mb for s in _on(blueprint, server.name) for c in s.containers)
        if asked > has:
            yield (
                f"{settings.system_file} > servers > {server.name}: its containers may take "
                f"{asked} MB, '{server.server_type}' has {has} MB for them. Choose a larger type "
                f"or smaller memory_mb."
            )


def _secrets(settings: Settings, blueprint: Blueprint) -> Iterable[str]:
    stack = settings.stack
    needed = {*blueprint.secret_names(), DEPLOY_KEY}
    given = blueprint.given_secret_names()
    for name in sorted(needed - settings.secrets):
        yield (
            f"{settings.stack_file} > secrets: '{name}' is not set. Run: "
            + (
                f"pulumi config set -s {stack} --secret estate:{name}"
                if name in given
                else f"estate secrets init -s {stack}"
            )
        )
    keys = settings.environment.public_keys
    missing = [server.name for server in blueprint.servers if not server.host_public_key]
    if keys is None or missing:
        yield (
            f"{settings.stack_file} > config > public_keys: "
            f"{'the deploy key' if keys is None else _and(missing)} is missing. "
            f"Run: estate secrets init -s {stack}"
        )

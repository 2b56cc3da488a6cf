"""What a stack tells: addresses and URLs in the open, connection data as secrets."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi

from blueprint.parts import Blueprint
from components.secrets import joined
from components.server import ServerHost


def export(blueprint: Blueprint, hosts: Mapping[str, ServerHost]) -> None:
    """Exports `addresses`, `urls` and `connections`.

    `connections` holds, by `<stack>.<service>`, what a dependent service needs to reach it.
    """
    pulumi.export(
        "addresses",
        {
            name: {"ipv4": host.ipv4, "ipv6": host.ipv6, "private": part.private_ip}
            for part in blueprint.servers
            for name, host in hosts.items()
            if name == part.name
        },
    )
    hostnames = (route.hostname for stack in blueprint.stacks for route in stack.routes)
    pulumi.export("urls", [f"https://{name}/" for name in dict.fromkeys(hostnames)])
    pulumi.export(
        "connections",
        pulumi.Output.secret(
            {
                service: {name: joined(value) for name, value in values.items()}
                for service, values in blueprint.connections.items()
            }
        ),
    )

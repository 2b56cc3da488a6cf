"""The public addresses this cloud has to give, and the names they resolve back to."""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import IPv4Address, IPv4Network, IPv6Network

from sandbox.hetzner.errors import Refusal

FIRST_HOST = 10  # below it: gateway, DNS, ACME, S3, registry
LAST_HOST = 254


def free_ipv4(slot: int, taken: Collection[str]) -> str:
    subnet = IPv4Network(f"198.18.{slot}.0/24")
    for host in range(FIRST_HOST, LAST_HOST + 1):
        address = str(subnet[host])
        if address not in taken:
            return address
    raise Refusal("resource_unavailable", "no IPv4 address is free in this local cloud")


def free_ipv6(slot: int, taken: Collection[str], beside: str | None = None) -> str:
    """A /64. The one numbered like the server's IPv4 if that is free; else one above them all."""
    numbers = range(LAST_HOST + 2, 0x10000)
    preferred = [IPv4Address(beside).packed[-1]] if beside else []
    for number in [*preferred, *numbers]:
        net = str(IPv6Network(f"2001:db8:{slot:x}:{number:x}::/64"))
        if net not in taken:
            return net
    raise Refusal("resource_unavailable", "no IPv6 network is free in this local cloud")


def host_of(ipv6_net: str) -> str:
    """A server's own address in its /64."""
    return str(IPv6Network(ipv6_net)[1])


def default_ptr(ipv4: str) -> str:
    backwards = ".".join(reversed(ipv4.split(".")))
    return f"static.{backwards}.clients.your-server.de"

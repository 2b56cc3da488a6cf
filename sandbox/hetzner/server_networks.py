"""Servers in private networks: an interface each, with an address from one of the subnets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from functools import partial
from ipaddress import IPv4Address, IPv4Network

from sandbox.cloud import Cloud
from sandbox.hetzner import catalogue
from sandbox.hetzner.actions import Step, at_once, begin, carry_out, refuse_if_locked
from sandbox.hetzner.errors import Refusal, invalid
from sandbox.hetzner.networks import Network, first_ip, members, network
from sandbox.hetzner.server_state import PrivateNet, Server, server
from sandbox.hetzner.wire import Answer, Call, Route, created

MOST_NETWORKS = 3
MOST_ALIASES = 5


def join(
    cloud: Cloud,
    row: Server,
    net: Network,
    *,
    ip: str = "",
    ip_range: str = "",
    alias_ips: Iterable[str] = (),
) -> PrivateNet:
    """The row only; the interface follows by the action."""
    if _attachment(row, net.id):
        raise Refusal("server_already_attached", "server is already attached to the network")
    if len(row.private_net) >= MOST_NETWORKS:
        raise Refusal("resource_limit_exceeded", f"server is in {MOST_NETWORKS} networks already")
    for other in row.private_net:
        if IPv4Network(network(cloud, other.network).ip_range).overlaps(IPv4Network(net.ip_range)):
            raise Refusal("networks_overlap", "network overlaps with another one of the server")
    subnets = _subnets(row, net, ip_range)
    taken = _taken(cloud, net)
    address = _given(subnets, taken, ip) if ip else _next_free(subnets, taken)
    taken.add(address)
    aliases = [_given(subnets, taken, alias) for alias in alias_ips]
    attachment = PrivateNet(net.id, address, _mac(net.id, address), aliases)
    row.private_net.append(attachment)
    return attachment


def _attachment(row: Server, network_id: int) -> PrivateNet | None:
    return next((at for at in row.private_net if at.network == network_id), None)


def _subnets(row: Server, net: Network, ip_range: str = "") -> list[IPv4Network]:
    zone = catalogue.location(row.location)["network_zone"]
    subnets = [
        IPv4Network(subnet.ip_range)
        for subnet in net.subnets
        if subnet.network_zone == zone and ip_range in ("", subnet.ip_range)
    ]
    if not subnets:
        raise Refusal("no_subnet_available", f"network has no such subnet in {zone}")
    return subnets


def _taken(cloud: Cloud, net: Network) -> set[str]:
    """The network's gateway, and what its members have."""
    held = [at for row in members(cloud, net) for at in row.private_net if at.network == net.id]
    return {first_ip(net), *(ip for at in held for ip in (at.ip, *at.alias_ips))}


def _given(subnets: Iterable[IPv4Network], taken: set[str], ip: str) -> str:
    try:
        address = IPv4Address(ip)
    except ValueError:
        raise invalid(ip=f"{ip!r} is not an IPv4 address") from None
    for subnet in subnets:
        edges = (subnet.network_address, subnet.broadcast_address)
        if address in subnet and address not in edges and str(address) not in taken:
            return str(address)
    raise Refusal("ip_not_available", f"IP {ip} is not available in the network")


def _next_free(subnets: Iterable[IPv4Network], taken: set[str]) -> str:
    for subnet in subnets:
        # .1 is left alone in every subnet, so that the first server has .2 in all of them.
        for number in range(2, subnet.num_addresses - 1):
            if str(subnet[number]) not in taken:
                return str(subnet[number])
    raise Refusal("no_subnet_available", "no IP is free in the network's subnets")


def _mac(network_id: int, ip: str) -> str:
    """86:00:00 as Hetzner's; the same for the same address, so that it survives a restart."""
    number = (network_id * 2654435761 + int(IPv4Address(ip))) & 0xFFFFFF
    low = f"{number:06x}"
    return f"86:00:00:{low[:2]}:{low[2:4]}:{low[4:]}"


def attach(call: Call) -> Answer:
    cloud, row, fields = call.cloud, server(call.cloud, call.id), call.fields
    network_id, ip = fields.integer("network"), fields.text("ip", required=False)
    ip_range = fields.text("ip_range", required=False)
    alias_ips = fields.items("alias_ips", str)
    fields.check()
    net = network(cloud, network_id)
    refuse_if_locked(cloud, "server", row.id)
    at = join(cloud, row, net, ip=ip, ip_range=ip_range, alias_ips=alias_ips)
    action = begin(cloud, "attach_to_network", ("server", row.id), ("network", net.id))
    interface = (row.id, net.id, at.ip, net.ip_range, at.mac_address)

    def work() -> None:
        with cloud.store.look():
            runs = server(cloud, interface[0]).status == "running"
        if runs:  # one that is off gets its interface when it is powered on
            cloud.machines.attach_network(*interface)

    carry_out(cloud, Step(action.id, work, otherwise=partial(_leave, cloud, row.id, net.id)))
    return created(action=asdict(action))


def _leave(cloud: Cloud, server_id: int, network_id: int) -> None:
    row = cloud.store.table(Server).get(server_id)
    if row:
        row.private_net = [at for at in row.private_net if at.network != network_id]


def detach(call: Call) -> Answer:
    """The address is free again only when the interface is gone."""
    cloud, row, net = call.cloud, server(call.cloud, call.id), _attached(call)
    refuse_if_locked(cloud, "server", row.id)
    action = begin(cloud, "detach_from_network", ("server", row.id), ("network", net.network))

    def work() -> None:
        cloud.machines.detach_network(row.id, net.network)

    then = partial(_leave, cloud, row.id, net.network)
    carry_out(cloud, Step(action.id, work if row.has_machine else lambda: None, then=then))
    return created(action=asdict(action))


def change_alias_ips(call: Call) -> Answer:
    """Only the network is told: a server sets its alias addresses up itself."""
    cloud, row, at = call.cloud, server(call.cloud, call.id), _attached(call)
    fields = call.fields
    alias_ips = fields.items("alias_ips", str)
    fields.check()
    refuse_if_locked(cloud, "server", row.id)
    net = network(cloud, at.network)
    taken = _taken(cloud, net) - set(at.alias_ips)
    at.alias_ips = [_given(_subnets(row, net), taken, alias) for alias in alias_ips]
    resources = (("server", row.id), ("network", net.id))
    return created(action=at_once(cloud, "change_alias_ips", *resources))


def _attached(call: Call) -> PrivateNet:
    row, fields = server(call.cloud, call.id), call.fields
    network_id = fields.integer("network")
    fields.check()
    found = _attachment(row, network_id)
    if found is None:
        raise Refusal("not_found", f"server is not attached to network {network_id}")
    return found


routes = [
    Route("POST", "/servers/{id}/actions/attach_to_network", attach),
    Route("POST", "/servers/{id}/actions/detach_from_network", detach),
    Route("POST", "/servers/{id}/actions/change_alias_ips", change_alias_ips),
]

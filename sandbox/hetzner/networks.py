"""Private networks, their subnets and routes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from sandbox.cloud import Cloud, now
from sandbox.hetzner.actions import at_once, is_locked
from sandbox.hetzner.errors import Refusal, invalid
from sandbox.hetzner.fields import Fields
from sandbox.hetzner.rows import (
    change_protection,
    find,
    refuse_if_protected,
    refuse_taken_name,
    rename_and_label,
)
from sandbox.hetzner.server_state import Server
from sandbox.hetzner.wire import Answer, Call, Route, created, gone, listing

PRIVATE = tuple(IPv4Network(net) for net in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
ZONES = ("eu-central", "us-east", "us-west", "ap-southeast")
SUBNET_TYPES = ("cloud", "server", "vswitch")
LONGEST_PREFIX = 30


@dataclass
class Subnet:
    ip_range: str
    network_zone: str
    type: str


@dataclass
class Gateway:
    destination: str
    gateway: str


@dataclass
class Network:
    id: int
    name: str
    ip_range: str
    created: str
    labels: dict[str, str] = field(default_factory=dict)
    subnets: list[Subnet] = field(default_factory=list)
    routes: list[Gateway] = field(default_factory=list)
    expose_routes_to_vswitch: bool = False
    delete_protected: bool = False


def network(cloud: Cloud, id: int) -> Network:
    return find(cloud, Network, id, "network")


def members(cloud: Cloud, net: Network) -> list[Server]:
    servers = cloud.store.table(Server).values()
    return [row for row in servers if any(a.network == net.id for a in row.private_net)]


def first_ip(net: Network) -> str:
    """The gateway: always the first address of the whole range."""
    return str(IPv4Network(net.ip_range)[1])


def shape(cloud: Cloud, net: Network) -> dict[str, Any]:
    return {
        "id": net.id,
        "name": net.name,
        "ip_range": net.ip_range,
        "subnets": [
            {
                "type": subnet.type,
                "ip_range": subnet.ip_range,
                "network_zone": subnet.network_zone,
                "gateway": first_ip(net),
                "vswitch_id": None,
            }
            for subnet in net.subnets
        ],
        "routes": [vars(route) for route in net.routes],
        "servers": [row.id for row in members(cloud, net)],
        "load_balancers": [],
        "protection": {"delete": net.delete_protected},
        "labels": net.labels,
        "created": net.created,
        "expose_routes_to_vswitch": net.expose_routes_to_vswitch,
    }


def _refuse_if_changing(cloud: Cloud, net: Network) -> None:
    if is_locked(cloud, "network", net.id):
        raise Refusal("conflict", "a change is being performed on this network")


def _add_subnet(net: Network, body: dict[str, Any], prefix: str = "") -> None:
    fields = Fields(body, prefix)
    type, zone = fields.one_of("type", SUBNET_TYPES), fields.one_of("network_zone", ZONES)
    given = fields.network("ip_range", required=False)
    if type == "vswitch":
        raise Refusal("not_implemented", "a subnet of type vswitch is not emulated")
    fields.check()
    subnet = given or _free_subnet(net)
    if not subnet.subnet_of(IPv4Network(net.ip_range)) or subnet.prefixlen > LONGEST_PREFIX:
        raise invalid(ip_range=f"must lie in {net.ip_range} and be a /{LONGEST_PREFIX} at least")
    if any(subnet.overlaps(taken) for taken in _taken(net)):
        raise invalid(ip_range="overlaps with an existing subnet or route")
    net.subnets.append(Subnet(str(subnet), zone, type))


def _taken(net: Network) -> Iterable[IPv4Network]:
    yield from (IPv4Network(subnet.ip_range) for subnet in net.subnets)
    # A default route's destination overlaps everything and is meant to.
    for route in net.routes:
        if route.destination != "0.0.0.0/0":
            yield IPv4Network(route.destination)


def _free_subnet(net: Network) -> IPv4Network:
    whole = IPv4Network(net.ip_range)
    taken = list(_taken(net))
    for subnet in whole.subnets(new_prefix=max(24, whole.prefixlen)):
        if not any(subnet.overlaps(other) for other in taken):
            return subnet
    raise Refusal("no_subnet_available", "no /24 is free in the network")


def _add_route(net: Network, body: dict[str, Any], prefix: str = "") -> None:
    fields = Fields(body, prefix)
    destination, gateway = fields.network("destination"), fields.text("gateway")
    fields.check()
    try:
        inside = IPv4Address(gateway) in IPv4Network(net.ip_range)
    except ValueError:
        inside = False
    if not inside or gateway == first_ip(net):
        raise invalid(gateway=f"must be an address in {net.ip_range} and not its first")
    route = Gateway(str(destination), gateway)
    if any(route.destination == other.destination for other in net.routes):
        raise invalid(destination="has a route already")
    net.routes.append(route)


def index(call: Call) -> Answer:
    rows = [shape(call.cloud, net) for net in call.cloud.store.table(Network).values()]
    return listing(call, "networks", rows)


def create(call: Call) -> Answer:
    fields = call.fields
    name, labels, ip_range = fields.name(), fields.labels(), fields.network("ip_range")
    expose = fields.flag("expose_routes_to_vswitch", False)
    subnets, gateways = fields.items("subnets", dict), fields.items("routes", dict)
    if ip_range and not any(ip_range.subnet_of(net) for net in PRIVATE):
        fields.wrong("ip_range", "Must be in 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16.")
    fields.check()
    refuse_taken_name(call.cloud, Network, name, "network")
    id = call.cloud.store.next_id(Network)
    net = Network(id, name, str(ip_range), now(), labels, expose_routes_to_vswitch=expose)
    for body in subnets:
        _add_subnet(net, body, "subnets.")
    for body in gateways:
        _add_route(net, body, "routes.")
    call.cloud.store.table(Network)[id] = net
    return created(network=shape(call.cloud, net))


def show(call: Call) -> Answer:
    return Answer({"network": shape(call.cloud, network(call.cloud, call.id))})


def update(call: Call) -> Answer:
    net, fields = network(call.cloud, call.id), call.fields
    expose = fields.flag("expose_routes_to_vswitch", net.expose_routes_to_vswitch)
    rename_and_label(call, net, "network", fields)
    net.expose_routes_to_vswitch = expose
    return Answer({"network": shape(call.cloud, net)})


def delete(call: Call) -> Answer:
    """Attached servers are detached by it, as the provider does."""
    cloud, net = call.cloud, network(call.cloud, call.id)
    refuse_if_protected(net, "network")
    _refuse_if_changing(cloud, net)
    for row in members(cloud, net):
        row.private_net = [a for a in row.private_net if a.network != net.id]
        if row.has_machine:
            cloud.machines.detach_network(row.id, net.id)
    cloud.machines.delete_network(net.id)
    del cloud.store.table(Network)[net.id]
    return gone()


def protect(call: Call) -> Answer:
    return created(action=change_protection(call, network(call.cloud, call.id), "network"))


def add_subnet(call: Call) -> Answer:
    net = network(call.cloud, call.id)
    _refuse_if_changing(call.cloud, net)
    _add_subnet(net, call.body)
    return created(action=at_once(call.cloud, "add_subnet", ("network", net.id)))


def delete_subnet(call: Call) -> Answer:
    net, fields = network(call.cloud, call.id), call.fields
    _refuse_if_changing(call.cloud, net)
    gone_range = fields.network("ip_range")
    fields.check()
    subnet = next((s for s in net.subnets if s.ip_range == str(gone_range)), None)
    if subnet is None or gone_range is None:
        raise Refusal("not_found", f"subnet {gone_range} not found")
    for row in members(call.cloud, net):
        if any(a.network == net.id and IPv4Address(a.ip) in gone_range for a in row.private_net):
            # The client waits and tries again on these very words.
            raise Refusal("service_error", "cannot remove subnet because servers are attached")
    net.subnets.remove(subnet)
    return created(action=at_once(call.cloud, "delete_subnet", ("network", net.id)))


def add_route(call: Call) -> Answer:
    net = network(call.cloud, call.id)
    _refuse_if_changing(call.cloud, net)
    _add_route(net, call.body)
    return created(action=at_once(call.cloud, "add_route", ("network", net.id)))


def delete_route(call: Call) -> Answer:
    net, fields = network(call.cloud, call.id), call.fields
    _refuse_if_changing(call.cloud, net)
    route = Gateway(fields.text("destination"), fields.text("gateway"))
    fields.check()
    if route not in net.routes:
        raise Refusal("not_found", f"route {route.destination} not found")
    net.routes.remove(route)
    return created(action=at_once(call.cloud, "delete_route", ("network", net.id)))


def change_ip_range(call: Call) -> Answer:
    net, fields = network(call.cloud, call.id), call.fields
    _refuse_if_changing(call.cloud, net)
    wider = fields.network("ip_range")
    fields.check()
    old = IPv4Network(net.ip_range)
    if wider is None or wider[0] != old[0] or wider.prefixlen > old.prefixlen:
        raise invalid(ip_range=f"must begin at {old[0]} and be no smaller than {old}")
    net.ip_range = str(wider)
    return created(action=at_once(call.cloud, "change_ip_range", ("network", net.id)))


routes = [
    Route("GET", "/networks", index),
    Route("POST", "/networks", create),
    Route("GET", "/networks/{id}", show),
    Route("PUT", "/networks/{id}", update),
    Route("DELETE", "/networks/{id}", delete),
    Route("POST", "/networks/{id}/actions/change_protection", protect),
    Route("POST", "/networks/{id}/actions/add_subnet", add_subnet),
    Route("POST", "/networks/{id}/actions/delete_subnet", delete_subnet),
    Route("POST", "/networks/{id}/actions/add_route", add_route),
    Route("POST", "/networks/{id}/actions/delete_route", delete_route),
    Route("POST", "/networks/{id}/actions/change_ip_range", change_ip_range),
]

"""Firewalls: rules, and the servers they are applied to by id or by label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from ipaddress import ip_network
from typing import Any

from sandbox.cloud import Cloud, now
from sandbox.hetzner.actions import at_once
from sandbox.hetzner.errors import Refusal
from sandbox.hetzner.fields import Fields
from sandbox.hetzner.labels import matches
from sandbox.hetzner.primary_ips import VERSIONS, of_server
from sandbox.hetzner.rows import find, refuse_taken_name, rename_and_label
from sandbox.hetzner.server_state import Server
from sandbox.hetzner.wire import Answer, Call, Route, created, gone, listing

PROTOCOLS = ("tcp", "udp", "icmp", "esp", "gre")
WITH_PORT = ("tcp", "udp")
MOST_RULES = 50
MOST_PER_SERVER = 5
TARGETS = ("server", "label_selector")


@dataclass
class Rule:
    direction: str
    protocol: str
    port: str | None
    source_ips: list[str]
    destination_ips: list[str]
    description: str | None


@dataclass
class Target:
    """A server's id or a label selector, never both."""

    type: str
    server: int = 0
    selector: str = ""


@dataclass
class Firewall:
    id: int
    name: str
    created: str
    labels: dict[str, str] = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)
    applied_to: list[Target] = field(default_factory=list)


def selected(cloud: Cloud, target: Target) -> list[int]:
    if target.type == "server":
        return [target.server]
    servers = cloud.store.table(Server).values()
    return [row.id for row in servers if matches(target.selector, row.labels)]


def of_server_id(cloud: Cloud, server_id: int) -> list[Firewall]:
    firewalls = cloud.store.table(Firewall).values()
    return [f for f in firewalls if any(server_id in selected(cloud, t) for t in f.applied_to)]


def forget_server(cloud: Cloud, server_id: int) -> None:
    for firewall in cloud.store.table(Firewall).values():
        firewall.applied_to = [t for t in firewall.applied_to if t.server != server_id]


def shape(cloud: Cloud, firewall: Firewall) -> dict[str, Any]:
    return {**asdict(firewall), "applied_to": [_target(cloud, t) for t in firewall.applied_to]}


def _target(cloud: Cloud, target: Target) -> dict[str, Any]:
    if target.type == "server":
        return {"type": "server", "server": {"id": target.server}}
    return {
        "type": "label_selector",
        "label_selector": {"selector": target.selector},
        "applied_to_resources": [
            {"type": "server", "server": {"id": id}} for id in selected(cloud, target)
        ],
    }


def _read_rules(bodies: Sequence[dict[str, Any]]) -> list[Rule]:
    if len(bodies) > MOST_RULES:
        raise Refusal("invalid_input", f"a firewall has {MOST_RULES} rules at most")
    return [_read_rule(body, f"rules.{n}.") for n, body in enumerate(bodies)]


def _read_rule(body: dict[str, Any], prefix: str) -> Rule:
    fields = Fields(body, prefix)
    direction = fields.one_of("direction", ("in", "out"))
    protocol = fields.one_of("protocol", PROTOCOLS)
    port = fields.text("port", required=False) or None
    if protocol in WITH_PORT and port is None:
        fields.wrong("port", f"Required for protocol {protocol}.")
    if protocol not in WITH_PORT and port is not None:
        fields.wrong("port", f"Not allowed for protocol {protocol}.")
    if port and not _is_port_range(port):
        fields.wrong("port", "Not a port or a range of ports.")
    used, other = ("source_ips", "destination_ips")[:: 1 if direction == "in" else -1]
    if fields.items(other, str):
        fields.wrong(other, f"Not allowed for direction {direction}.")
    nets = [_canonical(fields, used, text) for text in fields.items(used, str)]
    if not nets:
        fields.wrong(used, f"Required for direction {direction}.")
    description = fields.text("description", required=False, longest=255) or None
    fields.check()
    sources, destinations = (nets, []) if direction == "in" else ([], nets)
    return Rule(direction, protocol, port, sources, destinations, description)


def _is_port_range(text: str) -> bool:
    if text == "any":
        return True
    ports = text.split("-")
    if len(ports) > 2 or not all(port.isdecimal() and 1 <= int(port) <= 65535 for port in ports):
        return False
    return int(ports[0]) <= int(ports[-1])


def _canonical(fields: Fields, name: str, text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError as problem:
        fields.wrong(name, f"Not in CIDR notation: {problem}")
        return text


def _read_targets(call: Call, name: str) -> list[Target]:
    targets = []
    for n, body in enumerate(call.fields.items(name, dict)):
        fields = Fields(body, f"{name}.{n}.")
        type = fields.one_of("type", TARGETS)
        chosen = Fields(fields.group(type) if type else {}, f"{name}.{n}.{type}.")
        if type == "server":
            target = Target("server", server=chosen.integer("id"))
        else:
            target = Target("label_selector", selector=chosen.text("selector"))
            matches(target.selector, {})  # refuses what it cannot read
        fields.check()
        chosen.check()
        targets.append(target)
    return targets


def _apply(cloud: Cloud, firewall: Firewall, targets: Sequence[Target]) -> list[dict[str, Any]]:
    for target in targets:
        if target in firewall.applied_to:
            raise Refusal("firewall_already_applied", "firewall is already applied to resource")
        if target.type == "server":
            _refuse_unsuitable(cloud, target.server)
        firewall.applied_to.append(target)
    return _actions(cloud, "apply_firewall", firewall, targets)


def _refuse_unsuitable(cloud: Cloud, server_id: int) -> None:
    if server_id not in cloud.store.table(Server):
        raise Refusal("firewall_resource_not_found", f"server {server_id} not found")
    if not any(of_server(cloud, server_id, version) for version in VERSIONS):
        raise Refusal("private_net_only_server", "server has no public network interface")
    if len(of_server_id(cloud, server_id)) >= MOST_PER_SERVER:
        raise Refusal("resource_limit_exceeded", f"server has {MOST_PER_SERVER} firewalls already")


def apply_to_new_server(cloud: Cloud, firewall_id: int, server_id: int) -> None:
    firewall = find(cloud, Firewall, firewall_id, "firewall")
    target = Target("server", server=server_id)
    if target not in firewall.applied_to:
        _apply(cloud, firewall, [target])


def _actions(
    cloud: Cloud, command: str, firewall: Firewall, targets: Sequence[Target]
) -> list[dict[str, Any]]:
    return [
        at_once(cloud, command, ("firewall", firewall.id), ("server", id))
        for target in targets
        for id in selected(cloud, target)
    ]


def index(call: Call) -> Answer:
    rows = [shape(call.cloud, row) for row in call.cloud.store.table(Firewall).values()]
    return listing(call, "firewalls", rows)


def create(call: Call) -> Answer:
    cloud, fields = call.cloud, call.fields
    name, labels = fields.text("name", longest=128), fields.labels()
    bodies = fields.items("rules", dict)
    fields.check()
    rules, targets = _read_rules(bodies), _read_targets(call, "apply_to")
    refuse_taken_name(cloud, Firewall, name, "firewall")
    id = cloud.store.next_id(Firewall)
    firewall = Firewall(id, name, now(), labels, rules)
    cloud.store.table(Firewall)[id] = firewall
    actions = [at_once(cloud, "set_firewall_rules", ("firewall", id))] if rules else []
    actions += _apply(cloud, firewall, targets)
    return created(firewall=shape(cloud, firewall), actions=actions)


def show(call: Call) -> Answer:
    return Answer({"firewall": shape(call.cloud, find(call.cloud, Firewall, call.id, "firewall"))})


def update(call: Call) -> Answer:
    firewall = find(call.cloud, Firewall, call.id, "firewall")
    rename_and_label(call, firewall, "firewall", call.fields)
    return Answer({"firewall": shape(call.cloud, firewall)})


def delete(call: Call) -> Answer:
    firewall = find(call.cloud, Firewall, call.id, "firewall")
    if firewall.applied_to:
        raise Refusal("resource_in_use", "firewall is still in use")
    del call.cloud.store.table(Firewall)[firewall.id]
    return gone()


def set_rules(call: Call) -> Answer:
    cloud, firewall = call.cloud, find(call.cloud, Firewall, call.id, "firewall")
    fields = call.fields
    bodies = fields.items("rules", dict)
    if "rules" not in call.body:
        fields.wrong("rules", "Missing data for required field.")
    fields.check()
    firewall.rules = _read_rules(bodies)
    actions = [at_once(cloud, "set_firewall_rules", ("firewall", firewall.id))]
    actions += _actions(cloud, "apply_firewall", firewall, firewall.applied_to)
    return created(actions=actions)


def apply_to_resources(call: Call) -> Answer:
    firewall = find(call.cloud, Firewall, call.id, "firewall")
    targets = _read_targets(call, "apply_to")
    return created(actions=_apply(call.cloud, firewall, targets))


def remove_from_resources(call: Call) -> Answer:
    cloud, firewall = call.cloud, find(call.cloud, Firewall, call.id, "firewall")
    targets = _read_targets(call, "remove_from")
    for target in targets:
        if target not in firewall.applied_to:
            raise _not_applied(cloud, firewall, target)
        firewall.applied_to.remove(target)
    return created(actions=_actions(cloud, "remove_firewall", firewall, targets))


def _not_applied(cloud: Cloud, firewall: Firewall, target: Target) -> Refusal:
    if firewall in of_server_id(cloud, target.server):
        return Refusal("firewall_managed_by_label_selector", "firewall is applied by a label")
    return Refusal("firewall_resource_not_found", "firewall is not applied to this resource")


routes = [
    Route("GET", "/firewalls", index),
    Route("POST", "/firewalls", create),
    Route("GET", "/firewalls/{id}", show),
    Route("PUT", "/firewalls/{id}", update),
    Route("DELETE", "/firewalls/{id}", delete),
    Route("POST", "/firewalls/{id}/actions/set_rules", set_rules),
    Route("POST", "/firewalls/{id}/actions/apply_to_resources", apply_to_resources),
    Route("POST", "/firewalls/{id}/actions/remove_from_resources", remove_from_resources),
]

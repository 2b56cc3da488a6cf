"""Primary IPs: public addresses that outlive the servers they are assigned to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sandbox.cloud import Cloud, now
from sandbox.hetzner import addresses, catalogue
from sandbox.hetzner.actions import at_once, refuse_if_locked
from sandbox.hetzner.errors import Refusal
from sandbox.hetzner.rows import (
    change_protection,
    find,
    refuse_if_protected,
    refuse_taken_name,
    rename_and_label,
)
from sandbox.hetzner.server_state import Server, alterable, refuse_unless_off, server
from sandbox.hetzner.wire import Answer, Call, Route, created, gone, listing

VERSIONS = ("ipv4", "ipv6")
ASSIGNEES = ("server",)


@dataclass
class PrimaryIp:
    id: int
    name: str
    type: str
    ip: str  # an IPv6 one is a network: "2001:db8:0:a::/64"
    location: str
    created: str
    labels: dict[str, str] = field(default_factory=dict)
    auto_delete: bool = False
    assignee_id: int | None = None
    delete_protected: bool = False
    dns_ptr: dict[str, str] = field(default_factory=dict)  # address: name


def shape(cloud: Cloud, ip: PrimaryIp) -> dict[str, Any]:
    loose = ip.assignee_id is None and cloud.api_date.reports_unassigned
    return {
        "id": ip.id,
        "name": ip.name,
        "type": ip.type,
        "ip": ip.ip,
        "labels": ip.labels,
        "created": ip.created,
        "blocked": False,
        "auto_delete": ip.auto_delete,
        "assignee_type": "unassigned" if loose else "server",
        "assignee_id": ip.assignee_id,
        "protection": {"delete": ip.delete_protected},
        "dns_ptr": [{"ip": at, "dns_ptr": name} for at, name in ip.dns_ptr.items()],
        "location": catalogue.location(ip.location),
        **catalogue.datacenter_property(cloud.api_date, ip.location),
    }


def of_server(cloud: Cloud, server_id: int, type: str) -> PrimaryIp | None:
    for ip in cloud.store.table(PrimaryIp).values():
        if ip.assignee_id == server_id and ip.type == type:
            return ip
    return None


def allocate(
    cloud: Cloud,
    type: str,
    location: str,
    *,
    name: str | None = None,
    labels: dict[str, str] | None = None,
    auto_delete: bool,
    beside: str | None = None,
) -> PrimaryIp:
    table = cloud.store.table(PrimaryIp)
    taken = {ip.ip for ip in table.values()}
    if type == "ipv4":
        ip = addresses.free_ipv4(cloud.slot, taken)
    else:
        ip = addresses.free_ipv6(cloud.slot, taken, beside)
    id = cloud.store.next_id(PrimaryIp)
    table[id] = PrimaryIp(
        id=id,
        name=name or f"primary_ip-{id}",
        type=type,
        ip=ip,
        location=location,
        created=now(),
        labels=labels or {},
        auto_delete=auto_delete,
        dns_ptr={ip: addresses.default_ptr(ip)} if type == "ipv4" else {},
    )
    return table[id]


def assignable(cloud: Cloud, id: int, type: str, location: str) -> PrimaryIp:
    ip = find(cloud, PrimaryIp, id, "primary IP")
    if ip.type != type:
        raise Refusal("primary_ip_version_mismatch", f"primary IP {id} is not of type {type}")
    if ip.assignee_id is not None:
        raise Refusal("primary_ip_assigned", f"primary IP {id} is already assigned")
    if ip.location != location:
        raise Refusal("primary_ip_datacenter_mismatch", f"primary IP {id} is not in {location}")
    return ip


def addresses_of(cloud: Cloud, server_id: int) -> tuple[str | None, str | None]:
    """The server's own public addresses, as its machine needs them."""
    v4, v6 = (of_server(cloud, server_id, type) for type in VERSIONS)
    return v4.ip if v4 else None, addresses.host_of(v6.ip) if v6 else None


def give(cloud: Cloud, ip: PrimaryIp, owner: Server) -> dict[str, Any]:
    refuse_unless_off(owner)
    if of_server(cloud, owner.id, ip.type):
        raise Refusal(f"server_has_{ip.type}", f"server already has an {ip.type} address")
    if ip.location != owner.location:
        raise Refusal("invalid_input", "primary IP and server are in different locations")
    ip.assignee_id = owner.id
    return _readdress(cloud, "assign_primary_ip", ip, owner)


def take(cloud: Cloud, ip: PrimaryIp) -> dict[str, Any]:
    owner = server(cloud, ip.assignee_id or 0)
    refuse_unless_off(owner)
    ip.assignee_id = None
    return _readdress(cloud, "unassign_primary_ip", ip, owner)


def _readdress(cloud: Cloud, command: str, ip: PrimaryIp, owner: Server) -> dict[str, Any]:
    """The machine is told before the answer: a stopped container is changed in no time."""
    refuse_if_locked(cloud, "server", owner.id)
    if owner.has_machine:
        machines = alterable(cloud, "changing the public addresses")
        machines.change_addresses(owner.id, *addresses_of(cloud, owner.id))
    return at_once(cloud, command, ("primary_ip", ip.id), ("server", owner.id))


def release(cloud: Cloud, server_id: int) -> None:
    """A server is gone: its automatic addresses go with it, the others become free."""
    table = cloud.store.table(PrimaryIp)
    for ip in [ip for ip in table.values() if ip.assignee_id == server_id]:
        ip.assignee_id = None
        if ip.auto_delete:
            del table[ip.id]


def index(call: Call) -> Answer:
    rows = [shape(call.cloud, ip) for ip in call.cloud.store.table(PrimaryIp).values()]
    return listing(call, "primary_ips", rows, filters=("name", "ip"))


def create(call: Call) -> Answer:
    cloud, fields = call.cloud, call.fields
    name, labels, type = fields.text("name"), fields.labels(), fields.one_of("type", VERSIONS)
    assignee_id = fields.optional_integer("assignee_id")
    auto_delete = fields.flag("auto_delete", False)
    fields.one_of("assignee_type", ASSIGNEES, required=not cloud.api_date.reports_unassigned)
    place = fields.id_or_name("location", required=False)
    if not place and fields.has("datacenter"):
        place = fields.text("datacenter").partition("-")[0]
    if not place and assignee_id is None:
        fields.wrong("location", "Either location or assignee_id must be given.")
    fields.check()
    refuse_taken_name(cloud, PrimaryIp, name, "primary IP")
    owner = server(cloud, assignee_id) if assignee_id is not None else None
    location = owner.location if owner else catalogue.location(place)["name"]
    ip = allocate(cloud, type, location, name=name, labels=labels, auto_delete=auto_delete)
    if owner is None:
        return created(primary_ip=shape(cloud, ip))
    return created(action=give(cloud, ip, owner), primary_ip=shape(cloud, ip))


def show(call: Call) -> Answer:
    ip = find(call.cloud, PrimaryIp, call.id, "primary IP")
    return Answer({"primary_ip": shape(call.cloud, ip)})


def update(call: Call) -> Answer:
    ip = find(call.cloud, PrimaryIp, call.id, "primary IP")
    fields = call.fields
    auto_delete = fields.flag("auto_delete", ip.auto_delete)
    rename_and_label(call, ip, "primary IP", fields)
    ip.auto_delete = auto_delete
    return Answer({"primary_ip": shape(call.cloud, ip)})


def delete(call: Call) -> Answer:
    ip = find(call.cloud, PrimaryIp, call.id, "primary IP")
    refuse_if_protected(ip, "primary IP")
    if ip.assignee_id is not None:
        if call.cloud.api_date.must_be_unassigned:
            raise Refusal("must_be_unassigned", "primary IP must be unassigned before deletion")
        take(call.cloud, ip)
    del call.cloud.store.table(PrimaryIp)[ip.id]
    return gone()


def protect(call: Call) -> Answer:
    ip = find(call.cloud, PrimaryIp, call.id, "primary IP")
    return created(action=change_protection(call, ip, "primary_ip"))


def assign(call: Call) -> Answer:
    ip, fields = find(call.cloud, PrimaryIp, call.id, "primary IP"), call.fields
    assignee_id = fields.integer("assignee_id")
    fields.one_of("assignee_type", ASSIGNEES)
    fields.check()
    if ip.assignee_id is not None:
        raise Refusal("primary_ip_already_assigned", "primary IP is assigned to a server")
    return created(action=give(call.cloud, ip, server(call.cloud, assignee_id)))


def unassign(call: Call) -> Answer:
    ip = find(call.cloud, PrimaryIp, call.id, "primary IP")
    if ip.assignee_id is None:
        raise Refusal("primary_ip_not_assigned", "primary IP is not assigned")
    return created(action=take(call.cloud, ip))


routes = [
    Route("GET", "/primary_ips", index),
    Route("POST", "/primary_ips", create),
    Route("GET", "/primary_ips/{id}", show),
    Route("PUT", "/primary_ips/{id}", update),
    Route("DELETE", "/primary_ips/{id}", delete),
    Route("POST", "/primary_ips/{id}/actions/change_protection", protect),
    Route("POST", "/primary_ips/{id}/actions/assign", assign),
    Route("POST", "/primary_ips/{id}/actions/unassign", unassign),
]

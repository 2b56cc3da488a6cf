"""Servers: what they are made of, how they come and how they go."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import Any

from sandbox.cloud import Cloud, now
from sandbox.hetzner import (
    catalogue,
    firewalls,
    networks,
    placement_groups,
    primary_ips,
    server_networks,
    ssh_keys,
    volumes,
)
from sandbox.hetzner.actions import (
    Step,
    at_once,
    begin,
    carry_out,
    is_locked,
    refuse_if_locked,
)
from sandbox.hetzner.errors import Refusal, invalid
from sandbox.hetzner.fields import Fields
from sandbox.hetzner.rows import refuse_if_protected, refuse_taken_name, rename_and_label
from sandbox.hetzner.server_machine import boot, disconnect, observe, require_running
from sandbox.hetzner.server_state import Server, server
from sandbox.hetzner.wire import Answer, Call, Route, created, listing

LONGEST_USER_DATA = 32 * 1024
DEFAULT_LOCATION = "fsn1"


def shape(cloud: Cloud, row: Server) -> dict[str, Any]:
    group = placement_groups.of_server(cloud, row.id)
    server_type = catalogue.server_type(row.server_type)
    sold = next(p for p in server_type["prices"] if p["location"] == row.location)
    return {
        "id": row.id,
        "name": row.name,
        "status": row.status,
        "created": row.created,
        "public_net": _public_net(cloud, row),
        "private_net": [asdict(at) for at in row.private_net],
        "server_type": server_type,
        "location": catalogue.location(row.location),
        **catalogue.datacenter_property(cloud.api_date, row.location),
        "image": catalogue.image_by_id(row.image_id),
        "iso": None,
        "rescue_enabled": False,
        "locked": is_locked(cloud, "server", row.id),
        "backup_window": None,
        "outgoing_traffic": 0,
        "ingoing_traffic": 0,
        "included_traffic": sold["included_traffic"],
        "protection": {"delete": row.delete_protected, "rebuild": row.rebuild_protected},
        "labels": row.labels,
        "volumes": [disk.id for disk in volumes.of_server(cloud, row.id)],
        "load_balancers": [],
        "primary_disk_size": row.primary_disk_size,
        "placement_group": placement_groups.shape(group) if group else None,
    }


def _public_net(cloud: Cloud, row: Server) -> dict[str, Any]:
    v4, v6 = (primary_ips.of_server(cloud, row.id, type) for type in primary_ips.VERSIONS)
    return {
        "ipv4": v4
        and {"id": v4.id, "ip": v4.ip, "blocked": False, "dns_ptr": v4.dns_ptr.get(v4.ip, "")},
        "ipv6": v6
        and {
            "id": v6.id,
            "ip": v6.ip,
            "blocked": False,
            "dns_ptr": [{"ip": at, "dns_ptr": name} for at, name in v6.dns_ptr.items()],
        },
        "floating_ips": [],
        "firewalls": [
            {"id": firewall.id, "status": "applied"}
            for firewall in firewalls.of_server_id(cloud, row.id)
        ],
    }


def index(call: Call) -> Answer:
    servers = call.cloud.store.table(Server).values()
    for row in servers:
        observe(call.cloud, row)
    rows = [shape(call.cloud, row) for row in servers]
    return listing(call, "servers", rows, filters=("name", "status"))


def show(call: Call) -> Answer:
    row = server(call.cloud, call.id)
    observe(call.cloud, row)
    return Answer({"server": shape(call.cloud, row)})


def create(call: Call) -> Answer:
    cloud, fields = call.cloud, call.fields
    start = fields.flag("start_after_create", True)
    row = _new_row(cloud, fields)
    for network_id in fields.items("networks", int):
        server_networks.join(cloud, row, networks.network(cloud, network_id))
    _assign_addresses(cloud, row, fields, start)
    group_id = fields.optional_integer("placement_group")
    if group_id is not None:
        placement_groups.joinable(cloud, group_id).servers.append(row.id)
    for entry in fields.items("firewalls", dict):
        firewalls.apply_to_new_server(cloud, Fields(entry).integer("firewall"), row.id)
    disks = [volumes.volume(cloud, id) for id in fields.items("volumes", int)]
    automount = fields.flag("automount", False)
    fields.check()
    for disk in disks:
        volumes.claim(cloud, disk, row)
    row.should_run = start
    creating = begin(cloud, "create_server", ("server", row.id))
    steps, next_actions = [_creation(cloud, creating.id, row.id, start)], []
    for disk in disks:
        attaching = begin(cloud, "attach_volume", ("server", row.id), ("volume", disk.id))
        steps.append(volumes.attach_step(cloud, attaching, disk, row, automount))
        next_actions.append(attaching)
    if start:
        starting = begin(cloud, "start_server", ("server", row.id))
        next_actions.append(starting)
        steps.append(
            Step(
                starting.id,
                partial(require_running, cloud, row.id),
                then=partial(_set_status, cloud, row.id, "running"),
                otherwise=partial(_set_status, cloud, row.id, "unknown"),
            )
        )
    carry_out(cloud, *steps)
    # Without SSH keys Hetzner makes up and tells a root password; here root takes keys only.
    return created(
        server=shape(cloud, row),
        action=asdict(creating),
        next_actions=[asdict(action) for action in next_actions],
        root_password=None,
    )


def _new_row(cloud: Cloud, fields: Fields) -> Server:
    name, labels = fields.name(host=True), fields.labels()
    wanted_type, wanted_image = fields.id_or_name("server_type"), fields.id_or_name("image")
    user_data = fields.text("user_data", required=False, longest=LONGEST_USER_DATA)
    place = fields.id_or_name("location", required=False) or DEFAULT_LOCATION
    if fields.has("datacenter") and not fields.has("location"):
        place = fields.text("datacenter").partition("-")[0]
    key_names = [str(key) for key in fields.items("ssh_keys", object)]
    fields.check()
    refuse_taken_name(cloud, Server, name, "server")
    location = catalogue.location(place)["name"]
    server_type = catalogue.server_type(wanted_type)
    if not catalogue.is_available(server_type, location):
        raise Refusal("invalid_input", f"unsupported location for server type: {location}")
    image = catalogue.image(wanted_image, server_type["architecture"])
    if image["architecture"] != server_type["architecture"]:
        raise invalid(image=f"is not for {server_type['architecture']}")
    if fault := cloud.faults.on_placement(location, server_type["name"]):
        raise Refusal("resource_unavailable", "error during placement", status=fault.status)
    id = cloud.store.next_id(Server)
    row = Server(
        id=id,
        name=name,
        created=now(),
        server_type=server_type["name"],
        image_id=image["id"],
        location=location,
        primary_disk_size=server_type["disk"],
        user_data=user_data,
        ssh_keys=[ssh_keys.by_id_or_name(cloud, key).public_key for key in key_names],
        labels=labels,
    )
    cloud.store.table(Server)[id] = row
    return row


def _assign_addresses(cloud: Cloud, row: Server, fields: Fields, start: bool) -> None:
    public = Fields(fields.group("public_net"), "public_net.")
    wanted = [type for type in primary_ips.VERSIONS if public.flag(f"enable_{type}", True)]
    given = {type: public.optional_integer(type) for type in wanted}
    public.check()
    if start and not wanted and not row.private_net:
        raise invalid(public_net="a server needs a public or a private network")
    ipv4 = None
    for type in wanted:
        id = given[type]
        if id is not None:
            ip = primary_ips.assignable(cloud, id, type, row.location)
        else:
            ip = primary_ips.allocate(cloud, type, row.location, auto_delete=True, beside=ipv4)
        ip.assignee_id = row.id
        ipv4 = ip.ip if type == "ipv4" else ipv4


def _creation(cloud: Cloud, action_id: int, server_id: int, start: bool) -> Step:
    """One that is not to start yet has no machine before it is first powered on."""

    def work() -> None:
        if start:
            boot(cloud, server_id, with_volumes=False)

    after = "starting" if start else "off"
    return Step(
        action_id,
        work,
        then=partial(_set_status, cloud, server_id, after),
        otherwise=partial(_set_status, cloud, server_id, "off"),
    )


def _set_status(cloud: Cloud, id: int, status: str) -> None:
    row = cloud.store.table(Server).get(id)
    if row:
        row.status = status


def update(call: Call) -> Answer:
    row = server(call.cloud, call.id)
    rename_and_label(call, row, "server", call.fields, host=True)
    return Answer({"server": shape(call.cloud, row)})


def delete(call: Call) -> Answer:
    """What was attached to it is free when its machine is gone, not before."""
    cloud, row = call.cloud, server(call.cloud, call.id)
    refuse_if_protected(row, "server")
    refuse_if_locked(cloud, "server", row.id)
    row.status, row.should_run = "deleting", False
    action = begin(cloud, "delete_server", ("server", row.id))
    carry_out(cloud, deletion(cloud, action.id, row.id))
    return Answer({"action": asdict(action)})


def deletion(cloud: Cloud, action_id: int, server_id: int) -> Step:
    def work() -> None:
        disconnect(cloud, server_id)
        cloud.machines.delete_server(server_id)

    return Step(
        action_id,
        work,
        then=partial(_forget, cloud, server_id),
        otherwise=partial(_set_status, cloud, server_id, "unknown"),
    )


def _forget(cloud: Cloud, server_id: int) -> None:
    cloud.store.table(Server).pop(server_id, None)
    for disk in volumes.of_server(cloud, server_id):
        disk.server = None
    placement_groups.leave(cloud, server_id)
    firewalls.forget_server(cloud, server_id)
    primary_ips.release(cloud, server_id)


def protect(call: Call) -> Answer:
    row, fields = server(call.cloud, call.id), call.fields
    against_deletion = fields.flag("delete", row.delete_protected)
    against_rebuild = fields.flag("rebuild", row.rebuild_protected)
    fields.check()
    row.delete_protected, row.rebuild_protected = against_deletion, against_rebuild
    return created(action=at_once(call.cloud, "change_protection", ("server", row.id)))


routes = [
    Route("GET", "/servers", index),
    Route("POST", "/servers", create),
    Route("GET", "/servers/{id}", show),
    Route("PUT", "/servers/{id}", update),
    Route("DELETE", "/servers/{id}", delete),
    Route("POST", "/servers/{id}/actions/change_protection", protect),
]

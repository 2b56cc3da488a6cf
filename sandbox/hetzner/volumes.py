"""Volumes: block devices that outlive the servers they are attached to."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

from sandbox.cloud import Cloud, now
from sandbox.hetzner import catalogue
from sandbox.hetzner.actions import Action, Step, begin, carry_out, refuse_if_locked
from sandbox.hetzner.errors import Refusal, invalid
from sandbox.hetzner.rows import (
    change_protection,
    find,
    refuse_if_protected,
    refuse_taken_name,
    rename_and_label,
)
from sandbox.hetzner.server_state import Server, server
from sandbox.hetzner.wire import Answer, Call, Route, created, gone, listing

LEAST_GB, MOST_GB = 10, 10240
FILESYSTEMS = ("ext4", "xfs")
MOST_PER_SERVER = 16


@dataclass
class Volume:
    id: int
    name: str
    size: int
    location: str
    format: str | None
    created: str
    labels: dict[str, str] = field(default_factory=dict)
    status: str = "creating"
    server: int | None = None
    delete_protected: bool = False


def volume(cloud: Cloud, id: int) -> Volume:
    return find(cloud, Volume, id, "volume")


def of_server(cloud: Cloud, server_id: int) -> list[Volume]:
    return [row for row in cloud.store.table(Volume).values() if row.server == server_id]


def shape(row: Volume) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "size": row.size,
        "server": row.server,
        "status": row.status,
        "format": row.format,
        "labels": row.labels,
        "created": row.created,
        "linux_device": f"/dev/disk/by-id/scsi-0HC_Volume_{row.id}",
        "location": catalogue.location(row.location),
        "protection": {"delete": row.delete_protected},
    }


def claim(cloud: Cloud, row: Volume, owner: Server) -> None:
    """The volume belongs to the server from the answer on; the device follows by the action."""
    if row.server is not None:
        raise Refusal("volume_already_attached", "volume is already attached to a server")
    if row.location != owner.location:
        raise invalid(volume=f"is in {row.location}, the server is in {owner.location}")
    if len(of_server(cloud, owner.id)) >= MOST_PER_SERVER:
        raise Refusal("resource_limit_exceeded", f"server has {MOST_PER_SERVER} volumes already")
    row.server = owner.id


def attach_step(cloud: Cloud, action: Action, row: Volume, owner: Server, automount: bool) -> Step:
    """A server that is off gets the device when it is powered on."""
    owner_id, volume_id = owner.id, row.id

    def work() -> None:
        with cloud.store.look():
            runs = server(cloud, owner_id).status in ("running", "starting")
        if runs:
            cloud.machines.attach_volume(owner_id, volume_id, automount)

    return Step(action.id, work, otherwise=partial(_let_go, cloud, volume_id))


def _let_go(cloud: Cloud, volume_id: int) -> None:
    row = cloud.store.table(Volume).get(volume_id)
    if row:
        row.server = None


def index(call: Call) -> Answer:
    rows = [shape(row) for row in call.cloud.store.table(Volume).values()]
    return listing(call, "volumes", rows, filters=("name", "status"))


def create(call: Call) -> Answer:
    cloud, fields = call.cloud, call.fields
    name, labels = fields.name(), fields.labels()
    size = fields.integer("size", least=LEAST_GB, most=MOST_GB)
    filesystem = fields.one_of("format", FILESYSTEMS, required=False) or None
    owner_id = fields.optional_integer("server")
    place = fields.id_or_name("location", required=False)
    automount = fields.flag("automount", False)
    if bool(place) == (owner_id is not None):
        fields.wrong("location", "Either location or server must be given, not both.")
    fields.check()
    refuse_taken_name(cloud, Volume, name, "volume")
    owner = None if owner_id is None else server(cloud, owner_id)
    if owner:
        refuse_if_locked(cloud, "server", owner.id)
    location = owner.location if owner else catalogue.location(place)["name"]
    id = cloud.store.next_id(Volume)
    row = Volume(id, name, size, location, filesystem, now(), labels)
    cloud.store.table(Volume)[id] = row
    action = begin(cloud, "create_volume", ("volume", id))
    make = partial(cloud.machines.create_volume, id, size, filesystem)
    steps = [Step(action.id, make, then=partial(_available, cloud, id))]
    next_actions = []
    if owner:
        claim(cloud, row, owner)
        attaching = begin(cloud, "attach_volume", ("server", owner.id), ("volume", id))
        steps.append(attach_step(cloud, attaching, row, owner, automount))
        next_actions.append(asdict(attaching))
    carry_out(cloud, *steps)
    return created(volume=shape(row), action=asdict(action), next_actions=next_actions)


def _available(cloud: Cloud, id: int) -> None:
    row = cloud.store.table(Volume).get(id)
    if row:
        row.status = "available"


def show(call: Call) -> Answer:
    return Answer({"volume": shape(volume(call.cloud, call.id))})


def update(call: Call) -> Answer:
    row = volume(call.cloud, call.id)
    rename_and_label(call, row, "volume", call.fields)
    return Answer({"volume": shape(row)})


def delete(call: Call) -> Answer:
    cloud, row = call.cloud, volume(call.cloud, call.id)
    refuse_if_protected(row, "volume")
    refuse_if_locked(cloud, "volume", row.id)
    if row.server is not None:
        raise Refusal("resource_in_use", "volume is still attached to a server")
    cloud.machines.delete_volume(row.id)
    del cloud.store.table(Volume)[row.id]
    return gone()


def attach(call: Call) -> Answer:
    cloud, row, fields = call.cloud, volume(call.cloud, call.id), call.fields
    owner_id, automount = fields.integer("server"), fields.flag("automount", False)
    fields.check()
    owner = server(cloud, owner_id)
    refuse_if_locked(cloud, "volume", row.id)
    refuse_if_locked(cloud, "server", owner.id)
    claim(cloud, row, owner)
    action = begin(cloud, "attach_volume", ("server", owner.id), ("volume", row.id))
    carry_out(cloud, attach_step(cloud, action, row, owner, automount))
    return created(action=asdict(action))


def detach(call: Call) -> Answer:
    cloud, row = call.cloud, volume(call.cloud, call.id)
    if row.server is None:
        raise Refusal("volume_not_attached", "volume is not attached to a server")
    owner = server(cloud, row.server)
    refuse_if_locked(cloud, "volume", row.id)
    refuse_if_locked(cloud, "server", owner.id)
    action = begin(cloud, "detach_volume", ("server", owner.id), ("volume", row.id))
    work = partial(cloud.machines.detach_volume, owner.id, row.id)
    carry_out(cloud, Step(action.id, work, then=partial(_let_go, cloud, row.id)))
    return created(action=asdict(action))


def resize(call: Call) -> Answer:
    cloud, row, fields = call.cloud, volume(call.cloud, call.id), call.fields
    size = fields.integer("size", least=LEAST_GB, most=MOST_GB)
    if size < row.size:
        fields.wrong("size", "A volume cannot be made smaller.")
    fields.check()
    refuse_if_locked(cloud, "volume", row.id)
    action = begin(cloud, "resize_volume", ("volume", row.id))
    work = partial(cloud.machines.resize_volume, row.id, size)
    carry_out(cloud, Step(action.id, work, then=partial(_grown, cloud, row.id, size)))
    return created(action=asdict(action))


def _grown(cloud: Cloud, id: int, size: int) -> None:
    row = cloud.store.table(Volume).get(id)
    if row:
        row.size = size


def protect(call: Call) -> Answer:
    return created(action=change_protection(call, volume(call.cloud, call.id), "volume"))


routes = [
    Route("GET", "/volumes", index),
    Route("POST", "/volumes", create),
    Route("GET", "/volumes/{id}", show),
    Route("PUT", "/volumes/{id}", update),
    Route("DELETE", "/volumes/{id}", delete),
    Route("POST", "/volumes/{id}/actions/attach", attach),
    Route("POST", "/volumes/{id}/actions/detach", detach),
    Route("POST", "/volumes/{id}/actions/resize", resize),
    Route("POST", "/volumes/{id}/actions/change_protection", protect),
]

"""Placement groups: servers that must not share a host."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from sandbox.cloud import Cloud, now
from sandbox.hetzner.actions import at_once
from sandbox.hetzner.errors import Refusal
from sandbox.hetzner.rows import find, refuse_taken_name, rename_and_label
from sandbox.hetzner.server_state import refuse_unless_off, server
from sandbox.hetzner.wire import Answer, Call, Route, created, gone, listing

MOST_SERVERS = 10  # of a spread group, by Hetzner's documentation


@dataclass
class PlacementGroup:
    id: int
    name: str
    type: str
    labels: dict[str, str]
    created: str
    servers: list[int] = field(default_factory=list)


def shape(group: PlacementGroup) -> dict[str, Any]:
    return asdict(group)


def of_server(cloud: Cloud, server_id: int) -> PlacementGroup | None:
    groups = cloud.store.table(PlacementGroup).values()
    return next((group for group in groups if server_id in group.servers), None)


def joinable(cloud: Cloud, group_id: int) -> PlacementGroup:
    group = find(cloud, PlacementGroup, group_id, "placement group")
    if len(group.servers) >= MOST_SERVERS:
        raise Refusal("placement_error", f"placement group holds {MOST_SERVERS} servers already")
    return group


def leave(cloud: Cloud, server_id: int) -> None:
    group = of_server(cloud, server_id)
    if group:
        group.servers.remove(server_id)


def index(call: Call) -> Answer:
    rows = [shape(group) for group in call.cloud.store.table(PlacementGroup).values()]
    return listing(call, "placement_groups", rows, filters=("name", "type"))


def create(call: Call) -> Answer:
    fields = call.fields
    name, labels = fields.name(), fields.labels()
    type = fields.one_of("type", ("spread",))
    fields.check()
    refuse_taken_name(call.cloud, PlacementGroup, name, "placement group")
    id = call.cloud.store.next_id(PlacementGroup)
    group = PlacementGroup(id, name, type, labels, now())
    call.cloud.store.table(PlacementGroup)[id] = group
    return created(placement_group=shape(group), action=None)


def show(call: Call) -> Answer:
    group = find(call.cloud, PlacementGroup, call.id, "placement group")
    return Answer({"placement_group": shape(group)})


def update(call: Call) -> Answer:
    group = find(call.cloud, PlacementGroup, call.id, "placement group")
    rename_and_label(call, group, "placement group", call.fields)
    return Answer({"placement_group": shape(group)})


def delete(call: Call) -> Answer:
    group = find(call.cloud, PlacementGroup, call.id, "placement group")
    if group.servers:
        raise Refusal("resource_in_use", "placement group still has servers")
    del call.cloud.store.table(PlacementGroup)[group.id]
    return gone()


def add_server(call: Call) -> Answer:
    row, fields = server(call.cloud, call.id), call.fields
    group_id = fields.integer("placement_group")
    fields.check()
    refuse_unless_off(row)
    if of_server(call.cloud, row.id):
        raise Refusal("invalid_input", "server is in a placement group already")
    joinable(call.cloud, group_id).servers.append(row.id)
    return created(action=at_once(call.cloud, "add_to_placement_group", ("server", row.id)))


def remove_server(call: Call) -> Answer:
    row = server(call.cloud, call.id)
    leave(call.cloud, row.id)
    return created(action=at_once(call.cloud, "remove_from_placement_group", ("server", row.id)))


routes = [
    Route("GET", "/placement_groups", index),
    Route("POST", "/placement_groups", create),
    Route("GET", "/placement_groups/{id}", show),
    Route("PUT", "/placement_groups/{id}", update),
    Route("DELETE", "/placement_groups/{id}", delete),
    Route("POST", "/servers/{id}/actions/add_to_placement_group", add_server),
    Route("POST", "/servers/{id}/actions/remove_from_placement_group", remove_server),
]

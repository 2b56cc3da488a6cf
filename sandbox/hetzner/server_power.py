"""Power, type and image of an existing server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any

from sandbox.cloud import Cloud
from sandbox.hetzner import catalogue
from sandbox.hetzner.actions import Step, begin, carry_out, refuse_if_locked
from sandbox.hetzner.errors import Refusal, invalid
from sandbox.hetzner.server_machine import boot, connect, require_running
from sandbox.hetzner.server_state import (
    TRANSITIONS,
    Server,
    alterable,
    refuse_unless_off,
    server,
)
from sandbox.hetzner.wire import Answer, Call, Route, created

Work = Callable[[Cloud, int], None]


def _power_on(cloud: Cloud, id: int) -> None:
    boot(cloud, id)
    require_running(cloud, id)


def _reboot(cloud: Cloud, id: int) -> None:
    cloud.machines.shutdown(id)
    _power_on(cloud, id)


def _reset(cloud: Cloud, id: int) -> None:
    cloud.machines.reset(id)
    connect(cloud, id)
    require_running(cloud, id)


WORK: dict[str, Work] = {
    "poweron": _power_on,
    "poweroff": lambda cloud, id: cloud.machines.power_off(id),
    "shutdown": lambda cloud, id: cloud.machines.shutdown(id),
    "reboot": _reboot,
    "reset": _reset,
}


def change_power(cloud: Cloud, row: Server, name: str) -> dict[str, Any]:
    refuse_if_locked(cloud, "server", row.id)
    transition = TRANSITIONS[name]
    row.should_run = transition.after == "running"
    return _work_on(
        cloud,
        row,
        transition.command,
        partial(WORK[name], cloud, row.id),
        during=transition.during,
        after=transition.after,
    )


def _work_on(
    cloud: Cloud,
    row: Server,
    command: str,
    work: Callable[[], None],
    *,
    during: str,
    after: str,
) -> dict[str, Any]:
    """Where the work fails the status is what a look at the machine says."""
    action = begin(cloud, command, ("server", row.id))
    row.status = during
    carry_out(
        cloud,
        Step(
            action.id,
            work,
            then=partial(_set_status, cloud, row.id, after),
            otherwise=partial(_set_status, cloud, row.id, "unknown"),
        ),
    )
    return asdict(action)


def _set_status(cloud: Cloud, id: int, status: str) -> None:
    row = cloud.store.table(Server).get(id)
    if row:
        row.status = status


def _power_route(name: str) -> Route:
    def handler(call: Call) -> Answer:
        return created(action=change_power(call.cloud, server(call.cloud, call.id), name))

    return Route("POST", f"/servers/{{id}}/actions/{name}", handler)


def change_type(call: Call) -> Answer:
    """Hetzner starts the server again by itself afterwards."""
    cloud, row, fields = call.cloud, server(call.cloud, call.id), call.fields
    wanted, grow = fields.id_or_name("server_type"), fields.flag("upgrade_disk", False)
    fields.check()
    refuse_if_locked(cloud, "server", row.id)
    refuse_unless_off(row)
    new = catalogue.server_type(wanted)
    fits = (
        new["architecture"] == catalogue.server_type(row.server_type)["architecture"]
        and new["disk"] >= row.primary_disk_size
        and catalogue.is_available(new, row.location)
        and new["name"] != row.server_type
    )
    if not fits:
        raise Refusal("invalid_server_type", f"{new['name']} does not fit this server")
    machines = alterable(cloud, "changing the type") if row.has_machine else None
    id = row.id

    def work() -> None:
        if machines:
            machines.change_size(id, new["cores"], new["memory"])
        with cloud.store.change():
            changed = server(cloud, id)
            changed.server_type, changed.should_run = new["name"], True
            changed.primary_disk_size = new["disk"] if grow else changed.primary_disk_size
        _power_on(cloud, id)

    action = _work_on(cloud, row, "change_server_type", work, during="migrating", after="running")
    return created(action=action)


def rebuild(call: Call) -> Answer:
    """A new disk from an image; addresses, networks and volumes stay."""
    cloud, row, fields = call.cloud, server(call.cloud, call.id), call.fields
    wanted = fields.id_or_name("image")
    fields.check()
    refuse_if_locked(cloud, "server", row.id)
    if row.rebuild_protected:
        raise Refusal("protected", "server rebuild is protected")
    architecture = catalogue.server_type(row.server_type)["architecture"]
    image = catalogue.image(wanted, architecture)
    if image["architecture"] != architecture:
        raise invalid(image=f"is not for {architecture}")
    row.image_id, row.should_run = image["id"], True

    def work() -> None:
        cloud.machines.delete_server(row.id)
        with cloud.store.change():
            server(cloud, row.id).has_machine = False
        _power_on(cloud, row.id)

    action = _work_on(cloud, row, "rebuild_server", work, during="rebuilding", after="running")
    return created(action=action, root_password=None)


routes = [
    *(_power_route(name) for name in TRANSITIONS),
    Route("POST", "/servers/{id}/actions/change_type", change_type),
    Route("POST", "/servers/{id}/actions/rebuild", rebuild),
]

"""After a stop: every server that should run is made to run again, with its disks and networks."""

from __future__ import annotations

import logging
from functools import partial

from sandbox.cloud import Cloud
from sandbox.hetzner import actions, networks, servers, volumes
from sandbox.hetzner.actions import Step, begin, carry_out
from sandbox.hetzner.server_machine import boot, require_running
from sandbox.hetzner.server_state import Server

log = logging.getLogger("sandbox.restore")


def restore(cloud: Cloud) -> None:
    """Begins the work and returns; each server is locked until it has come back."""
    with cloud.store.change():
        actions.abandon(cloud)
        cloud.restoring.clear()
        for disk in cloud.store.table(volumes.Volume).values():
            if disk.status == "creating":
                _remake(cloud, disk)
        for row in list(cloud.store.table(Server).values()):
            if row.status == "deleting":
                action = begin(cloud, "delete_server", ("server", row.id))
                cloud.restoring.add(action.id)
                carry_out(cloud, servers.deletion(cloud, action.id, row.id))
            elif row.should_run:
                _bring_back(cloud, row)
            else:
                row.status = "off"


def _remake(cloud: Cloud, disk: volumes.Volume) -> None:
    action = begin(cloud, "create_volume", ("volume", disk.id))
    cloud.restoring.add(action.id)
    make = partial(cloud.machines.create_volume, disk.id, disk.size, disk.format)
    carry_out(cloud, Step(action.id, make, then=partial(_available, cloud, disk.id)))


def _available(cloud: Cloud, id: int) -> None:
    cloud.store.table(volumes.Volume)[id].status = "available"


def _bring_back(cloud: Cloud, row: Server) -> None:
    action = begin(cloud, "start_server", ("server", row.id))
    cloud.restoring.add(action.id)
    row.status = "starting"

    def work() -> None:
        boot(cloud, row.id)
        require_running(cloud, row.id)

    def then() -> None:
        log.info("server %s is back", row.name)
        cloud.store.table(Server)[row.id].status = "running"

    def otherwise() -> None:
        log.error("server %s did not come back", row.name)
        cloud.store.table(Server)[row.id].status = "unknown"

    carry_out(cloud, Step(action.id, work, then, otherwise))


def is_restoring(cloud: Cloud) -> bool:
    table = cloud.store.table(actions.Action)
    return any(id in table and table[id].status == "running" for id in cloud.restoring)


def remove_all(cloud: Cloud) -> None:
    """Every machine, disk and bridge; the rows are the caller's to forget."""
    with cloud.store.look():
        server_ids = list(cloud.store.table(Server))
        volume_ids = list(cloud.store.table(volumes.Volume))
        network_ids = list(cloud.store.table(networks.Network))
        attached = [
            (row.id, at.network)
            for row in cloud.store.table(Server).values()
            for at in row.private_net
        ]
        held = [
            (disk.server, disk.id)
            for disk in cloud.store.table(volumes.Volume).values()
            if disk.server is not None
        ]
    for server_id, volume_id in held:
        cloud.machines.detach_volume(server_id, volume_id)
    for server_id, network_id in attached:
        cloud.machines.detach_network(server_id, network_id)
    for server_id in server_ids:
        cloud.machines.delete_server(server_id)
    for volume_id in volume_ids:
        cloud.machines.delete_volume(volume_id)
    for network_id in network_ids:
        cloud.machines.delete_network(network_id)

"""From a server's row to its container: booting it, connecting it, seeing whether it runs."""

from __future__ import annotations

from sandbox.cloud import Cloud
from sandbox.hetzner import catalogue, networks, volumes
from sandbox.hetzner.actions import is_locked
from sandbox.hetzner.primary_ips import addresses_of
from sandbox.hetzner.server_state import Server, server
from sandbox.underneath import MachineError, MachineSpec


def spec_of(cloud: Cloud, row: Server) -> MachineSpec:
    server_type = catalogue.server_type(row.server_type)
    ipv4, ipv6 = addresses_of(cloud, row.id)
    return MachineSpec(
        server_id=row.id,
        name=row.name,
        image=catalogue.image_by_id(row.image_id)["name"],
        cores=server_type["cores"],
        memory_gb=server_type["memory"],
        ipv4=ipv4,
        ipv6=ipv6,
        user_data=row.user_data,
        ssh_keys=tuple(row.ssh_keys),
        location=row.location,
    )


def boot(cloud: Cloud, server_id: int, *, with_volumes: bool = True) -> None:
    """Make the container or start it, then connect it again: a stopped one keeps no interface."""
    with cloud.store.look():
        row = server(cloud, server_id)
        spec, has_machine = spec_of(cloud, row), row.has_machine
    if has_machine:
        cloud.machines.power_on(server_id)
    else:
        cloud.machines.create_server(spec)
        with cloud.store.change():
            server(cloud, server_id).has_machine = True
    connect(cloud, server_id, with_volumes=with_volumes)


def connect(cloud: Cloud, server_id: int, *, with_volumes: bool = True) -> None:
    with cloud.store.look():
        nets = [
            (at.network, at.ip, networks.network(cloud, at.network).ip_range, at.mac_address)
            for at in server(cloud, server_id).private_net
        ]
        disks = [row.id for row in volumes.of_server(cloud, server_id) if with_volumes]
    for network_id, ip, ip_range, mac in nets:
        cloud.machines.attach_network(server_id, network_id, ip, ip_range, mac)
    for volume_id in disks:
        cloud.machines.attach_volume(server_id, volume_id, False)


def disconnect(cloud: Cloud, server_id: int) -> None:
    with cloud.store.look():
        nets = [at.network for at in server(cloud, server_id).private_net]
        disks = [row.id for row in volumes.of_server(cloud, server_id)]
    for volume_id in disks:
        cloud.machines.detach_volume(server_id, volume_id)
    for network_id in nets:
        cloud.machines.detach_network(server_id, network_id)


def require_running(cloud: Cloud, server_id: int) -> None:
    if not cloud.machines.is_running(server_id):
        raise MachineError(f"server {server_id} stopped right after it was started")


def observe(cloud: Cloud, row: Server) -> None:
    """A guest may have switched itself off; its status moves when somebody looks."""
    if row.status not in ("running", "off", "unknown") or is_locked(cloud, "server", row.id):
        return
    try:
        runs = row.has_machine and cloud.machines.is_running(row.id)
    except MachineError:
        row.status = "unknown"
    else:
        row.status = "running" if runs else "off"

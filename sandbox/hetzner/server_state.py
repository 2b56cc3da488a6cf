"""A server as the cloud remembers it, and how its status moves."""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox.cloud import Cloud
from sandbox.hetzner.errors import Refusal
from sandbox.hetzner.rows import find
from sandbox.underneath import AlterableMachines


@dataclass
class PrivateNet:
    network: int
    ip: str
    mac_address: str
    alias_ips: list[str] = field(default_factory=list)


@dataclass
class Server:
    id: int
    name: str
    created: str
    server_type: str
    image_id: int
    location: str
    primary_disk_size: int
    user_data: str = field(repr=False)  # never answered, never logged
    ssh_keys: list[str]  # as they were when the server was created
    labels: dict[str, str] = field(default_factory=dict)
    status: str = "initializing"
    should_run: bool = False  # what its owner asked for last
    has_machine: bool = False  # a container exists, running or not
    private_net: list[PrivateNet] = field(default_factory=list)
    delete_protected: bool = False
    rebuild_protected: bool = False


@dataclass(frozen=True)
class Transition:
    """One power action: Hetzner's command, the status while it lasts and the one it ends in."""

    command: str
    during: str
    after: str


TRANSITIONS: dict[str, Transition] = {
    "poweron": Transition("start_server", "starting", "running"),
    "poweroff": Transition("stop_server", "stopping", "off"),
    "shutdown": Transition("shutdown_server", "running", "off"),
    "reboot": Transition("reboot_server", "running", "running"),
    "reset": Transition("reset_server", "running", "running"),
}


def server(cloud: Cloud, id: int) -> Server:
    return find(cloud, Server, id, "server")


def refuse_unless_off(row: Server) -> None:
    if row.status != "off":
        raise Refusal("server_not_stopped", "server must be stopped for this operation")


def alterable(cloud: Cloud, what: str) -> AlterableMachines:
    if isinstance(cloud.machines, AlterableMachines):
        return cloud.machines
    raise Refusal("not_implemented", f"{what} of an existing server is not emulated")

"""Claims the port and subnet of a sandbox, and clears away what deleted clones left in Docker."""

from __future__ import annotations

import fcntl
import ipaddress
import json
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import docker
from docker.errors import DockerException

from sandbox import containers
from sandbox.containers import Filters
from sandbox.home import FIRST_PORT, SLOTS, Home, subnet_of
from sandbox.underneath import MachineError


def claim(client: docker.DockerClient, path: Path) -> Home:
    """The slot of this clone: kept since its first start, or the first free one."""
    file = path / "slot.json"
    with _one_claim_at_a_time():
        if not file.exists():
            taken = taken_networks(client, path)
            slot = next((n for n in range(SLOTS) if is_free(n, taken)), None)
            if slot is None:
                raise MachineError(
                    f"slot > all {SLOTS} pairs of port and subnet (from 127.0.0.1:{FIRST_PORT} and "
                    f"{subnet_of(0)} on) are taken. `estate sandbox reset` elsewhere frees one."
                )
            fresh = file.with_suffix(".new")
            fresh.write_text(json.dumps({"slot": slot}))
            fresh.replace(file)
            # The claim is the network: other clones see it in Docker.
            ensure_network(client, Home.open(path))
    return Home.open(path)


def ensure_network(client: docker.DockerClient, home: Home) -> None:
    if client.networks.list(names=[f"^{home.public_network}$"]):
        return
    pools = [
        # Docker's own choices come from the end; .10 and up are given out by the API.
        docker.types.IPAMPool(
            subnet=home.subnet, gateway=home.address(1), iprange=home.address(248) + "/29"
        )
    ]
    if has_ipv6():
        pools.append(docker.types.IPAMPool(subnet=home.subnet_ipv6, gateway=home.address_ipv6(1)))
    try:
        client.networks.create(
            home.public_network,
            driver="bridge",
            enable_ipv6=has_ipv6(),
            ipam=docker.types.IPAMConfig(pool_configs=pools),
            labels=home.labels,
        )
    except DockerException as error:
        raise MachineError(
            f"network > {home.subnet} cannot be made: {error}. If another network of this machine "
            "uses it, `estate sandbox reset` gives this clone another slot."
        ) from error


def has_ipv6() -> bool:
    """Without it servers have their IPv4 address alone."""
    return Path("/proc/sys/net/ipv6").is_dir()


def taken_networks(client: docker.DockerClient, path: Path) -> list[str]:
    """Subnets of Docker's networks, this clone's own not counted."""
    own = Home(path, 0).clone_id
    return [
        config["Subnet"]
        for network in client.networks.list()
        if (network.attrs.get("Labels") or {}).get("estate.sandbox") != own
        for config in (network.attrs["IPAM"]["Config"] or [])
        if "Subnet" in config
    ]


def is_free(slot: int, taken: list[str]) -> bool:
    wanted = ipaddress.ip_network(subnet_of(slot))
    for text in taken:
        network = ipaddress.ip_network(text)
        if network.version == 4 and network.overlaps(wanted):
            return False
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", FIRST_PORT + slot))
        except OSError:
            return False
    return True


def remove_leftovers(client: docker.DockerClient) -> list[str]:
    """Objects of clones whose folder is gone are nobody's; answers those clones' folders."""
    marked: Filters = {"label": "estate.root"}
    found = [*client.containers.list(all=True, ignore_removed=True, filters=marked)]
    labels = [container.labels for container in found]
    labels += [network.attrs["Labels"] for network in client.networks.list(filters=marked)]
    labels += [volume.attrs["Labels"] for volume in client.volumes.list(filters=marked)]
    gone = {
        (label["estate.sandbox"], label["estate.root"])
        for label in labels
        if not (Path(label["estate.root"]) / ".estate" / "sandbox").is_dir()
    }
    for clone_id, _ in gone:
        remove_all(client, clone_id)
    return sorted(root for _, root in gone)


def remove_all(client: docker.DockerClient, clone_id: str) -> None:
    """Every Docker object of one clone: containers, network, volumes, images made for it."""
    mine: Filters = {"label": f"estate.sandbox={clone_id}"}
    found = client.containers.list(all=True, ignore_removed=True, filters=mine)
    found.sort(key=lambda container: container.labels.get("estate.part") == "helper")
    for container in found:
        if container.labels.get("estate.part") == "helper":
            with suppress(MachineError, DockerException):
                container.start()
                containers.run(container, ["sh", "-c", _RELEASE], doing="release loop devices")
        containers.remove(container)
    for network in client.networks.list(filters=mine):
        network.remove()
    for volume in client.volumes.list(filters=mine):
        volume.remove(force=True)
    for image in client.images.list(filters=mine):
        client.images.remove(str(image.id), force=True)


# A loop device outlives every container that used it.
_RELEASE = (
    'for file in /volumes/*.img; do [ -e "$file" ] || continue;'
    ' for loop in $(losetup -nO NAME -j "$file"); do losetup -d "$loop"; done; done'
)


@contextmanager
def _one_claim_at_a_time() -> Iterator[None]:
    """Two clones that start at once must not see the same slot free."""
    path = Path(tempfile.gettempdir()) / f"estate-slots-{os.getuid()}.lock"
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield

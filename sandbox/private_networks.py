"""Private networks: a bridge a network, without an address of this machine, and a card a server."""

from __future__ import annotations

import hashlib

from sandbox.helper import Helper

_MTU = "1450"  # as on Hetzner


class PrivateNetworks:
    def __init__(self, helper: Helper):
        self._helper = helper

    def attach(
        self,
        pid: int,
        server_id: int,
        network_id: int,
        *,
        card: str,
        ip: str,
        ip_range: str,
        mac: str,
    ) -> None:
        """Put a card into the network namespace of a server's first process."""
        bridge, plug = _bridge(network_id), _plug(server_id, network_id)
        inside = f"nsenter -t {pid} -n ip"
        script = f"""set -e
ip link show {bridge} >/dev/null 2>&1 || ip link add {bridge} type bridge forward_delay 0
ip link set {bridge} up
if ! ip link show {plug} >/dev/null 2>&1 || ! {inside} link show {card} >/dev/null 2>&1; then
  ip link del {plug} 2>/dev/null || true
  {inside} link del {card} 2>/dev/null || true
  ip link add {plug} mtu {_MTU} type veth \
    peer name {card} address {mac} mtu {_MTU} netns {pid}
fi
ip link set {plug} master {bridge} up
{inside} link set {card} address {mac} up
{inside} -4 addr flush dev {card}
{inside} addr add {ip}/32 dev {card}
{inside} route replace {ip_range} dev {card} scope link src {ip}
"""
        self._helper.run("sh", "-c", script, doing=f"attach network {network_id}")

    def detach(self, server_id: int, network_id: int) -> None:
        """Both ends of the cable go with one."""
        self._helper.run(
            "sh", "-c", f"ip link del {_plug(server_id, network_id)} 2>/dev/null || true",
            doing=f"detach network {network_id}",
        )  # fmt: skip

    def delete(self, network_id: int) -> None:
        self._helper.run(
            "sh", "-c", f"ip link del {_bridge(network_id)} 2>/dev/null || true",
            doing=f"delete network {network_id}",
        )  # fmt: skip


def _bridge(network_id: int) -> str:
    return f"n{network_id}"


def _plug(server_id: int, network_id: int) -> str:
    """An interface name has 15 characters at most."""
    digest = hashlib.sha256(f"{server_id} {network_id}".encode()).hexdigest()
    return f"v{digest[:12]}"

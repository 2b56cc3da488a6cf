"""Reverse DNS: the names that public addresses resolve back to."""

from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network

from sandbox.cloud import Cloud
from sandbox.hetzner import addresses
from sandbox.hetzner.actions import at_once
from sandbox.hetzner.errors import Refusal
from sandbox.hetzner.fields import HOST_NAME
from sandbox.hetzner.primary_ips import VERSIONS, PrimaryIp, of_server
from sandbox.hetzner.rows import find
from sandbox.hetzner.server_state import server
from sandbox.hetzner.wire import Answer, Call, Route, created


def _of_server(call: Call) -> Answer:
    row = server(call.cloud, call.id)
    held = [of_server(call.cloud, row.id, type) for type in VERSIONS]
    return _change(call, [ip for ip in held if ip], ("server", row.id))


def _of_primary_ip(call: Call) -> Answer:
    ip = find(call.cloud, PrimaryIp, call.id, "primary IP")
    return _change(call, [ip], ("primary_ip", ip.id))


def _change(call: Call, held: list[PrimaryIp], resource: tuple[str, int]) -> Answer:
    fields = call.fields
    address, name = fields.text("ip"), fields.text("dns_ptr", required=False)
    if name and not HOST_NAME.fullmatch(name):
        fields.wrong("dns_ptr", "Invalid hostname.")
    fields.check()
    owner = next((ip for ip in held if _holds(ip, address)), None)
    if owner is None:
        raise Refusal("not_found", f"IP {address} not found")
    _set(call.cloud, owner, address, name)
    return created(action=at_once(call.cloud, "change_dns_ptr", resource))


def _holds(ip: PrimaryIp, address: str) -> bool:
    if ip.type == "ipv4":
        return ip.ip == address
    try:
        return IPv6Address(address) in IPv6Network(ip.ip)
    except ValueError:
        return False


def _set(cloud: Cloud, ip: PrimaryIp, address: str, name: str) -> None:
    """No name means the default again; only IPv4 addresses have one."""
    if name:
        ip.dns_ptr[address] = name
    elif ip.type == "ipv4":
        ip.dns_ptr[address] = addresses.default_ptr(address)
    else:
        ip.dns_ptr.pop(address, None)


routes = [
    Route("POST", "/servers/{id}/actions/change_dns_ptr", _of_server),
    Route("POST", "/primary_ips/{id}/actions/change_dns_ptr", _of_primary_ip),
]

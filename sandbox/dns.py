"""Writes zones and record sets into the sandbox's PowerDNS."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

from sandbox.credentials import Credentials
from sandbox.home import DOMAIN, Home
from sandbox.underneath import MachineError

_API = "/api/v1/servers/localhost/zones"
# Types whose content ends in a host name, which PowerDNS wants absolute.
_NAMING = {"CNAME", "MX", "NS", "PTR", "SRV", "DNAME", "ALIAS"}


class Dns:
    def __init__(self, home: Path):
        opened = Home.open(home)
        self._client = httpx.Client(
            base_url=f"http://{opened.dns_address}:8081",
            headers={"X-API-Key": Credentials.of(opened.path).pdns_api_key},
            timeout=30,
            trust_env=False,  # a proxy of this machine does not lead to the sandbox
        )

    def create_zone(self, zone: str) -> None:
        answer = self._send(
            "POST",
            _API,
            {"name": _absolute(zone), "kind": "Native", "nameservers": [f"dns.{DOMAIN}."]},
        )
        if answer.status_code != 409:  # it exists
            _expect(answer, f"create zone {zone}")

    def delete_zone(self, zone: str) -> None:
        answer = self._send("DELETE", f"{_API}/{_absolute(zone)}")
        if answer.status_code != 404:
            _expect(answer, f"delete zone {zone}")

    def replace(self, zone: str, name: str, type: str, ttl: int, contents: Sequence[str]) -> None:
        """Set the whole record set; empty contents delete it."""
        change: dict[str, Any] = {"name": _absolute(name), "type": type, "changetype": "DELETE"}
        if contents:
            records = [{"content": _content(type, text), "disabled": False} for text in contents]
            change |= {"changetype": "REPLACE", "ttl": ttl, "records": records}
        answer = self._send("PATCH", f"{_API}/{_absolute(zone)}", {"rrsets": [change]})
        _expect(answer, f"write {type} {name} in zone {zone}")

    def zones(self) -> list[str]:
        answer = self._send("GET", _API)
        _expect(answer, "list zones")
        return sorted(zone["name"].rstrip(".") for zone in answer.json())

    def _send(self, method: str, path: str, body: Any = None) -> httpx.Response:
        try:
            return self._client.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise MachineError(
                f"DNS > {error}. Is the sandbox running? `estate sandbox status` tells."
            ) from error


def _absolute(name: str) -> str:
    return name if name.endswith(".") else f"{name}."


def _content(type: str, text: str) -> str:
    if type in _NAMING:
        return _absolute(text)
    if type in ("TXT", "SPF") and not text.startswith('"'):
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        # One character string of DNS holds 255 bytes.
        return " ".join(f'"{escaped[at : at + 250]}"' for at in range(0, len(escaped) or 1, 250))
    return text


def _expect(answer: httpx.Response, doing: str) -> None:
    if answer.is_error:
        try:
            said = str(answer.json()["error"])
        except (ValueError, KeyError, TypeError):
            said = answer.text[:300]
        raise MachineError(f"{doing} > PowerDNS: {said}")

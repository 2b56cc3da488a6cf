"""Machines and a DNS server that only remember, in files, so that a test sees them in any process.

A test holds all machine work up by the file `hold`, and makes calls fail by `fail.json`:
{"create_server": "no space left"}.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import RLock
from typing import Any

from sandbox.underneath import MachineError, MachineSpec


class Notebook:
    def __init__(self, home: Path, name: str, empty: dict[str, Any]) -> None:
        self.home = home
        self._path = home / name
        self._lock = RLock()
        if not self._path.exists():
            self._path.write_text(json.dumps(empty))

    def read(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._path.read_text())
        return found

    def change(self, act: Callable[[dict[str, Any]], None]) -> None:
        with self._lock:
            found = self.read()
            act(found)
            beside = self._path.with_suffix(".new")
            beside.write_text(json.dumps(found))
            beside.replace(self._path)

    def obey(self, call: str) -> None:
        failures = self.home / "fail.json"
        if failures.exists() and (message := json.loads(failures.read_text()).get(call)):
            raise MachineError(message)

    def wait_while_held(self) -> None:
        while (self.home / "hold").exists():
            time.sleep(0.01)


class FakeMachines:
    """servers: {id: {"running", "networks": {id: ip}, "volumes": [id], spec…}}"""

    def __init__(self, home: Path) -> None:
        self._book = Notebook(
            home, "machines.json", {"servers": {}, "volumes": {}, "networks": [], "calls": []}
        )

    def _do(self, call: str, *args: Any, act: Callable[[dict[str, Any]], None]) -> None:
        self._book.wait_while_held()
        self._book.obey(call)

        def noted(book: dict[str, Any]) -> None:
            book["calls"].append([call, *args])
            act(book)

        self._book.change(noted)

    @staticmethod
    def _server(book: dict[str, Any], server_id: int) -> dict[str, Any]:
        found: dict[str, Any] | None = book["servers"].get(str(server_id))
        if found is None:
            raise MachineError(f"no machine for server {server_id}")
        return found

    def create_server(self, spec: MachineSpec) -> None:
        machine = {
            "name": spec.name,
            "image": spec.image,
            "cores": spec.cores,
            "memory_gb": spec.memory_gb,
            "ipv4": spec.ipv4,
            "ipv6": spec.ipv6,
            "user_data": spec.user_data,
            "ssh_keys": list(spec.ssh_keys),
            "location": spec.location,
            "running": True,
            "networks": {},
            "volumes": [],
        }
        self._do(
            "create_server",
            spec.server_id,
            act=lambda book: book["servers"].update({str(spec.server_id): machine}),
        )

    def _set_running(self, call: str, server_id: int, running: bool) -> None:
        def act(book: dict[str, Any]) -> None:
            machine = self._server(book, server_id)
            machine["running"] = running
            if not running:  # a stopped container loses its interfaces and devices
                machine["networks"], machine["volumes"] = {}, []

        self._do(call, server_id, act=act)

    def power_on(self, server_id: int) -> None:
        self._set_running("power_on", server_id, True)

    def power_off(self, server_id: int) -> None:
        self._set_running("power_off", server_id, False)

    def shutdown(self, server_id: int) -> None:
        self._set_running("shutdown", server_id, False)

    def reset(self, server_id: int) -> None:
        self._set_running("reset", server_id, True)

    def delete_server(self, server_id: int) -> None:
        self._do(
            "delete_server",
            server_id,
            act=lambda book: book["servers"].pop(str(server_id), None),
        )

    def is_running(self, server_id: int) -> bool:
        machine = self._book.read()["servers"].get(str(server_id))
        return bool(machine and machine["running"])

    def create_volume(self, volume_id: int, size_gb: int, filesystem: str | None) -> None:
        disk = {"size_gb": size_gb, "filesystem": filesystem}
        self._do(
            "create_volume",
            volume_id,
            act=lambda book: book["volumes"].setdefault(str(volume_id), disk),
        )

    def delete_volume(self, volume_id: int) -> None:
        self._do(
            "delete_volume",
            volume_id,
            act=lambda book: book["volumes"].pop(str(volume_id), None),
        )

    def resize_volume(self, volume_id: int, size_gb: int) -> None:
        self._do(
            "resize_volume",
            volume_id,
            act=lambda book: book["volumes"][str(volume_id)].update(size_gb=size_gb),
        )

    def attach_volume(self, server_id: int, volume_id: int, automount: bool) -> None:
        def act(book: dict[str, Any]) -> None:
            machine = self._server(book, server_id)
            if not machine["running"] or str(volume_id) not in book["volumes"]:
                raise MachineError(f"cannot attach {volume_id} to {server_id}")
            if volume_id not in machine["volumes"]:
                machine["volumes"].append(volume_id)

        self._do("attach_volume", server_id, volume_id, automount, act=act)

    def detach_volume(self, server_id: int, volume_id: int) -> None:
        def act(book: dict[str, Any]) -> None:
            machine = book["servers"].get(str(server_id))
            if machine and volume_id in machine["volumes"]:
                machine["volumes"].remove(volume_id)

        self._do("detach_volume", server_id, volume_id, act=act)

    def attach_network(
        self, server_id: int, network_id: int, ip: str, ip_range: str, mac: str
    ) -> None:
        def act(book: dict[str, Any]) -> None:
            machine = self._server(book, server_id)
            if not machine["running"]:
                raise MachineError(f"server {server_id} is not running")
            machine["networks"][str(network_id)] = [ip, ip_range, mac]
            if network_id not in book["networks"]:
                book["networks"].append(network_id)

        self._do("attach_network", server_id, network_id, ip, act=act)

    def detach_network(self, server_id: int, network_id: int) -> None:
        def act(book: dict[str, Any]) -> None:
            machine = book["servers"].get(str(server_id))
            if machine:
                machine["networks"].pop(str(network_id), None)

        self._do("detach_network", server_id, network_id, act=act)

    def delete_network(self, network_id: int) -> None:
        def act(book: dict[str, Any]) -> None:
            book["networks"] = [id for id in book["networks"] if id != network_id]

        self._do("delete_network", network_id, act=act)

    def console(self, server_id: int) -> str:
        return ""

    def change_addresses(self, server_id: int, ipv4: str | None, ipv6: str | None) -> None:
        self._do(
            "change_addresses",
            server_id,
            ipv4,
            ipv6,
            act=lambda book: self._server(book, server_id).update(ipv4=ipv4, ipv6=ipv6),
        )

    def change_size(self, server_id: int, cores: int, memory_gb: float) -> None:
        self._do(
            "change_size",
            server_id,
            act=lambda book: self._server(book, server_id).update(cores=cores, memory_gb=memory_gb),
        )


class FakeDns:
    """{"predrive.test": {"predrive.test A": [300, ["198.18.0.10"]]}}"""

    def __init__(self, home: Path) -> None:
        self._book = Notebook(home, "dns.json", {})

    def create_zone(self, zone: str) -> None:
        self._book.obey("create_zone")
        self._book.change(lambda book: book.setdefault(zone, {}) and None)

    def delete_zone(self, zone: str) -> None:
        self._book.change(lambda book: book.pop(zone, None) and None)

    def replace(self, zone: str, name: str, type: str, ttl: int, contents: Sequence[str]) -> None:
        self._book.obey("replace")
        self._book.obey(f"replace {type}")

        def act(book: dict[str, Any]) -> None:
            if zone not in book:
                raise MachineError(f"no zone {zone}")
            book[zone].pop(f"{name} {type}", None)
            if contents:
                book[zone][f"{name} {type}"] = [ttl, list(contents)]

        self._book.change(act)

"""Failures on demand: what a provider does on its bad days, so that tests can meet it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from threading import Lock


@dataclass
class Fault:
    """`times` None means until reset. An empty pattern matches everything.

    A fault `resource_unavailable` strikes the placement of a server; any other strikes the
    call itself, before it changes anything.
    """

    code: str
    message: str = "injected by a test"
    status: int = 503
    method: str = "*"
    path: str = "*"  # "/v1/servers", "/v1/networks/*"
    location: str = "*"
    server_type: str = "*"
    times: int | None = 1


class Faults:
    def __init__(self) -> None:
        self._lock = Lock()
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    def reset(self) -> None:
        with self._lock:
            self._faults.clear()

    def on_call(self, method: str, path: str) -> Fault | None:
        return self._strike(
            lambda fault: (
                fault.code != "resource_unavailable"
                and fnmatchcase(method, fault.method)
                and fnmatchcase(path, fault.path)
            )
        )

    def on_placement(self, location: str, server_type: str) -> Fault | None:
        return self._strike(
            lambda fault: (
                fault.code == "resource_unavailable"
                and fnmatchcase(location, fault.location)
                and fnmatchcase(server_type, fault.server_type)
            )
        )

    def _strike(self, matches: Callable[[Fault], bool]) -> Fault | None:
        with self._lock:
            for fault in self._faults:
                if not matches(fault):
                    continue
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self._faults.remove(fault)
                return fault
        return None

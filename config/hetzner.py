"""Which server types Hetzner offers where: a wrong pair is refused before anything is asked for.

Source: Hetzner's price list and `GET /server_types` (2026-11). A type that came later is added
here; until then the check names what it knows.
"""

from __future__ import annotations

from dataclasses import dataclass

_EU = ("fsn1", "hel1", "nbg1")
_US = ("ash", "hil")
LOCATIONS = (*_EU, *_US, "sin")


@dataclass(frozen=True)
class ServerType:
    """Cores, memory in GB, and the locations that offer it."""

    cores: int
    memory_gb: int
    locations: tuple[str, ...]


SERVER_TYPES = {
    "cx23": ServerType(2, 4, _EU),
    "cx33": ServerType(4, 8, _EU),
    "cx43": ServerType(8, 16, _EU),
    "cx53": ServerType(16, 32, _EU),
    "cax11": ServerType(2, 4, _EU),
    "cax21": ServerType(4, 8, _EU),
    "cax31": ServerType(8, 16, _EU),
    "cax41": ServerType(16, 32, _EU),
    "cpx11": ServerType(2, 2, (*_US, "sin")),
    "cpx21": ServerType(3, 4, (*_US, "sin")),
    "cpx31": ServerType(4, 8, (*_US, "sin")),
    "cpx41": ServerType(8, 16, (*_US, "sin")),
    "cpx51": ServerType(16, 32, (*_US, "sin")),
    "cpx12": ServerType(1, 2, _EU),
    "cpx22": ServerType(2, 4, _EU),
    "cpx32": ServerType(4, 8, _EU),
    "cpx42": ServerType(8, 16, _EU),
    "cpx52": ServerType(12, 24, _EU),
    "cpx62": ServerType(16, 32, _EU),
    "ccx13": ServerType(2, 8, LOCATIONS),
    "ccx23": ServerType(4, 16, LOCATIONS),
    "ccx33": ServerType(8, 32, LOCATIONS),
    "ccx43": ServerType(16, 64, LOCATIONS),
    "ccx53": ServerType(32, 128, LOCATIONS),
    "ccx63": ServerType(48, 192, LOCATIONS),
}

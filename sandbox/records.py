"""What is plugged into which server, kept on disk so that a power-on plugs it in again."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass
class Card:
    name: str
    ip: str
    ip_range: str
    mac: str


@dataclass
class Plugged:
    """Of one server: volume id -> drive letter, network id -> card, and its public addresses."""

    volumes: dict[int, str] = field(default_factory=dict)
    automount: list[int] = field(default_factory=list)
    networks: dict[int, Card] = field(default_factory=dict)
    public_ipv4: str | None = None
    public_ipv6: str | None = None

    def letter(self, volume_id: int) -> str:
        taken = set(self.volumes.values())
        return self.volumes.setdefault(
            volume_id, next(letter for letter in "bcdefghijklmnopqrstuvwxyz" if letter not in taken)
        )

    def card_name(self, network_id: int) -> str:
        """enp7s0, enp8s0, …, as Hetzner's servers call them."""
        if network_id in self.networks:
            return self.networks[network_id].name
        taken = {card.name for card in self.networks.values()}
        return next(name for slot in range(7, 32) if (name := f"enp{slot}s0") not in taken)


class Records:
    def __init__(self, path: Path):
        self._path = path
        self._lock = threading.Lock()

    def read(self, server_id: int) -> Plugged:
        with self._lock:
            return self._load().get(server_id, Plugged())

    @contextmanager
    def changing(self, server_id: int) -> Iterator[Plugged]:
        with self._lock:
            servers = self._load()
            yield servers.setdefault(server_id, Plugged())
            self._save(servers)

    def forget(self, server_id: int) -> None:
        with self._lock:
            servers = self._load()
            if servers.pop(server_id, None) is not None:
                self._save(servers)

    def _load(self) -> dict[int, Plugged]:
        if not self._path.exists():
            return {}
        raw = json.loads(self._path.read_text())
        return {
            int(server_id): Plugged(
                volumes={int(key): value for key, value in entry["volumes"].items()},
                automount=entry["automount"],
                networks={int(key): Card(**value) for key, value in entry["networks"].items()},
                public_ipv4=entry["public_ipv4"],
                public_ipv6=entry["public_ipv6"],
            )
            for server_id, entry in raw.items()
        }

    def _save(self, servers: dict[int, Plugged]) -> None:
        fresh = self._path.with_suffix(".new")
        fresh.write_text(json.dumps({key: asdict(value) for key, value in servers.items()}))
        fresh.replace(self._path)

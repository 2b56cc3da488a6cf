"""Names and addresses of the local cloud that belongs to one clone of the repository."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

FIRST_PORT = 18080
SLOTS = 64
DOMAIN = "cloud.test"


class SandboxError(Exception):
    """Something that the user can mend; the message says where, what and how."""


@dataclass(frozen=True)
class Home:
    """A sandbox's folder (`<root>/.estate/sandbox`) and its slot among those of this machine."""

    path: Path
    slot: int

    @classmethod
    def open(cls, path: Path) -> Home:
        """Read the slot that `claim_slot` wrote; FileNotFoundError before the first start."""
        slot = json.loads((path / "slot.json").read_text())["slot"]
        return cls(path.resolve(), int(slot))

    @cached_property
    def root(self) -> Path:
        return self.path.resolve().parent.parent

    @cached_property
    def clone_id(self) -> str:
        return clone_id_of(self.root)

    @property
    def labels(self) -> dict[str, str]:
        return {"estate.sandbox": self.clone_id, "estate.root": str(self.root)}

    def name(self, *parts: object) -> str:
        """Name of a Docker object: `estate-<clone>-server-7`."""
        return "-".join(["estate", self.clone_id, *(str(part) for part in parts)])

    @property
    def api_port(self) -> int:
        return FIRST_PORT + self.slot

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.api_port}"

    @property
    def public_network(self) -> str:
        return self.name("public")

    @property
    def subnet(self) -> str:
        return subnet_of(self.slot)

    @property
    def subnet_ipv6(self) -> str:
        return f"2001:db8:{self.slot:x}::/48"

    def address(self, host: int) -> str:
        return f"198.18.{self.slot}.{host}"

    def address_ipv6(self, host: int) -> str:
        return f"2001:db8:{self.slot:x}::{host:x}"

    @property
    def dns_address(self) -> str:
        return self.address(2)

    @property
    def acme_address(self) -> str:
        return self.address(3)

    @property
    def s3_address(self) -> str:
        return self.address(4)

    @property
    def registry_address(self) -> str:
        return self.address(5)

    @property
    def mirror_url(self) -> str:
        return f"http://{self.registry_address}:5000"

    @property
    def ca_path(self) -> Path:
        return self.path / "acme-root.pem"


def clone_id_of(root: Path) -> str:
    return hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:8]


def subnet_of(slot: int) -> str:
    return f"198.18.{slot}.0/24"

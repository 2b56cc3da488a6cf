"""The sandbox's own keys, made at its first start and kept in a file that only its owner reads."""

from __future__ import annotations

import json
import os
import secrets
import string
from dataclasses import asdict, dataclass, field
from pathlib import Path

_ALPHANUMERIC = string.ascii_letters + string.digits


@dataclass(frozen=True)
class Credentials:
    hetzner_token: str = field(repr=False)  # exactly 64 characters, as Hetzner's provider demands
    cloudflare_token: str = field(repr=False)  # 40, as Cloudflare's does
    s3_access_key: str = field(repr=False)
    s3_secret_key: str = field(repr=False)
    pdns_api_key: str = field(repr=False)

    @classmethod
    def of(cls, home: Path) -> Credentials:
        """Read them, or make them where there are none yet."""
        path = home / "credentials.json"
        if not path.exists():
            write_private(path, json.dumps(asdict(cls._fresh()), indent=1).encode())
        return cls(**json.loads(path.read_text()))

    @classmethod
    def _fresh(cls) -> Credentials:
        return cls(
            hetzner_token=_random(64),
            cloudflare_token=_random(40),
            s3_access_key=_random(20).upper(),
            s3_secret_key=_random(40),
            pdns_api_key=_random(40),
        )


def write_private(path: Path, content: bytes) -> None:
    """Whole or not at all, and never readable by others in between."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    fresh.replace(path)


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHANUMERIC) for _ in range(length))

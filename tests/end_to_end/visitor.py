"""Asks PreDrive as a visitor would: by name, over the local DNS, trusting only the ACME root."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dns.resolver

HOST = "predrive.test"


@dataclass(frozen=True)
class Reply:
    """Status, headers (lower-case names) and body."""

    status: int
    headers: dict[str, str]
    body: str

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Visitor:
    """One visitor of one local cloud."""

    def __init__(self, folder: Path, dns_address: str) -> None:
        self._root = folder / ".estate/sandbox/acme-root.pem"
        self._resolver = dns.resolver.Resolver(configure=False)
        self._resolver.nameservers = [dns_address]

    def resolve(self, name: str, kind: str) -> list[str]:
        return sorted(answer.to_text() for answer in self._resolver.resolve(name, kind))

    def ask(self, url: str, *options: str) -> Reply:
        """Fails where TLS does not verify; curl's own words are in the error."""
        (address,) = self.resolve(HOST, "A")
        result = subprocess.run(
            ["curl", "-sS", "-i", "--max-time", "30", "--cacert", str(self._root),
             "--resolve", f"{HOST}:443:{address}", "--resolve", f"{HOST}:80:{address}",
             *options, url],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
        head, _, body = result.stdout.partition("\n\n")
        if not body:
            head, _, body = result.stdout.partition("\r\n\r\n")
        first, *lines = head.splitlines()
        headers = dict(line.split(": ", 1) for line in lines if ": " in line)
        return Reply(int(first.split()[1]), {k.lower(): v for k, v in headers.items()}, body)

"""Asks each service that the environment names, and says how each is, without any secret."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from .database import Database
from .objects import Objects


class Service(Protocol):
    def check(self) -> dict[str, Any]: ...


# A further kind of service is a module with `variable` and `check`, and a line here.
KINDS: dict[str, Any] = {"database": Database, "s3": Objects}


def services(environment: Mapping[str, str]) -> dict[str, Service]:
    return {
        name: kind(environment) for name, kind in KINDS.items() if environment.get(kind.variable)
    }


def report(asked: Mapping[str, Service], secrets: list[str]) -> dict[str, Any]:
    with ThreadPoolExecutor(max_workers=max(1, len(asked))) as pool:
        checks = dict(
            zip(asked, pool.map(lambda s: _check(s, secrets), asked.values()), strict=False)
        )
    well = all(check["ok"] for check in checks.values())
    return {"status": "ok" if well else "failing", "checks": checks}


def fingerprints(environment: Mapping[str, str]) -> dict[str, str]:
    """Of long random values the first characters of a hash: enough to see that they arrived."""
    return {
        name: hashlib.sha256(environment[name].encode()).hexdigest()[:12]
        for name in sorted(environment)
        if name.endswith(("_SECRET", "_SECRET_KEY", "_KEY")) and len(environment[name]) >= 16
    }


def without(secrets: list[str], text: str) -> str:
    for secret in secrets:
        text = text.replace(secret, "***")
    return text[:300]


def _check(service: Service, secrets: list[str]) -> dict[str, Any]:
    started = time.monotonic()
    try:
        found = {"ok": True, **service.check()}
    except Exception as error:
        found = {"ok": False, "error": without(secrets, f"{type(error).__name__}: {error}")}
    return {**found, "milliseconds": round((time.monotonic() - started) * 1000)}

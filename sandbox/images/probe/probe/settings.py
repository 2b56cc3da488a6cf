"""Reads the environment once; what the real program would refuse is refused here too."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

_URLS = {
    "DATABASE_URL": ("postgres", "postgresql"),
    "S3_ENDPOINT": ("http", "https"),
}


class Refusal(Exception):
    """The program will not start; one line a reason."""


@dataclass(frozen=True)
class Settings:
    program: str
    port: int
    environment: Mapping[str, str] = field(repr=False)

    @classmethod
    def read(cls, required: Path, environment: Mapping[str, str]) -> Settings:
        wanted = json.loads(required.read_text())
        wrong = [
            f"{name}: missing. The program needs it to start."
            for name in wanted["required"]
            if not environment.get(name)
        ]
        wrong += [reason for name in _URLS if (reason := _malformed(name, environment.get(name)))]
        port = environment.get("PORT", "3000")
        if not (port.isdigit() and 0 < int(port) < 65536):
            wrong.append(f"PORT: {port!r} is not a port")
        if wrong:
            raise Refusal("\n".join(f"{wanted['program']} > {reason}" for reason in wrong))
        return cls(wanted["program"], int(port), environment)


def _malformed(name: str, value: str | None) -> str | None:
    """The value itself may hold a password: only what is wrong with it is said."""
    if not value:
        return None
    schemes = _URLS[name]
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018  # a port that is no number raises here
    except ValueError as error:
        return f"{name}: malformed ({type(error).__name__})"
    if parts.scheme not in schemes or not parts.hostname:
        return f"{name}: must look like {schemes[-1]}://host…"
    if name == "DATABASE_URL" and len(parts.path) < 2:
        return f"{name}: names no database (…/database)"
    return None

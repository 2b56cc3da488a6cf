"""Reads the fields of a request's body and gathers everything wrong with them before refusing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv4Network
from typing import Any

from sandbox.hetzner.errors import Refusal
from sandbox.hetzner.labels import label_problem

RESOURCE_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")
HOST_NAME = re.compile(
    r"(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    r"(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
)
MISSING = "Missing data for required field."


class Fields:
    """Each reader notes a problem and answers something harmless; `check()` refuses them all."""

    def __init__(self, body: dict[str, Any], prefix: str = "") -> None:
        self._body = body
        self._prefix = prefix
        self._problems: dict[str, list[str]] = {}

    def wrong(self, name: str, message: str) -> None:
        self._problems.setdefault(f"{self._prefix}{name}", []).append(message)

    def check(self) -> None:
        if not self._problems:
            return
        names = ", ".join(f"'{name}'" for name in self._problems)
        raise Refusal(
            "invalid_input",
            f"invalid input in field {names}",
            {
                "fields": [
                    {"name": name, "messages": messages}
                    for name, messages in self._problems.items()
                ]
            },
        )

    def has(self, name: str) -> bool:
        return self._body.get(name) is not None

    def text(self, name: str, *, required: bool = True, longest: int | None = None) -> str:
        value = self._body.get(name)
        if value is None:
            if required:
                self.wrong(name, MISSING)
            return ""
        if not isinstance(value, str):
            self.wrong(name, "Not a valid string.")
            return ""
        if longest is not None and len(value.encode()) > longest:
            self.wrong(name, f"Longer than maximum length {longest}.")
        return value

    def name(self, *, required: bool = True, host: bool = False) -> str:
        value = self.text("name", required=required)
        pattern = HOST_NAME if host else RESOURCE_NAME
        if self.has("name") and not pattern.fullmatch(value):
            self.wrong("name", "Invalid hostname." if host else "Invalid name.")
        return value

    def id_or_name(self, name: str, *, required: bool = True) -> str:
        """Clients send an id as a number or as a string of digits, a name as a string."""
        value = self._body.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        return self.text(name, required=required)

    def integer(self, name: str, *, least: int = 0, most: int = 2**53) -> int:
        value = self._body.get(name)
        if value is None:
            self.wrong(name, MISSING)
            return 0
        if not isinstance(value, int) or isinstance(value, bool):
            self.wrong(name, "Not a valid integer.")
            return 0
        if not least <= value <= most:
            self.wrong(name, f"Must be between {least} and {most}.")
        return value

    def optional_integer(self, name: str) -> int | None:
        return self.integer(name) if self.has(name) else None

    def flag(self, name: str, default: bool) -> bool:
        value = self._body.get(name, default)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.wrong(name, "Not a valid boolean.")
            return default
        return value

    def one_of(self, name: str, choices: Iterable[str], *, required: bool = True) -> str:
        value = self.text(name, required=required)
        if value and value not in choices:
            self.wrong(name, f"Must be one of: {', '.join(choices)}.")
        return value

    def items(self, name: str, kind: type) -> list[Any]:
        value = self._body.get(name)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, kind) for item in value):
            self.wrong(name, "Not a valid list.")
            return []
        return value

    def group(self, name: str) -> dict[str, Any]:
        value = self._body.get(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.wrong(name, "Not a valid object.")
            return {}
        return value

    def labels(self) -> dict[str, str]:
        value = self.group("labels")
        for key, text in value.items():
            problem = label_problem(key, text)
            if problem:
                self.wrong("labels", problem)
        return {str(key): str(text) for key, text in value.items()}

    def network(self, name: str, *, required: bool = True) -> IPv4Network | None:
        value = self.text(name, required=required)
        if not value:
            return None
        try:
            return IPv4Network(value)
        except ValueError as problem:
            self.wrong(name, f"Not a valid IPv4 network: {problem}")
            return None

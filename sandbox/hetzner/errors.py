"""Hetzner's error codes, the status each travels with, and how a refusal is said."""

from __future__ import annotations

from typing import Any

# Clients look at the code alone. Statuses that no table of Hetzner's gives are the usual ones.
STATUS: dict[str, int] = {
    "json_error": 400,
    "unauthorized": 401,
    "forbidden": 403,
    "not_found": 404,
    "firewall_resource_not_found": 404,
    "conflict": 409,
    "uniqueness_error": 409,
    "deprecated_api_endpoint": 410,
    "resource_unavailable": 412,
    "locked": 423,
    "protected": 423,
    "rate_limit_exceeded": 429,
    "service_error": 500,
    "not_implemented": 501,
}
UNPROCESSABLE = 422


class Refusal(Exception):
    """The call is refused, in the provider's own words; nothing was changed."""

    def __init__(
        self, code: str, message: str, details: Any = None, status: int | None = None
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.details = details
        self.status = status or STATUS.get(code, UNPROCESSABLE)

    def body(self) -> dict[str, Any]:
        return {"error": {"code": self.code, "message": self.message, "details": self.details}}


def not_found(noun: str, identifier: int | str) -> Refusal:
    return Refusal("not_found", f"{noun} with ID '{identifier}' not found")


def invalid(**fields: str) -> Refusal:
    """`invalid(size="must be at least 10")`"""
    return Refusal(
        "invalid_input",
        "invalid input in " + ", ".join(f"field '{name}'" for name in fields),
        {"fields": [{"name": name, "messages": [text]} for name, text in fields.items()]},
    )


def not_unique(noun: str, field: str) -> Refusal:
    return Refusal(
        "uniqueness_error",
        f"{noun} {field} is already used",
        {"fields": [{"name": field, "messages": [f"{field} is already used"]}]},
    )


def not_implemented(what: str) -> Refusal:
    return Refusal("not_implemented", f"{what} is not emulated")

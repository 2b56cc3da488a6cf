"""Cloudflare on the wire: the envelope around every answer, its errors, how lists are cut."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.cloud import Cloud


@dataclass(frozen=True)
class Call:
    cloud: Cloud
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: dict[str, Any]


@dataclass(frozen=True)
class Answer:
    result: Any
    more: dict[str, Any] = field(default_factory=dict)


Handler = Callable[[Call], Answer]


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    handler: Handler


class Refusal(Exception):
    """An error of Cloudflare's: its number, its words, the status they travel with."""

    def __init__(
        self, code: int, message: str, status: int = 400, chain: Sequence[tuple[int, str]] = ()
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.chain = chain

    def errors(self) -> list[dict[str, Any]]:
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.chain:
            error["error_chain"] = [{"code": code, "message": text} for code, text in self.chain]
        return [error]


def no_route(thing: str) -> Refusal:
    return Refusal(
        7003,
        f"Could not route to {thing}, perhaps your object identifier is invalid?",
        404,
        chain=[(7000, "No route for that URI")],
    )


def not_emulated(what: str) -> Refusal:
    # No number of Cloudflare's says this; 7000 is what it answers to a path it does not know.
    return Refusal(7000, f"{what} is not emulated", 501)


def envelope(result: Any, errors: Sequence[dict[str, Any]] = (), **more: Any) -> dict[str, Any]:
    answer = {"result": result, "success": not errors, "errors": list(errors), "messages": []}
    return answer | more


def page(call: Call, rows: Sequence[dict[str, Any]], default: int, most: int) -> Answer:
    number = _positive(call, "page", 1)
    per_page = min(_positive(call, "per_page", default), most)
    cut = list(rows[(number - 1) * per_page : number * per_page])
    info = {
        "page": number,
        "per_page": per_page,
        "count": len(cut),
        "total_count": len(rows),
        "total_pages": max(1, -(-len(rows) // per_page)),
    }
    return Answer(cut, {"result_info": info})


def _positive(call: Call, name: str, default: int) -> int:
    text = call.query.get(name) or str(default)
    if not text.isdecimal() or int(text) < 1:
        raise Refusal(1004, f"Invalid value for {name}: {text}")
    return int(text)


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

"""Hetzner on the wire: what a handler is given, what it answers, and how lists are cut."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from sandbox.cloud import Cloud
from sandbox.hetzner.errors import Refusal, invalid, not_found
from sandbox.hetzner.fields import Fields
from sandbox.hetzner.labels import matches

PER_PAGE = 25
MOST_PER_PAGE = 50


@dataclass(frozen=True)
class Call:
    cloud: Cloud
    url: str  # without the query, for `Link`
    path: Mapping[str, str]
    query: Sequence[tuple[str, str]]
    body: dict[str, Any]

    @property
    def id(self) -> int:
        return self.number("id")

    def number(self, name: str) -> int:
        text = self.path[name]
        if not text.isdecimal():
            raise not_found("resource", text)
        return int(text)

    @property
    def fields(self) -> Fields:
        return Fields(self.body)

    def asked(self, name: str) -> list[str]:
        return [value for key, value in self.query if key == name and value]


@dataclass(frozen=True)
class Answer:
    body: dict[str, Any] | None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Handler = Callable[[Call], Answer]


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    handler: Handler


def created(**body: Any) -> Answer:
    return Answer(body, 201)


def gone() -> Answer:
    return Answer(None, 204)


def listing(
    call: Call,
    key: str,
    rows: Sequence[dict[str, Any]],
    *,
    filters: Sequence[str] = ("name",),
    sorts: Sequence[str] = ("id", "name", "created"),
    **extra: Any,
) -> Answer:
    """Filter by equality on `filters`, select by label, sort, cut one page."""
    chosen = list(rows)
    for name in filters:
        wanted = call.asked(name)
        if wanted:
            chosen = [row for row in chosen if str(row[name]) in wanted]
    for selector in call.asked("label_selector"):
        chosen = [row for row in chosen if matches(selector, row["labels"])]
    # The first sort key weighs most, so it is applied last.
    for order in reversed(call.asked("sort")):
        by, _, direction = order.partition(":")
        if by not in sorts or direction not in ("", "asc", "desc"):
            raise invalid(sort=f"unknown sort order {order!r}")
        chosen.sort(key=lambda row: (row[by] is None, row[by]), reverse=direction == "desc")
    return _page(call, key, chosen, extra)


def _page(call: Call, key: str, rows: Sequence[Any], extra: dict[str, Any]) -> Answer:
    page = _positive(call, "page", 1)
    per_page = min(_positive(call, "per_page", PER_PAGE), MOST_PER_PAGE)
    last = max(1, -(-len(rows) // per_page))
    pagination = {
        "page": page,
        "per_page": per_page,
        "previous_page": page - 1 if page > 1 else None,
        "next_page": page + 1 if page < last else None,
        "last_page": last,
        "total_entries": len(rows),
    }
    cut = rows[(page - 1) * per_page : page * per_page]
    links = {"prev": pagination["previous_page"], "next": pagination["next_page"], "last": last}
    link = ", ".join(
        f'<{_page_url(call, number)}>; rel="{rel}"' for rel, number in links.items() if number
    )
    return Answer({key: cut, **extra, "meta": {"pagination": pagination}}, headers={"Link": link})


def _positive(call: Call, name: str, default: int) -> int:
    for text in call.asked(name):
        if not text.isdecimal() or int(text) < 1:
            raise invalid(**{name: "must be a positive integer"})
        return int(text)
    return default


def _page_url(call: Call, page: int) -> str:
    others = [(key, value) for key, value in call.query if key != "page"]
    return f"{call.url}?{urlencode([*others, ('page', page)])}"


def json_object(text: bytes) -> dict[str, Any]:
    """An empty body is an empty object: clients POST `poweron` and the like without one."""
    if not text.strip():
        return {}
    try:
        value = json.loads(text)
    except ValueError as problem:
        raise Refusal("json_error", f"invalid JSON in the request body: {problem}") from None
    if not isinstance(value, dict):
        raise Refusal("json_error", "the request body must be a JSON object")
    return value

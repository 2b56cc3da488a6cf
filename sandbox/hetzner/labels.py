"""Hetzner's labels: what may be one, and the selectors that pick resources by them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sandbox.hetzner.errors import Refusal

WORD = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?"
PREFIX = r"(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?/)?"
KEY = re.compile(PREFIX + WORD)
VALUE = re.compile(f"(?:{WORD})?")
RESERVED = "hetzner.cloud/"

IS_IN = re.compile(r"(?P<key>\S+)\s+(?P<negated>not)?in\s*\((?P<values>[^)]*)\)")
EQUALS = re.compile(r"(?P<key>[^=!\s]+)\s*(?P<operator>==|!=|=)\s*(?P<value>\S*)")
# Commas separate terms, except inside "(...)".
COMMA = re.compile(r",(?![^(]*\))")


def label_problem(key: Any, value: Any) -> str | None:
    if not isinstance(key, str) or not KEY.fullmatch(key):
        return f"The label key {key!r} is not correctly formatted."
    if key.startswith(RESERVED):
        return f"The label prefix {RESERVED!r} is reserved."
    if not isinstance(value, str) or not VALUE.fullmatch(value):
        return f"The value of label {key!r} is not correctly formatted."
    return None


def matches(selector: str, labels: Mapping[str, str]) -> bool:
    """`k=v`, `k==v`, `k!=v`, `k`, `!k`, `k in (a,b)`, `k notin (a,b)`; a comma means and."""
    return all(_term_matches(term.strip(), labels) for term in COMMA.split(selector))


def _term_matches(term: str, labels: Mapping[str, str]) -> bool:
    if found := IS_IN.fullmatch(term):
        _require_key(found["key"], term)
        values = {value.strip() for value in found["values"].split(",")}
        held = labels.get(found["key"])
        return held not in values if found["negated"] else held in values
    if found := EQUALS.fullmatch(term):
        _require_key(found["key"], term)
        same = labels.get(found["key"]) == found["value"]
        return not same if found["operator"] == "!=" else same
    key = term.removeprefix("!").strip()
    _require_key(key, term)
    return (key in labels) != term.startswith("!")


def _require_key(key: str, term: str) -> None:
    if not KEY.fullmatch(key):
        raise Refusal(
            "invalid_input",
            f"invalid label selector: {term!r}",
            {"fields": [{"name": "label_selector", "messages": ["malformed label selector"]}]},
        )

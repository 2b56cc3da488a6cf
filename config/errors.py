"""The wording of configuration errors: where > what > got > what to do, all of them at once."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from pydantic import ValidationError

_RENAMED = {
    "datacenter": "Hetzner took datacenters out of its API (2026-07-01). Use location, e.g. nbg1",
    "value": "Use content",
    "domain": "Use hosts",
}

_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "dict_type": "keys with values",
    "model_type": "keys with values",
    "model_attributes_type": "keys with values",
    "list_type": "a list",
    "tuple_type": "a list",
}

_SHOWN = 60


class ConfigError(Exception):
    """Everything that is wrong with a configuration; one line a finding."""

    def __init__(self, findings: Iterable[str]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(self.findings))


def where(*parts: object) -> str:
    """A place in a file, as `file > key > key`."""
    return " > ".join(str(part) for part in parts)


def unknown(place: str, name: str, known: Iterable[str]) -> str:
    """The finding for a key that does not exist, with the nearest one that does."""
    names = sorted(known)
    if name in _RENAMED and name not in names:
        return f"{place}: '{name}' is not a key. {_RENAMED[name]}."
    near = get_close_matches(name, names, n=1)
    hint = f"Did you mean '{near[0]}'?" if near else f"Known: {', '.join(names)}."
    return f"{place}: '{name}' is not a key. {hint}"


def word(error: ValidationError, place: str, known: dict[str, Iterable[str]]) -> list[str]:
    """Pydantic's findings in our words; `known` maps the path of an object to its keys."""
    findings = []
    for item in error.errors(include_url=False, include_context=True):
        path = [str(step) for step in item["loc"] if step != "[key]"]
        kind = item["type"]
        got = item["input"]
        parent = where(place, *path[:-1])
        here = where(place, *path)
        if kind == "extra_forbidden":
            findings.append(unknown(parent, path[-1], known.get("/".join(path[:-1]), ())))
        elif kind == "missing":
            # The input of a missing key is its whole surrounding object: never shown.
            findings.append(f"{parent}: '{path[-1]}' is missing.")
        elif kind in _EXPECTED:
            findings.append(f"{here}: expected {_EXPECTED[kind]}, got {show(got)}.")
        elif kind in ("too_short", "string_too_short"):
            findings.append(f"{here}: is empty.")
        elif kind == "value_error":
            findings.append(f"{here}: {str(item['ctx']['error']).removesuffix('.')}.")
        else:
            message = item["msg"][0].lower() + item["msg"][1:]
            findings.append(f"{here}: {message}, got {show(got)}.")
    return findings


def show(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "nothing"}[value]
    if isinstance(value, str | int | float):
        text = str(value)
        return f"'{text[:_SHOWN]}…'" if len(text) > _SHOWN else f"'{text}'"
    return "a list" if isinstance(value, list | tuple) else "keys with values"

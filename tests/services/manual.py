"""Reads the manual: its pages on the kinds of service are the fixtures of the tests."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

import services
from blueprint.parts import Offer
from blueprint.wiring import StackWiring
from services.kind import Acme, Kind, ObjectStore, Place, ServiceSettings

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "services"


@dataclass(frozen=True)
class Page:
    """A page of the manual: headings, tables by heading, and its first YAML block."""

    kind: str
    title: str
    headings: tuple[str, ...]
    rows: dict[str, list[tuple[str, ...]]]
    service: str
    entry: dict[str, Any]


@cache
def page(kind: str) -> Page:
    """The page of a kind; an error where it is missing or has no example."""
    text = (FOLDER / f"{kind}.md").read_text()
    blocks = re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    ((service, entry),) = yaml.safe_load(blocks[0]).items()
    rows: dict[str, list[tuple[str, ...]]] = {}
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        heading, _, body = section.partition("\n")
        lines = [line for line in body.splitlines() if line.startswith("|")]
        cells = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines]
        rows[heading] = cells[2:]
    return Page(
        kind=kind,
        title=text.partition("\n")[0],
        headings=tuple(re.findall(r"^## (.*)$", text, re.MULTILINE)),
        rows=rows,
        service=service,
        entry=entry,
    )


def place(service: str, **changes: Any) -> Place:
    """Where the manual's services stand: PreDrive's stack, in the local cloud's zones."""
    decided: dict[str, Any] = {
        "stack": "predrive",
        "service": service,
        "server": "drive",
        "acme": Acme("https://acme.test/directory", "hostmaster@predrive.test"),
        "object_store": ObjectStore("https://s3.test", "eu1"),
        "images": {},
        "zones": {"predrive.eu": "predrive.test"},
    }
    return Place(**{**decided, **changes})


def settings(kind: str, **changes: Any) -> Any:
    """The settings of a page's example, with changes."""
    validated: ServiceSettings = services.kind(kind).Settings.model_validate(
        {**page(kind).entry, **changes}
    )
    return validated


def offers() -> dict[str, Offer]:
    """What the examples of all pages offer each other: together they are one stack."""
    found = {}
    for kind in services.known():
        name = page(kind).service
        found[name] = services.kind(kind).offers(place(name), settings(kind))
    return found


def built(kind: str, *, at: Place | None = None, **changes: Any) -> Any:
    """The stack that a page's example becomes, with changes of its keys and of its place."""
    module: Kind = services.kind(kind)
    name = page(kind).service
    wiring = StackWiring(name, offers())
    return module.stack(at or place(name), settings(kind, **changes), wiring)

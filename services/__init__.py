"""The catalogue: one module a kind of service, found by its file name."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import cast

from services.kind import Kind

_NOT_KINDS = {"__init__", "kind"}


def known() -> tuple[str, ...]:
    """The names of all kinds of service, sorted."""
    files = Path(__file__).parent.glob("*.py")
    return tuple(sorted(file.stem for file in files if file.stem not in _NOT_KINDS))


def kind(name: str) -> Kind:
    """The kind of that name; KeyError where there is none."""
    if name not in known():
        raise KeyError(name)
    return cast(Kind, importlib.import_module(f"services.{name}"))

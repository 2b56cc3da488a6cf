"""The local cloud's memory: typed tables under one lock, on disk before a caller hears of them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from types import GenericAlias
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter

T = TypeVar("T")


class Store:
    """One JSON file. Every change is whole: written and renamed, or undone in memory too.

    `kinds` maps a dataclass to the first id that its rows get. Rows of a kind with first id 0
    bring their own keys. Ids only grow, also across `reset`, as a provider's do.
    """

    def __init__(self, path: Path, kinds: Sequence[tuple[type[Any], int]]) -> None:
        self._path = path
        self._lock = RLock()
        self._depth = 0
        self._after: list[Callable[[], None]] = []
        self._adapters = {
            kind: TypeAdapter[Any](GenericAlias(dict, (int if first else str, kind)))  # type: ignore[arg-type]
            for kind, first in kinds
        }
        self._next_id = {kind.__name__: first for kind, first in kinds if first}
        self._tables: dict[type[Any], dict[Any, Any]] = {kind: {} for kind, _ in kinds}
        if path.exists():
            self._read(path.read_text())
        self._text = self._written()

    def table(self, kind: type[T]) -> dict[int, T]:
        return cast("dict[int, T]", self._tables[kind])

    def named(self, kind: type[T]) -> dict[str, T]:
        return cast("dict[str, T]", self._tables[kind])

    def next_id(self, kind: type[Any]) -> int:
        number = self._next_id[kind.__name__]
        self._next_id[kind.__name__] = number + 1
        return number

    @contextmanager
    def look(self) -> Iterator[None]:
        with self._lock:
            yield

    @contextmanager
    def change(self) -> Iterator[None]:
        """Whole or not at all; a change inside a change is part of it."""
        with self._lock:
            self._depth += 1
            try:
                yield
                if self._depth == 1:
                    self._save()
            except BaseException:
                if self._depth == 1:
                    self._after.clear()
                    self._read(self._text)
                raise
            finally:
                self._depth -= 1
            after = self._after if self._depth == 0 else []
            if self._depth == 0:
                self._after = []
        for follow_up in after:
            follow_up()

    def afterwards(self, follow_up: Callable[[], None]) -> None:
        """Run it once the change in progress is on disk; never if the change fails."""
        self._after.append(follow_up)

    def reset(self) -> None:
        with self.change():
            for table in self._tables.values():
                table.clear()

    def _written(self) -> str:
        tables = {
            kind.__name__: adapter.dump_python(self._tables[kind], mode="json")
            for kind, adapter in self._adapters.items()
        }
        return json.dumps({"next_id": self._next_id, "tables": tables})

    def _read(self, text: str) -> None:
        stored = json.loads(text)
        self._next_id = {**self._next_id, **stored["next_id"]}
        for kind, adapter in self._adapters.items():
            self._tables[kind] = adapter.validate_python(stored["tables"].get(kind.__name__, {}))

    def _save(self) -> None:
        text = self._written()
        if text == self._text:
            return
        beside = self._path.with_suffix(".new")
        # 0600 from the first byte: user data of servers is in here.
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)
        self._text = text

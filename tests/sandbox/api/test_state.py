"""The store: whole changes, in memory and on disk."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sandbox.state import Store


@dataclass
class Thing:
    id: int
    name: str
    parts: list[str] = field(default_factory=list)


def _store(path: Path) -> Store:
    return Store(path / "state.json", [(Thing, 100)])


def _add(store: Store, name: str) -> int:
    with store.change():
        id = store.next_id(Thing)
        store.table(Thing)[id] = Thing(id, name)
    return id


def test_a_change_is_read_again_by_the_next_store(tmp_path: Path) -> None:
    id = _add(_store(tmp_path), "a")
    assert _store(tmp_path).table(Thing) == {100: Thing(100, "a")}
    assert id == 100
    assert (tmp_path / "state.json").stat().st_mode & 0o777 == 0o600


def test_a_change_that_fails_is_undone_and_leaves_nothing_to_do(tmp_path: Path) -> None:
    store = _store(tmp_path)
    id = _add(store, "a")
    done: list[str] = []
    with pytest.raises(ZeroDivisionError), store.change():
        store.afterwards(lambda: done.append("never"))
        store.table(Thing)[id].parts.append("x")
        with store.change():
            store.table(Thing)[7] = Thing(7, "b")
        raise ZeroDivisionError
    assert store.table(Thing) == {id: Thing(id, "a", [])}
    with store.change():
        store.afterwards(lambda: done.append("after"))
        assert done == []
    assert done == ["after"]


def test_ids_go_on_after_a_reset_and_a_restart(tmp_path: Path) -> None:
    store = _store(tmp_path)
    assert _add(store, "a") == 100
    store.reset()
    assert store.table(Thing) == {}
    assert _add(store, "b") == 101
    assert _add(_store(tmp_path), "c") == 102


def test_a_file_cut_short_by_a_kill_is_not_what_is_read(tmp_path: Path) -> None:
    _add(_store(tmp_path), "a")
    (tmp_path / "state.new").write_text('{"next_id": {')
    store = _store(tmp_path)
    _add(store, "b")
    stored = json.loads((tmp_path / "state.json").read_text())
    assert [row["name"] for row in stored["tables"]["Thing"].values()] == ["a", "b"]

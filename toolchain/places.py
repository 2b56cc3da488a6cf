"""Where the toolchain's results live in a clone, and the stamps that say what they were made of."""

from __future__ import annotations

import hashlib
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolchain.pieces import Piece


@dataclass(frozen=True)
class Places:
    """Everything is below `.estate/` of the clone, which git ignores."""

    root: Path

    @property
    def sources(self) -> Path:
        return self.root / "toolchain"

    @property
    def results(self) -> Path:
        return self.root / ".estate" / "toolchain"

    @property
    def bin(self) -> Path:
        return self.results / "bin"

    @property
    def work(self) -> Path:
        return self.results / "work"

    @property
    def home(self) -> Path:
        """PULUMI_HOME: the engine looks for plugins in it."""
        return self.root / ".estate" / "pulumi"

    def plugin(self, name: str, version: str) -> Path:
        return self.home / "plugins" / f"resource-{name}-v{version}"

    def stamp(self, name: str) -> Path:
        return self.results / "stamps" / f"{name}.json"


def write_whole(file: Path, text: str, mode: int = 0o644) -> None:
    """A reader sees the old file or the new one, never half of it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    temporary.write_text(text)
    temporary.chmod(mode)
    temporary.replace(file)


def link_whole(link: Path, target: Path) -> None:
    link.parent.mkdir(parents=True, exist_ok=True)
    temporary = link.with_name(f".{link.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    temporary.replace(link)


def read_stamp(file: Path) -> dict[str, Any]:
    try:
        stamp = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def write_stamp(file: Path, key: str, **more: Any) -> None:
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    write_whole(file, json.dumps({"key": key, **more, "at": when}, indent=2) + "\n")


def key_of(places: Places, piece: Piece) -> str:
    """Changes with any source, module version, version string or build flag of the piece."""
    folder = places.sources / piece.module
    digest = hashlib.sha256(json.dumps(piece.command(Path("-"))).encode())
    for file in sorted(folder.rglob("*")):
        if file.is_file() and not file.name.endswith("_test.go"):
            digest.update(f"\n{file.relative_to(folder)}\n".encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()


def is_ready(places: Places, piece: Piece, go: str | None) -> bool:
    """Built from these sources, by this Go, and still there. Without a Go the last one counts."""
    stamp = read_stamp(places.stamp(piece.name))
    if stamp.get("key") != key_of(places, piece) or (go and stamp.get("go") != go):
        return False
    if piece.is_plugin:
        return (places.plugin(piece.name, piece.version) / piece.binary).is_file()
    engine = places.bin / piece.binary
    return engine.is_file() and not engine.is_symlink()

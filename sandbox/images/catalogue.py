"""What each image folder says about itself, and the tag that its content gives it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from sandbox.images import host

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class GoProgram:
    """A program built from the go.mod beside the recipe into `bin/<output>` of the context."""

    package: str
    output: str
    ldflags: str = ""


@dataclass(frozen=True)
class Recipe:
    name: str
    folder: Path
    really: str
    stands_for: str = ""
    parent: str | None = None
    answers_to: tuple[str, ...] = ()  # names on Docker Hub, "postgres:16.10"
    go: tuple[GoProgram, ...] = ()
    wheels: str | None = None  # a requirements file with hashes, unpacked into `site/`
    labels: dict[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path) -> Recipe:
        raw = yaml.safe_load((folder / "recipe.yaml").read_text())
        return cls(
            name=folder.name.replace("_", "-"),
            folder=folder,
            really=raw["really"],
            stands_for=raw.get("stands_for", ""),
            parent=raw.get("from"),
            answers_to=tuple(raw.get("answers_to", ())),
            go=tuple(GoProgram(**program) for program in raw.get("go", ())),
            wheels=raw.get("wheels"),
            labels=raw.get("labels", {}),
        )

    def files(self) -> list[Path]:
        return sorted(
            path
            for path in self.folder.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        )


def recipes(folder: Path = FOLDER) -> dict[str, Recipe]:
    """All recipes by name, parents before children."""
    found = [Recipe.load(path.parent) for path in sorted(folder.glob("*/recipe.yaml"))]
    by_name = {recipe.name: recipe for recipe in found}
    return {
        recipe.name: recipe for recipe in sorted(found, key=lambda recipe: _depth(recipe, by_name))
    }


def _depth(recipe: Recipe, by_name: dict[str, Recipe]) -> int:
    return 0 if recipe.parent is None else 1 + _depth(by_name[recipe.parent], by_name)


def tag(recipe: Recipe, by_name: dict[str, Recipe]) -> str:
    """`estate/<name>:<hash>`: the same content has the same tag in every clone."""
    digest = hashlib.sha256()
    for path in recipe.files():
        mode = "x" if path.stat().st_mode & 0o100 else "-"
        digest.update(f"{path.relative_to(recipe.folder)} {mode}\n".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    if recipe.parent is None:
        digest.update(host.fingerprint().encode())
    else:
        digest.update(tag(by_name[recipe.parent], by_name).encode())
    return f"estate/{recipe.name}:{digest.hexdigest()[:12]}"

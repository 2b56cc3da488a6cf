"""Finds out whether the official engine and plugins can be used; they are the first choice."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from toolchain.pieces import OLDEST_OFFICIAL_ENGINE
from toolchain.places import Places, link_whole, read_stamp, write_stamp

ANSWER_SECONDS = 10
# A download that has not ended by then is as good as none: building takes minutes, not hours.
DOWNLOAD_SECONDS = 60
LANGUAGE_HOST = ("pulumi-language-python", "pulumi-language-python-exec")


@dataclass(frozen=True)
class Decision:
    """`engine` is the official `pulumi`, or None where everything is built here, and why."""

    engine: Path | None
    why: str


def candidates(search_path: str) -> list[Path]:
    """Every `pulumi` on PATH that is not one that some clone built."""
    found = []
    for folder in search_path.split(os.pathsep):
        file = Path(folder or ".") / "pulumi"
        if os.access(file, os.X_OK) and file.is_file() and ".estate" not in file.resolve().parts:
            found.append(file)
    return found


def version_problem(engine: Path) -> str | None:
    """Why this engine cannot be used, if so. It is really run: a name proves nothing."""
    try:
        answer = subprocess.run(
            [engine, "version"], capture_output=True, text=True, timeout=ANSWER_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError) as problem:
        return f"{engine} does not run ({problem.__class__.__name__})"
    said = answer.stdout.strip()
    release = re.fullmatch(r"v(\d+)\.(\d+)\.(\d+)", said)
    oldest = ".".join(map(str, OLDEST_OFFICIAL_ENGINE))
    if not release:
        return f"{engine} says {said!r}, which is not an official release"
    if tuple(map(int, release.groups())) < OLDEST_OFFICIAL_ENGINE:
        return f"{engine} is {said}, older than v{oldest}"
    return None


def language_host_beside(engine: Path) -> list[Path] | None:
    for folder in (engine.parent, engine.resolve().parent):
        beside = [folder / name for name in LANGUAGE_HOST]
        if all(file.exists() for file in beside):
            return beside
    return None


def plugin_problem(
    engine: Path, sdk: Mapping[str, str], places: Places, say: Callable[[str], None]
) -> str | None:
    environment = {
        **os.environ,
        "PULUMI_HOME": str(places.home),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    for number, (name, version) in enumerate(sdk.items(), start=1):
        if places.plugin(name, version).is_dir():
            continue
        say(f"{number}/{len(sdk)} {name}: downloading the official plugin v{version}")
        command = [str(engine), "plugin", "install", "resource", name, f"v{version}"]
        try:
            answer = subprocess.run(
                command, capture_output=True, text=True, timeout=DOWNLOAD_SECONDS,
                env=environment, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return f"the official {name} plugin did not arrive within {DOWNLOAD_SECONDS} s"
        if answer.returncode != 0:
            last = (answer.stderr.strip() or answer.stdout.strip()).splitlines()[-1:]
            return f"the official {name} plugin cannot be had ({' '.join(last)})"
    return None


def search(
    sdk: Mapping[str, str], places: Places, say: Callable[[str], None], search_path: str
) -> Decision:
    why = "no official pulumi on PATH"
    for engine in candidates(search_path):
        problem = version_problem(engine)
        if not problem and not language_host_beside(engine):
            problem = f"{engine} has no pulumi-language-python beside it"
        problem = problem or plugin_problem(engine, sdk, places, say)
        if not problem:
            return Decision(engine, f"official pulumi at {engine}")
        why = problem
    return Decision(None, why)


def decide(
    sdk: Mapping[str, str], places: Places, say: Callable[[str], None], again: bool = False
) -> Decision:
    """Remembered until PATH shows another `pulumi` or an SDK asks for another plugin."""
    search_path = os.environ.get("PATH", "")
    seen = [(str(one), one.stat().st_size, one.stat().st_mtime) for one in candidates(search_path)]
    key = hashlib.sha256(json.dumps([seen, dict(sdk)]).encode()).hexdigest()
    stamp = read_stamp(places.stamp("decision"))
    if stamp.get("key") == key and not again:
        engine = stamp.get("engine")
        remembered = Decision(Path(engine) if engine else None, str(stamp.get("why")))
        plugins_there = all(places.plugin(*one).is_dir() for one in sdk.items())
        if remembered.engine is None or plugins_there:
            return remembered
    decision = search(sdk, places, say, search_path)
    engine_text = str(decision.engine) if decision.engine else None
    write_stamp(places.stamp("decision"), key, engine=engine_text, why=decision.why)
    return decision


def use(engine: Path, places: Places) -> None:
    """`bin/` leads to the official engine and its language host."""
    for target in [engine, *(language_host_beside(engine) or [])]:
        link = places.bin / target.name
        if not link.is_symlink() or link.readlink() != target:
            link_whole(link, target)

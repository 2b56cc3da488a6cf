"""Runs Go for one piece and puts the result where it belongs, or says why it could not."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from toolchain.errors import ToolchainError, build_failure
from toolchain.pieces import GO, UNLISTED, Piece
from toolchain.places import Places, key_of, write_stamp

LEAST_FREE_BYTES = 4 * 1024**3
# How often a build says that it lives: to a person, and to a log.
SCREEN_SECONDS = 0.5
LOG_SECONDS = 30.0


def go_version() -> str | None:
    """`go1.26.8`, or None where there is no Go."""
    try:
        answer = subprocess.run(
            ["go", "env", "GOVERSION"], capture_output=True, text=True, check=True, timeout=30
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()


def check_go(found: str | None) -> str:
    wanted = ".".join(map(str, GO))
    if found is None:
        raise ToolchainError(
            f"toolchain > go: there is no Go on PATH. Install Go {wanted} or later "
            "(https://go.dev/dl) and run: make toolchain\n"
            "Or install the official pulumi, if its downloads can be reached from here."
        )
    number = re.match(r"go(\d+)\.(\d+)", found)
    if number and tuple(map(int, number.groups())) < GO:
        raise ToolchainError(
            f"toolchain > go: got {found} at {shutil.which('go')}, needs {wanted} or later. "
            "Install it (https://go.dev/dl) and run: make toolchain"
        )
    return found


def check_space(folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE_BYTES:
        raise ToolchainError(
            f"toolchain > disk: {free / 1024**3:.1f} GB are free at {folder}, a build needs "
            "about 10 GB the first time. Free some and run: make toolchain"
        )


def spell(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 60} min {whole % 60:02d} s" if whole >= 60 else f"{seconds:.1f} s"


class Ticker:
    """One line that says how far a build is: rewritten on a screen, rare in a log."""

    def __init__(self, label: str, say: Callable[[str], None]) -> None:
        self._label, self._say = label, say
        self._screen = sys.stdout.isatty()
        self._started = self._last = time.monotonic()

    def tick(self, output: list[str]) -> None:
        now = time.monotonic()
        if now - self._last < (SCREEN_SECONDS if self._screen else LOG_SECONDS):
            return
        self._last = now
        fetched = sum(line.startswith("go: downloading") for line in output)
        line = (
            f"{self._label}: {fetched} modules fetched, {len(output) - fetched} packages compiled, "
            f"{spell(now - self._started)}"
        )
        if self._screen:
            print(f"\r\033[Ktoolchain: {line}", end="", flush=True)
        else:
            self._say(line)

    def clear(self) -> None:
        if self._screen:
            print("\r\033[K", end="", flush=True)


@contextmanager
def held_back() -> Iterator[None]:
    """Holds an interrupt back until the block is done: a child half started would be nobody's."""
    came: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if came:
        raise KeyboardInterrupt


def run_go(command: list[str], folder: Path, where: str, ticker: Ticker) -> None:
    unlisted = [os.environ.get("GONOSUMDB", ""), UNLISTED]
    environment = {
        **os.environ,
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        "GONOSUMDB": ",".join(filter(None, unlisted)),
    }
    output: list[str] = []
    process: subprocess.Popen[str] | None = None
    try:
        with held_back():
            # A session of its own: an interrupt ends the compilers too, after we said so.
            process = subprocess.Popen(
                command, cwd=folder, env=environment, stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE, text=True, start_new_session=True,
            )  # fmt: skip
        lines: Iterable[str] = process.stderr or ()
        listener = threading.Thread(
            target=lambda: output.extend(line.rstrip("\n") for line in lines), daemon=True
        )
        listener.start()
        while process.poll() is None:
            ticker.tick(output)
            time.sleep(0.05)
    except BaseException:
        if process is not None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()
        raise
    finally:
        ticker.clear()
    listener.join()
    if process.returncode != 0:
        raise build_failure(where, output)


def build(places: Places, piece: Piece, go: str, label: str, say: Callable[[str], None]) -> None:
    """Leaves either the new result and its stamp, or the old ones."""
    places.work.mkdir(parents=True, exist_ok=True)
    check_space(places.work)
    key, started = key_of(places, piece), time.monotonic()
    output = places.work / piece.binary
    run_go(piece.command(output), places.sources / piece.module, piece.name, Ticker(label, say))
    places.stamp(piece.name).unlink(missing_ok=True)
    if piece.is_plugin:
        install(places, piece, output)
    else:
        places.bin.mkdir(parents=True, exist_ok=True)
        output.replace(places.bin / piece.binary)
    seconds = round(time.monotonic() - started, 1)
    write_stamp(places.stamp(piece.name), key, go=go, version=piece.version, seconds=seconds)


def install(places: Places, piece: Piece, binary: Path) -> None:
    """Installed, a plugin is used quietly; lying on PATH it would earn a warning."""
    answer = subprocess.run(
        [places.bin / "pulumi", "plugin", "install", "resource", piece.name, f"v{piece.version}",
         "--file", binary, "--reinstall"],
        capture_output=True, text=True, check=False,
        env={**os.environ, "PULUMI_HOME": str(places.home), "PULUMI_SKIP_UPDATE_CHECK": "true"},
    )  # fmt: skip
    if answer.returncode != 0:
        raise ToolchainError(
            f"toolchain > {piece.name}: the engine did not install the plugin: "
            f"{(answer.stderr or answer.stdout).strip()}"
        )
    binary.unlink(missing_ok=True)
    wanted = places.plugin(piece.name, piece.version)
    for other in wanted.parent.glob(f"resource-{piece.name}-v*"):
        if other.name.removesuffix(".lock").removesuffix(".partial") != wanted.name:
            shutil.rmtree(other) if other.is_dir() else other.unlink()

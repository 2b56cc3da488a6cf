"""`python -m toolchain`: makes sure that engine, plugins and language host are there."""

from __future__ import annotations

import argparse
import fcntl
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from toolchain import official
from toolchain.build import build, check_go, go_version, spell
from toolchain.errors import ToolchainError
from toolchain.pieces import pieces, sdk_versions
from toolchain.places import Places, is_ready, write_whole

ROOT = Path(__file__).resolve().parent.parent
SDK_MODULE = "github.com/pulumi/pulumi/sdk/v3"

LAUNCHER = """#!/bin/sh
# Starts the language host with the clone's own Python; paths are relative, so the clone may move.
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
exec "$root/.venv/bin/python" -P "$root/toolchain/language_host.py" \\
  --executor "$here/pulumi-language-python-exec" "$@"
"""


def say(line: str) -> None:
    print(f"toolchain: {line}", flush=True)


@contextmanager
def alone(places: Places) -> Iterator[None]:
    """Two runs at once would build the same things twice."""
    places.results.mkdir(parents=True, exist_ok=True)
    with (places.results / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another run is at it in this clone; waiting for it to end")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def write_language_host(places: Places) -> None:
    """The script that runs a program comes with the engine's own SDK module."""
    script = places.bin / "pulumi-language-python-exec"
    launcher = places.bin / "pulumi-language-python"
    if launcher.is_symlink() or not launcher.exists() or launcher.read_text() != LAUNCHER:
        launcher.unlink(missing_ok=True)
        write_whole(launcher, LAUNCHER, 0o755)
    if script.is_symlink() or not script.exists():
        script.unlink(missing_ok=True)
        command = ["go", "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", SDK_MODULE]
        answer = subprocess.run(
            command, cwd=places.sources / "engine", capture_output=True, text=True, check=True
        )
        source = Path(answer.stdout.strip()) / "python" / "cmd" / script.name
        write_whole(script, source.read_text(), 0o755)


def ensure(places: Places, decide_again: bool, only_build: bool) -> None:
    started = time.monotonic()
    sdk = sdk_versions((places.root / "requirements.txt").read_text())
    decision = official.Decision(None, "asked to build")
    if not only_build:
        decision = official.decide(sdk, places, say, decide_again)
    if decision.engine:
        official.use(decision.engine, places)
        say(f"ready ({decision.why}, official plugins)")
        return
    found = go_version()
    needed = pieces(sdk)
    waiting = [piece for piece in needed if not is_ready(places, piece, found)]
    if waiting:
        go = check_go(found)
        say(f"building {len(waiting)} of {len(needed)} here, with {go}: {decision.why}")
    for number, piece in enumerate(waiting, start=1):
        label = f"{number}/{len(waiting)} {piece.name}"
        say(f"{label}: {piece.version}, about {piece.minutes} min if nothing is cached")
        began = time.monotonic()
        build(places, piece, go, label, say)
        say(f"{label}: done in {spell(time.monotonic() - began)}")
    write_language_host(places)
    versions = ", ".join(f"{piece.name} {piece.version}" for piece in needed)
    if waiting:
        say(f"ready after {spell(time.monotonic() - started)} ({versions})")
    else:
        say(f"ready, nothing to do ({versions})")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m toolchain", description=__doc__)
    parser.add_argument(
        "--decide-again", action="store_true", help="look for the official ones again"
    )
    parser.add_argument(
        "--build", action="store_true", help="build, even if official ones are there"
    )
    arguments = parser.parse_args()
    # A terminated run must clean up like an interrupted one.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    places = Places(ROOT)
    try:
        with alone(places):
            ensure(places, arguments.decide_again, arguments.build)
    except ToolchainError as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "toolchain: interrupted; what is done is kept. Run it again to go on.", file=sys.stderr
        )
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())

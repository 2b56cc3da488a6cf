"""The builder: what is ready stays, what changed is built, what fails says what to do."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from toolchain.build import build, check_go, check_space, go_version
from toolchain.errors import ToolchainError, build_failure
from toolchain.pieces import Piece, pieces, sdk_versions
from toolchain.places import Places, is_ready, key_of, read_stamp

ROOT = Path(__file__).resolve().parents[2]
SDK = {"hcloud": "1.2.3", "docker": "4.5.6", "command": "1.0.0", "cloudflare": "6.0.0"}
TINY = Piece(
    name="engine",
    module="tiny",
    package=".",
    version_variable="main.Version",
    version="1.0.0+estate.test",
    minutes="0",
)


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """A clone with one piece, a program of three lines."""
    folder = tmp_path / "toolchain" / "tiny"
    folder.mkdir(parents=True)
    (folder / "go.mod").write_text("module tiny\n\ngo 1.26\n")
    (folder / "main.go").write_text(
        'package main\n\nvar Version = ""\n\nfunc main() { print(Version) }\n'
    )
    return Places(tmp_path)


def quietly(line: str) -> None: ...


def make(places: Places) -> None:
    build(places, TINY, check_go(go_version()), "1/1 engine", quietly)


def test_a_built_piece_says_its_version_and_is_ready(places: Places) -> None:
    make(places)
    answer = subprocess.run([places.bin / "pulumi"], capture_output=True, text=True, check=True)
    assert answer.stderr == "1.0.0+estate.test"
    assert is_ready(places, TINY, go_version())


def change_source(places: Places) -> None:
    (places.sources / "tiny" / "main.go").write_text("package main\n\nfunc main() {}\n")


def change_modules(places: Places) -> None:
    (places.sources / "tiny" / "go.sum").write_text("")


def remove_result(places: Places) -> None:
    (places.bin / "pulumi").unlink()


def put_the_official_one_there(places: Places) -> None:
    remove_result(places)
    (places.bin / "pulumi").symlink_to(sys.executable)


@pytest.mark.parametrize(
    "change", [change_source, change_modules, remove_result, put_the_official_one_there]
)
def test_a_piece_is_built_again_after_a_change(
    places: Places, change: Callable[[Places], None]
) -> None:
    make(places)
    change(places)
    assert not is_ready(places, TINY, go_version())


def test_another_go_builds_again_but_no_go_uses_what_is_there(places: Places) -> None:
    make(places)
    assert not is_ready(places, TINY, "go1.99.0")
    assert is_ready(places, TINY, None)


def test_go_tests_do_not_count_as_sources(places: Places) -> None:
    before = key_of(places, TINY)
    (places.sources / "tiny" / "main_test.go").write_text("package main\n")
    assert key_of(places, TINY) == before


def test_a_source_that_does_not_compile_is_shown_and_leaves_the_old_result(places: Places) -> None:
    make(places)
    stamp = read_stamp(places.stamp("engine"))
    (places.sources / "tiny" / "main.go").write_text("package main\n\nfunc main() { nothing() }\n")
    with pytest.raises(ToolchainError) as caught:
        make(places)
    assert str(caught.value) == (
        "toolchain > engine: it does not build.\n"
        "    # tiny\n"
        "    ./main.go:3:15: undefined: nothing\n"
        "If you changed nothing under toolchain/, this is a defect: docs/toolchain.md > "
        "When something fails."
    )
    assert (places.bin / "pulumi").exists()
    assert read_stamp(places.stamp("engine")) == stamp


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ("write /x: no space left on device", "the disk is full"),
        ("Get x: dial tcp: lookup y: no such host", "a module could not be downloaded"),
        ("reading x: 404 Not Found", "the module source does not have a module that is needed"),
        (
            "verifying x: checksum mismatch",
            "a downloaded module is not the one that go.sum pins",
        ),
        (
            "compile: signal: killed",
            "the compiler was killed, most likely because memory ran out",
        ),
    ],
)
def test_what_go_says_is_told_with_what_to_do(said: str, what: str) -> None:
    lines = str(build_failure("hcloud", ["encoding/json", said])).split("\n")
    assert lines[:2] == [f"toolchain > hcloud: {what}.", f"    {said}"]
    assert len(lines) == 3


@pytest.mark.parametrize(
    ("found", "start"),
    [
        (None, "toolchain > go: there is no Go on PATH. Install Go 1.26 or later"),
        ("go1.25.9", "toolchain > go: got go1.25.9 at "),
    ],
)
def test_no_go_or_an_old_one_is_told(found: str | None, start: str) -> None:
    with pytest.raises(ToolchainError, match="run: make toolchain") as caught:
        check_go(found)
    assert str(caught.value).startswith(start)


def test_a_full_disk_is_told_before_anything_is_built(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toolchain.build.LEAST_FREE_BYTES", 1 << 62)
    with pytest.raises(ToolchainError, match=r"^toolchain > disk: [0-9.]+ GB are free at "):
        check_space(places.root)


def test_plugins_say_the_version_that_the_sdk_asks_for_and_what_they_are() -> None:
    pins = "pulumi==3.0.0\npulumi-hcloud==1.2.3  # x\npulumi-docker==4.5.6\npydantic==2.0\n"
    assert sdk_versions(pins) == {"hcloud": "1.2.3", "docker": "4.5.6"}
    assert [(piece.name, piece.version) for piece in pieces(SDK)] == [
        ("engine", "v3.259.0+estate.built"),
        ("hcloud", "1.2.3+estate.bridged.hcloud.1.60.1"),
        ("docker", "4.5.6+estate.bridged.docker.4.6.0"),
        ("command", "1.0.0+estate.own"),
        ("cloudflare", "6.0.0+estate.own.cloudflare-go.6.10.0"),
    ]


def test_the_pieces_versions_are_those_of_their_go_modules() -> None:
    by_name = {piece.name: piece.version for piece in pieces(SDK)}
    pinned = {
        "engine": f"pulumi/pkg/v3 {by_name['engine'].partition('+')[0]}",
        "hcloud": "terraform-provider-hcloud v1.60.1",
        "cloudflare": "cloudflare-go/v6 v6.10.0",
    }
    for name, line in pinned.items():
        assert line in (ROOT / "toolchain" / name / "go.mod").read_text()


def start_run(root: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(root)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


# The real entry, on another clone and with one piece.
RUN = """
import sys
from pathlib import Path
import toolchain.__main__ as entry
from tests.toolchain.test_ensure import TINY
entry.ROOT = Path(sys.argv.pop())
entry.pieces = lambda sdk: [TINY]
entry.write_language_host = lambda places: None
sys.argv.append("--build")
sys.exit(entry.main())
"""


def test_a_second_run_waits_for_the_first_and_has_nothing_to_do(places: Places) -> None:
    (places.root / "requirements.txt").write_text("")
    places.results.mkdir(parents=True)
    with (places.results / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        waiting = start_run(places.root)
        assert waiting.stdout is not None
        assert waiting.stdout.readline() == (
            "toolchain: another run is at it in this clone; waiting for it to end\n"
        )
        make(places)
    rest, complaint = waiting.communicate()
    assert (rest, complaint) == ("toolchain: ready, nothing to do (engine 1.0.0+estate.test)\n", "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_build_leaves_no_compiler_and_goes_on_at_the_next_run(
    places: Places, number: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (places.root / "requirements.txt").write_text("")
    slow = tmp_path / "slow"
    slow.mkdir()
    go = slow / "go"
    go.write_text(
        '#!/bin/sh\n[ "$1" = build ] || { echo go1.26.0; exit 0; }\n'
        f"echo $$ > {slow}/pid\nexec sleep 60\n"
    )
    go.chmod(0o755)
    with monkeypatch.context() as changed:
        changed.setenv("PATH", f"{slow}{os.pathsep}{os.environ['PATH']}")
        running = start_run(places.root)
        while not (slow / "pid").exists() or not (slow / "pid").read_text().strip():
            time.sleep(0.02)
        running.send_signal(number)
        _, complaint = running.communicate()
    assert (running.returncode, complaint) == (
        130,
        "toolchain: interrupted; what is done is kept. Run it again to go on.\n",
    )
    assert not Path(f"/proc/{(slow / 'pid').read_text().strip()}").exists()
    again = start_run(places.root)
    assert again.wait() == 0
    assert is_ready(places, TINY, go_version())

"""The plugins that are written here have their own tests, in Go."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("module", ["command", "cloudflare"])
def test_the_plugins_own_tests_pass(module: str) -> None:
    answer = subprocess.run(
        ["go", "test", "./..."],
        cwd=ROOT / "toolchain" / module,
        env={**os.environ, "GOTOOLCHAIN": "local", "GOWORK": "off"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_no_go_file_is_longer_than_the_house_allows() -> None:
    files = list((ROOT / "toolchain").rglob("*.go"))
    assert len(files) > 20
    assert [str(file) for file in files if len(file.read_text().splitlines()) > 400] == []

"""The official engine and plugins are taken where they can be had, and only then."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from toolchain import official
from toolchain.places import Places

SDK = {"hcloud": "1.43.3", "docker": "5.2.0"}

# An official pulumi as far as the builder can see: it has a version and installs plugins.
PULUMI = """#!/bin/sh
echo "$@" >> "{log}"
if [ "$1" = version ]; then echo "{version}"; exit 0; fi
{download}
mkdir -p "$PULUMI_HOME/plugins/resource-$4-$5"
"""


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path / "clone")


def put_pulumi(
    folder: Path, version: str = "v3.260.0", download: str = "", language_host: bool = True
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    pulumi = folder / "pulumi"
    pulumi.write_text(PULUMI.format(log=folder / "log", version=version, download=download))
    names = ["pulumi", *(official.LANGUAGE_HOST if language_host else ())]
    for name in names:
        file = folder / name
        file.touch()
        file.chmod(0o755)
    return pulumi


def decide(
    places: Places, folder: Path, monkeypatch: pytest.MonkeyPatch, again: bool = False
) -> tuple[official.Decision, list[str]]:
    said: list[str] = []
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return official.decide(SDK, places, said.append, again), said


def test_official_ones_are_taken_and_bin_leads_to_them(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulumi = put_pulumi(tmp_path / "official")
    decision, said = decide(places, pulumi.parent, monkeypatch)
    assert decision == official.Decision(pulumi, f"official pulumi at {pulumi}")
    assert said == [
        "1/2 hcloud: downloading the official plugin v1.43.3",
        "2/2 docker: downloading the official plugin v5.2.0",
    ]
    official.use(pulumi, places)
    names = ("pulumi", *official.LANGUAGE_HOST)
    assert {file.name: file.readlink() for file in places.bin.iterdir()} == {
        name: pulumi.parent / name for name in names
    }


@pytest.mark.parametrize(
    ("version", "why"),
    [
        ("v3.255.0", "is v3.255.0, older than v3.256.0"),
        ("v3.259.0+estate.built", "says 'v3.259.0+estate.built', which is not an official release"),
        ("v3.260.0-alpha.1", "says 'v3.260.0-alpha.1', which is not an official release"),
    ],
)
def test_an_old_or_unofficial_engine_is_not_taken(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, why: str
) -> None:
    pulumi = put_pulumi(tmp_path / "other", version)
    decision, said = decide(places, pulumi.parent, monkeypatch)
    assert (decision, said) == (official.Decision(None, f"{pulumi} {why}"), [])


def test_an_engine_that_a_clone_built_is_passed_over(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulumi = put_pulumi(tmp_path / "elsewhere" / ".estate" / "toolchain" / "bin")
    decision, _ = decide(places, pulumi.parent, monkeypatch)
    assert decision == official.Decision(None, "no official pulumi on PATH")


def test_an_engine_without_its_language_host_is_not_taken(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulumi = put_pulumi(tmp_path / "half", language_host=False)
    decision, _ = decide(places, pulumi.parent, monkeypatch)
    assert decision.why == f"{pulumi} has no pulumi-language-python beside it"


@pytest.mark.parametrize(
    ("download", "why"),
    [
        ("echo nope >&2; exit 1", "the official hcloud plugin cannot be had (nope)"),
        ("exec sleep 30", "the official hcloud plugin did not arrive within 0.5 s"),
    ],
)
def test_plugins_that_cannot_be_downloaded_lead_to_building_soon(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, download: str, why: str
) -> None:
    monkeypatch.setattr(official, "DOWNLOAD_SECONDS", 0.5)
    pulumi = put_pulumi(tmp_path / "offline", download=download)
    decision, said = decide(places, pulumi.parent, monkeypatch)
    assert decision == official.Decision(None, why)
    assert said == ["1/2 hcloud: downloading the official plugin v1.43.3"]


def test_the_decision_is_remembered_until_it_is_asked_again(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulumi = put_pulumi(tmp_path / "offline", download="exit 1")
    first, _ = decide(places, pulumi.parent, monkeypatch)
    log = (pulumi.parent / "log").read_text()
    assert decide(places, pulumi.parent, monkeypatch) == (first, [])
    assert (pulumi.parent / "log").read_text() == log
    _, said = decide(places, pulumi.parent, monkeypatch, again=True)
    assert said == ["1/2 hcloud: downloading the official plugin v1.43.3"]
    assert json.loads(places.stamp("decision").read_text())["engine"] is None


def test_another_pulumi_on_path_is_looked_at(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(places, tmp_path / "nowhere", monkeypatch)
    pulumi = put_pulumi(tmp_path / "official")
    decision, _ = decide(places, pulumi.parent, monkeypatch)
    assert decision.engine == pulumi

"""A configuration that is wrong ends the program before the first resource, with all findings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pulumi
import pytest

from tests.components.program import SECRETS, Recorder, configuration, run_into

DEV = "Pulumi.dev.yaml"


@pytest.mark.parametrize(
    ("changes", "findings"),
    [
        (
            {"estate:systm": "presuite", "estate:system": "presuit", "estate:dns_ttl_seconds": 1},
            [
                f"{DEV} > config > dns_ttl_seconds: input should be greater than or equal to 60, "
                "got '1'.",
                f"{DEV} > config: 'systm' is not a key. Did you mean 'system'?",
                f"{DEV} > config > estate:system: there is no config/systems/presuit.yaml. "
                "Known: presuite.",
            ],
        ),
        (
            {"estate:servers": {"drvie": {}}, "hcloud:token": "short", "cloudflare:apiToken": ""},
            [
                f"{DEV} > config > servers: there is no server 'drvie'. Known: drive.",
                f"{DEV} > hcloud:token: has 5 characters, a token of Hetzner has 64. Make one: "
                "Cloud Console > project > Security > API tokens.",
                f"{DEV} > cloudflare:apiToken: is not set. Run: pulumi config set -s dev --secret "
                "cloudflare:apiToken",
            ],
        ),
    ],
)
def test_all_findings_are_one_error_and_nothing_is_asked_for(
    changes: dict[str, Any],
    findings: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recorder, error = refused({**configuration("dev"), **changes}, tmp_path, monkeypatch)
    assert str(error) == "\n".join(["the configuration is refused:", *findings])
    assert (recorder.requests, recorder.calls) == ({}, [])
    assert list(tmp_path.iterdir()) == []


def test_a_refusal_shows_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = {**configuration("dev"), "estate:public_keys": "none", "hcloud:token": "hunter2"}
    _, error = refused(values, tmp_path, monkeypatch)
    for value in (*SECRETS.values(), "hunter2"):
        assert value not in str(error)


def refused(
    values: dict[str, Any], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Recorder, pulumi.RunError]:
    monkeypatch.chdir(folder)
    monkeypatch.delenv("HCLOUD_TOKEN", raising=False)
    monkeypatch.delenv("CLOUDFLARE_API_TOKEN", raising=False)
    recorder = Recorder()
    with pytest.raises(pulumi.RunError) as error:
        run_into(recorder, "dev", values, monkeypatch)
    return recorder, error.value

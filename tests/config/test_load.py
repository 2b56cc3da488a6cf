"""Settings are the same, however the configuration arrives; names are put into one form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from config import ConfigError, Settings, load
from config.engine import values_and_secret_keys
from services.postgres import Settings as Postgres
from tests.config import given


def loaded(values: dict[str, Any], secret_keys: list[str] | None = None) -> Settings:
    return load("dev", values, secret_keys or [])


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_committed_stacks_load(stack: str) -> None:
    settings = load(stack, given.stack_values(stack), [])
    assert (settings.stack, settings.system.name) == (stack, "presuite")
    assert settings.stack_file == f"Pulumi.{stack}.yaml"
    assert settings.system_file == "config/systems/presuite.yaml"


def test_predrive_is_what_its_owner_documents() -> None:
    system = loaded(given.stack_values()).system
    assert system.stack_servers == {"predrive": "drive"}
    assert list(system.services["predrive"]) == ["db", "files", "api", "web", "nginx"]
    assert system.services["predrive"]["db"] == Postgres(
        kind="postgres",
        version="16.10",
        database="predrive",
        volume="pgdata",
        memory_mb=512,
        cpus=1,
    )


def test_text_as_the_engine_hands_it_over_gives_the_same_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    changes = {"estate:delete_protection": True, "estate:dns_ttl_seconds": 600}
    values = given.stack_values(changes=changes)
    texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in values.items()}
    assert texts["estate:delete_protection"] == "true"
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({**texts, "estate:deploy-key": "[{secret"}))
    monkeypatch.setenv("PULUMI_CONFIG_SECRET_KEYS", json.dumps(["estate:deploy-key"]))
    from_engine = load("dev", *values_and_secret_keys())
    assert from_engine == loaded(
        {**values, "estate:deploy-key": {"secure": "v1:…"}}, ["estate:deploy-key"]
    )
    assert from_engine.environment.delete_protection is True
    assert from_engine.environment.dns_ttl_seconds == 600


def test_without_the_engine_there_is_no_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PULUMI_CONFIG", raising=False)
    monkeypatch.delenv("PULUMI_CONFIG_SECRET_KEYS", raising=False)
    assert values_and_secret_keys() == ({}, frozenset())


def test_of_secrets_only_the_names_are_kept() -> None:
    values = {**given.stack_values(), "estate:deploy-key": "hunter2", "hcloud:token": "hunter2"}
    settings = loaded(values, ["estate:deploy-key", "hcloud:token"])
    assert settings.secrets == {"deploy-key"}
    assert "hunter2" not in repr(settings)


def test_keys_of_other_projects_are_not_ours() -> None:
    assert loaded({**given.stack_values(), "aws:region": "eu"}) == loaded(given.stack_values())


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("PreDrive.EU", "predrive.eu"),
        ("predrive.eu.", "predrive.eu"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
    ],
)
def test_a_zone_is_written_in_any_case_and_with_any_letters(written: str, meant: str) -> None:
    zones = {written: {"name": written}}
    settings = loaded({**given.stack_values(), "estate:zones": zones})
    assert {zone: actual.name for zone, actual in settings.environment.zones.items()} == {
        meant: meant
    }


@pytest.mark.parametrize(
    "zone", ["predrive", "-a.eu", "a-.eu", "a_b.eu", "a b.eu", "a..eu", "*.eu", "a.eu/x", "1.2.3.4"]
)
def test_what_is_no_domain_name_is_refused(zone: str) -> None:
    with pytest.raises(ConfigError) as refused:
        loaded(given.stack_values(changes={"estate:zones|predrive.eu|name": zone}))
    (finding,) = refused.value.findings
    where = "Pulumi.dev.yaml > config > zones > predrive.eu > name: "
    assert finding.startswith(f"{where}'{zone}' is not a domain name")


def test_a_url_loses_its_last_slash() -> None:
    changes = {"estate:s3|endpoint": "https://s3.test/"}
    s3 = loaded(given.stack_values(changes=changes)).environment.s3
    assert s3 is not None
    assert s3.endpoint == "https://s3.test"


def test_settings_cannot_be_changed() -> None:
    settings = loaded(given.stack_values())
    with pytest.raises(ValueError, match="frozen"):
        settings.environment.dns_ttl_seconds = 1


def test_a_system_is_found_in_another_folder(tmp_path: Path) -> None:
    settings = given.settings(tmp_path, content={"network|zone": "us-east"})
    assert settings.system.network.zone == "us-east"

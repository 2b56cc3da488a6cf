"""The schemas that editors use say what the models say."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from config.schema import stack_schema, system_schema
from tests.config import given

DB = "stacks|predrive|services|db"
COMMITTED = given.ROOT / "docs" / "schema"


@pytest.mark.parametrize(
    ("name", "generated"), [("stack", stack_schema()), ("system", system_schema())]
)
def test_the_committed_schema_is_the_generated_one(name: str, generated: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(generated)
    # Written by `estate schema`.
    assert json.loads((COMMITTED / f"{name}.json").read_text()) == generated


@pytest.mark.parametrize("file", sorted((given.ROOT / "config" / "systems").glob("*.yaml")))
def test_committed_systems_follow_the_schema(file: Any) -> None:
    assert wrong(system_schema(), yaml.safe_load(file.read_text())) == []


@pytest.mark.parametrize("file", sorted(given.ROOT.glob("Pulumi.*.yaml")))
def test_committed_stacks_follow_the_schema(file: Any) -> None:
    assert wrong(stack_schema(), yaml.safe_load(file.read_text())) == []


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"colour": "red"}, ""),
        ({"servers|drive|datacenter": "nbg1-dc3"}, "servers/drive"),
        ({"servers|Drive_1": {}}, "servers"),
        ({"stacks|predrive|services": {}}, "stacks/predrive/services"),
        ({f"{DB}|kind": "postgre"}, "stacks/predrive/services/db/kind"),
        ({f"{DB}|kind": given.ABSENT}, "stacks/predrive/services/db"),
        ({f"{DB}|colour": "red"}, "stacks/predrive/services/db"),
        ({f"{DB}|memory_mb": "much"}, "stacks/predrive/services/db/memory_mb"),
        ({f"{DB}|database": given.ABSENT}, "stacks/predrive/services/db"),
        (
            {"stacks|predrive|services|web|image": "presuite/web"},
            "stacks/predrive/services/web/image",
        ),
    ],
)
def test_a_wrong_system_does_not_follow_the_schema(changes: dict[str, Any], path: str) -> None:
    assert path in wrong(system_schema(), given.system(changes))


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"estate:system": given.ABSENT}, "config"),
        ({"estate:colour": "red"}, "config/estate:colour"),
        ({"estate:predrive-jwt-secret": "in the open"}, "config/estate:predrive-jwt-secret"),
        ({"estate:s3|bucket": "b"}, "config/estate:s3"),
        ({"estate:dns_ttl_seconds": 10}, "config/estate:dns_ttl_seconds"),
    ],
)
def test_a_wrong_stack_does_not_follow_the_schema(changes: dict[str, Any], path: str) -> None:
    assert path in wrong(stack_schema(), {"config": given.stack_values(changes=changes)})


def test_secrets_and_keys_of_providers_follow_the_schema() -> None:
    changes = {
        "estate:predrive-jwt-secret": {"secure": "v1:abc"},
        "hcloud:token": {"secure": "v1:abc"},
        "hcloud:pollInterval": "100ms",
    }
    content = {"encryptionsalt": "v1:abc", "config": given.stack_values(changes=changes)}
    assert wrong(stack_schema(), content) == []


def wrong(schema: dict[str, Any], content: Any) -> list[str]:
    """Where the content does not follow the schema."""
    errors = Draft202012Validator(schema).iter_errors(content)
    return ["/".join(str(step) for step in error.absolute_path) for error in errors]

"""The bridged plugins take what the installed SDKs send; the manual names where they do not."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pulumi_docker
import pulumi_hcloud
import pytest

from tests.toolchain.sdk_shapes import differences, schema_inputs, sdk_inputs

ROOT = Path(__file__).resolve().parents[2]
SDKS = {"hcloud": pulumi_hcloud, "docker": pulumi_docker}
RESOURCES = {
    "hcloud": [
        "Firewall", "FirewallAttachment", "FloatingIp", "Network", "NetworkRoute", "NetworkSubnet",
        "PlacementGroup", "PrimaryIp", "Rdns", "Server", "ServerNetwork", "SshKey", "Volume",
        "VolumeAttachment",
    ],
    "docker": ["Container", "Network", "RemoteImage", "Volume"],
}  # fmt: skip
CASES = [(package, name) for package, names in RESOURCES.items() for name in names]


def schema_of(package: str) -> Path:
    return ROOT / "toolchain" / package / "generated" / "schema.json"


def listed(package: str, name: str) -> set[str]:
    """The manual's lines: - `hcloud Server networks[].subnetId: SDK string, plugin without`"""
    manual = (ROOT / "docs" / "toolchain.md").read_text()
    return set(re.findall(rf"^- `{package} {name} (.+?)`", manual, flags=re.MULTILINE))


@pytest.mark.parametrize(("package", "name"), CASES)
def test_a_resource_has_the_same_shape_in_sdk_and_plugin_but_for_what_the_manual_lists(
    package: str, name: str
) -> None:
    sdk = SDKS[package]
    arguments = getattr(sdk, f"{name}InitArgs", None) or getattr(sdk, f"{name}Args")
    token = f"{package}:index/{name[0].lower()}{name[1:]}:{name}"
    found = differences(schema_of(package), token, getattr(sdk, name), arguments)
    assert found == listed(package, name)


@pytest.mark.parametrize("package", SDKS)
def test_a_provider_takes_the_settings_that_the_sdk_sends(package: str) -> None:
    schema = json.loads(schema_of(package).read_text())
    provider = schema["provider"]
    ours = schema_inputs(schema, provider["inputProperties"], provider.get("requiredInputs", []))
    assert ours == sdk_inputs(SDKS[package].ProviderArgs)


def test_the_manual_lists_no_resource_that_is_not_compared() -> None:
    manual = (ROOT / "docs" / "toolchain.md").read_text()
    named = set(re.findall(r"^- `(hcloud|docker) (\w+) ", manual, flags=re.MULTILINE))
    assert named <= set(CASES)

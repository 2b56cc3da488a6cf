"""What a user is told before anything happens, by the real engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from tests.end_to_end.clone import Clone

pytestmark = pytest.mark.end_to_end

Edit = Callable[[dict[str, Any]], None]
SYSTEM = "config/systems/presuite.yaml"


def services(system: dict[str, Any]) -> dict[str, Any]:
    return dict(system["stacks"]["predrive"]["services"])


def location_as_datacenter(system: dict[str, Any]) -> None:
    system["servers"]["drive"]["datacenter"] = "nbg1-dc3"
    del system["servers"]["drive"]["location"]


def second_edge(system: dict[str, Any]) -> None:
    system["stacks"]["predrive"]["services"]["edge"] = services(system)["nginx"]


REFUSED: dict[str, tuple[Edit, list[str]]] = {
    "unknown key and wrong type, both at once": (
        lambda s: services(s)["db"].update(databse="x", memory_mb="much"),
        [
            f"{SYSTEM} > stacks > predrive > services > db: 'databse' is not a key. "
            "Did you mean 'database'?",
            f"{SYSTEM} > stacks > predrive > services > db > memory_mb: expected a whole number, "
            "got 'much'.",
        ],
    ),
    "datacenter": (
        location_as_datacenter,
        [
            f"{SYSTEM} > servers > drive: 'datacenter' is not a key. Hetzner took datacenters out "
            "of its API (2026-07-01). Use location, e.g. nbg1.",
            f"{SYSTEM} > servers > drive: 'location' is missing.",
        ],
    ),
    "port and host name used twice": (
        second_edge,
        [
            f"{SYSTEM} > servers > drive: port 443 is taken twice, by 'predrive.nginx' and by "
            "'predrive.edge'. Give one of them another port.",
            f"{SYSTEM} > stacks: host name 'predrive.test' is used twice, by "
            "'predrive.nginx' and by 'predrive.edge'.",
        ],
    ),
    "a server that does not exist": (
        lambda s: s["stacks"]["predrive"].update(server="driv"),
        [
            f"{SYSTEM} > stacks > predrive > server: there is no server 'driv'. Known: drive.",
        ],
    ),
    "a type that the location does not have": (
        lambda s: s["servers"]["drive"].update(server_type="cpx11"),
        [
            f"{SYSTEM} > servers > drive: 'cpx11' is not offered in nbg1, only in ash, hil, sin.",
        ],
    ),
    "a secret that is missing": (
        lambda s: services(s)["api"]["environment"].update(TOKEN="${secret.api-token}"),
        [
            "Pulumi.dev.yaml > secrets: 'api-token' is not set. Run: estate secrets init -s dev",
        ],
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_input_is_refused_before_any_resource(
    clone: Clone, first_preview: dict[str, str], name: str
) -> None:
    edit, expected = REFUSED[name]
    path = clone.folder / SYSTEM
    good = path.read_text()
    try:
        clone.system(edit)
        result = clone.run("pulumi", "preview", "-s", "dev", check=False)
    finally:
        path.write_text(good)
    assert result.code != 0
    assert [line for line in expected if line not in result.text] == [], result.text
    assert "Traceback" not in result.text
    assert "hcloud:" not in result.text.replace("hcloud:token", "")


def test_prod_without_credentials_says_what_to_set(clone: Clone) -> None:
    clone.run("pulumi", "stack", "init", "prod", "--no-select")
    result = clone.run("pulumi", "preview", "-s", "prod", check=False)
    assert result.code != 0
    for key in ("hcloud:token", "cloudflare:apiToken"):
        line = f"Pulumi.prod.yaml > {key}: is not set. "
        assert f"{line}Run: pulumi config set -s prod --secret {key}" in result.text
    assert "Run: estate secrets init -s prod" in result.text
    assert "Traceback" not in result.text


def test_prod_with_tokens_of_the_local_cloud_previews(
    clone: Clone, first_preview: dict[str, str]
) -> None:
    # Production's zone, system and sizes; only the two clouds' addresses and tokens are ours.
    clone.run("estate", "sandbox", "connect", "-s", "prod")
    planned = clone.preview("prod")
    assert set(planned.values()) == {"create"}
    assert "cloudflare:index/dnsRecord:DnsRecord::predrive.eu-a" in planned
    values = yaml.safe_load((clone.folder / "Pulumi.prod.yaml").read_text())["config"]
    assert values["estate:acme"]["directory"].startswith("https://acme-v02.api.letsencrypt.org/")

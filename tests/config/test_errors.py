"""What a wrong configuration is told: all of it, and never the value of a neighbour."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from config import ConfigError
from config.errors import unknown
from tests.config import given

ABSENT = given.ABSENT
SYSTEM = "config/systems/presuite.yaml"
DRIVE = f"{SYSTEM} > servers > drive"
SERVICES = f"{SYSTEM} > stacks > predrive > services"
STACK = "Pulumi.dev.yaml > config"
DB = "stacks|predrive|services|db"
API = "stacks|predrive|services|api"
NGINX = "stacks|predrive|services|nginx"
KINDS = "application, bucket, nginx, postgres, static_files"

IN_THE_SYSTEM: list[tuple[dict[str, Any], list[str]]] = [
    (
        {"servers|drive|server_tipe": "cx23"},
        [f"{DRIVE}: 'server_tipe' is not a key. Did you mean 'server_type'?"],
    ),
    (
        {"servers|drive|flavour": "cx23"},
        [
            f"{DRIVE}: 'flavour' is not a key. "
            "Known: image, location, private_ip, server_type, volumes."
        ],
    ),
    (
        {"servers|drive|datacenter": "nbg1-dc3", "servers|drive|location": ABSENT},
        [
            f"{DRIVE}: 'location' is missing.",
            f"{DRIVE}: 'datacenter' is not a key. Hetzner took datacenters out of its API "
            "(2026-07-01). Use location, e.g. nbg1.",
        ],
    ),
    (
        {"servers|drive|volumes|pgdata|size": 5},
        [f"{DRIVE} > volumes > pgdata: 'size' is not a key. Did you mean 'size_gb'?"],
    ),
    (
        {"servers|drive|volumes|pgdata|size_gb": 5},
        [
            f"{DRIVE} > volumes > pgdata > size_gb: input should be greater than or equal to 10, "
            "got '5'."
        ],
    ),
    ({"servers|drive": None}, [f"{DRIVE}: expected keys with values, got nothing."]),
    (
        {"servers|drive|private_ip": "10.40.1"},
        [f"{DRIVE} > private_ip: '10.40.1' is not an IPv4 address such as 10.0.1.10."],
    ),
    (
        {"network|ip_range": "10.40.0.1/16"},
        [
            f"{SYSTEM} > network > ip_range: '10.40.0.1/16' is not an IPv4 range such as "
            "10.0.0.0/16."
        ],
    ),
    (
        {"servers": ABSENT, "network": ABSENT},
        [f"{SYSTEM}: 'network' is missing.", f"{SYSTEM}: 'servers' is missing."],
    ),
    ({"stacks": ["predrive"]}, [f"{SYSTEM} > stacks: expected keys with values, got a list."]),
    (
        {"stacks|predrive|host": "drive"},
        [f"{SYSTEM} > stacks > predrive: 'host' is not a key. Known: server, services."],
    ),
    ({"stacks|predrive|services": {}}, [f"{SERVICES}: is empty."]),
    (
        {"stacks|predrive|services": None},
        [f"{SERVICES}: expected keys with values, got nothing."],
    ),
    (
        {f"{DB}|databse": "x"},
        [f"{SERVICES} > db: 'databse' is not a key. Did you mean 'database'?"],
    ),
    (
        {f"{DB}|kind": "postgre"},
        [f"{SERVICES} > db > kind: 'postgre' is not a service. Known: {KINDS}."],
    ),
    ({f"{DB}|kind": ABSENT}, [f"{SERVICES} > db: 'kind' is missing. Known: {KINDS}."]),
    ({DB: "postgres"}, [f"{SERVICES} > db: 'kind' is missing. Known: {KINDS}."]),
    (
        {f"{DB}|memory_mb": "much"},
        [f"{SERVICES} > db > memory_mb: expected a whole number, got 'much'."],
    ),
    (
        {f"{DB}|memory_mb": 1.5},
        [f"{SERVICES} > db > memory_mb: expected a whole number, got '1.5'."],
    ),
    (
        {f"{DB}|memory_mb": 8},
        [
            f"{SERVICES} > db > memory_mb: input should be greater than or equal to 64, got '8'.",
        ],
    ),
    ({f"{DB}|version": 16.10}, [f"{SERVICES} > db > version: expected text, got '16.1'."]),
    ({f"{DB}|version": True}, [f"{SERVICES} > db > version: expected text, got true."]),
    (
        {f"{API}|environment|PORT": 3000},
        [f"{SERVICES} > api > environment > PORT: expected text, got '3000'."],
    ),
    (
        {f"{API}|environment": ["A=b"]},
        [f"{SERVICES} > api > environment: expected keys with values, got a list."],
    ),
    ({f"{API}|command": "run"}, [f"{SERVICES} > api > command: expected a list, got 'run'."]),
    (
        {f"{API}|read_only": "perhaps"},
        [f"{SERVICES} > api > read_only: expected true or false, got 'perhaps'."],
    ),
    (
        {f"{API}|image": "presuite/api"},
        [
            f"{SERVICES} > api > image: 'presuite/api' is not an image with its version, such as "
            "nginx:1.28.0."
        ],
    ),
    (
        {f"{NGINX}|domain": "a.eu"},
        [f"{SERVICES} > nginx: 'domain' is not a key. Use hosts."],
    ),
    (
        {f"{NGINX}|hosts": {"a b.eu": {"/": "web"}}},
        [
            f"{SERVICES} > nginx > hosts: has 'a b.eu', which is not a host name such as "
            "www.example.org."
        ],
    ),
    ({f"{NGINX}|hosts": {}}, [f"{SERVICES} > nginx > hosts: is empty."]),
    (
        {"servers|drive|size": 1, f"{DB}|memory_mb": "much", f"{API}|port": ABSENT, "extra": 1},
        [
            f"{DRIVE}: 'size' is not a key. Known: image, location, private_ip, server_type, "
            "volumes.",
            f"{SYSTEM}: 'extra' is not a key. Known: network, servers, stacks.",
            f"{SERVICES} > db > memory_mb: expected a whole number, got 'much'.",
            f"{SERVICES} > api: 'port' is missing.",
        ],
    ),
]

IN_THE_STACK: list[tuple[dict[str, Any], list[str]]] = [
    (
        {"estate:system": "presuit"},
        [f"{STACK} > estate:system: there is no config/systems/presuit.yaml. Known: presuite."],
    ),
    ({"estate:system": ABSENT}, [f"{STACK}: 'system' is missing."]),
    ({"estate:system": ["presuite"]}, [f"{STACK} > system: expected text, got a list."]),
    (
        {"estate:zones|predrive.eu|name": "localhost"},
        [
            f"{STACK} > zones > predrive.eu > name: 'localhost' is not a domain name such as "
            "example.org."
        ],
    ),
    (
        {"estate:zones|predrive.eu": "predrive.test"},
        [f"{STACK} > zones > predrive.eu: expected keys with values, got 'predrive.test'."],
    ),
    (
        {"estate:acme": "https://acme.test"},
        [f"{STACK} > acme: expected keys with values, got 'https://acme.test'."],
    ),
    (
        {"estate:acme": '{"directory": '},
        [f"{STACK} > acme: expected keys with values, got '{{\"directory\": '."],
    ),
    (
        {"estate:acme|directory": "acme.test"},
        [f"{STACK} > acme > directory: 'acme.test' is not an http(s) URL."],
    ),
    (
        {"estate:acme|mail": "a@b.eu"},
        [f"{STACK} > acme: 'mail' is not a key. Did you mean 'email'?"],
    ),
    (
        {"estate:s3": {"endpoint": "https://s3.test", "region": ""}},
        [f"{STACK} > s3 > region: is empty."],
    ),
    (
        {"estate:ssh_sources": ["203.0.113.5/24"]},
        [f"{STACK} > ssh_sources > 0: '203.0.113.5/24' is not an IP range such as 203.0.113.0/24."],
    ),
    (
        {"estate:ssh_source": ["203.0.113.0/24"]},
        [f"{STACK}: 'ssh_source' is not a key. Did you mean 'ssh_sources'?"],
    ),
    (
        {"estate:dns-ttl-seconds": 300},
        [f"{STACK}: 'dns-ttl-seconds' is not a key. Did you mean 'dns_ttl_seconds'?"],
    ),
    (
        {"estate:dns_ttl_seconds": 10},
        [f"{STACK} > dns_ttl_seconds: input should be greater than or equal to 60, got '10'."],
    ),
    (
        {"estate:delete_protection": "maybe"},
        [f"{STACK} > delete_protection: expected true or false, got 'maybe'."],
    ),
    (
        {"estate:servers|drive|type": "cx33"},
        [f"{STACK} > servers > drive: 'type' is not a key. Known: image, location, server_type."],
    ),
    (
        {"estate:public_keys|deploy": "AAAA"},
        [f"{STACK} > public_keys > deploy: is not an OpenSSH public key ('ssh-ed25519 AAAA…')."],
    ),
    (
        {"estate:acme|email": ABSENT, "estate:colour": "red", "estate:system": "presuit"},
        [
            f"{STACK} > acme: 'email' is missing.",
            f"{STACK}: 'colour' is not a key. Known: acme, delete_protection, dns_ttl_seconds, "
            "images, public_keys, s3, servers, ssh_keys, ssh_sources, system, zones.",
            f"{STACK} > estate:system: there is no config/systems/presuit.yaml. Known: presuite.",
        ],
    ),
]


@pytest.mark.parametrize(("changes", "findings"), IN_THE_SYSTEM)
def test_a_wrong_system_file_is_told(
    changes: dict[str, Any], findings: list[str], tmp_path: Path
) -> None:
    assert refused(tmp_path, content=changes) == findings


@pytest.mark.parametrize(("changes", "findings"), IN_THE_STACK)
def test_a_wrong_stack_file_is_told(
    changes: dict[str, Any], findings: list[str], tmp_path: Path
) -> None:
    assert refused(tmp_path, values=changes) == findings


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("", f"{SYSTEM}: expected keys with values, got nothing."),
        ("- a\n", f"{SYSTEM}: expected keys with values, got a list."),
        (
            "a: [1\n",
            f"{SYSTEM}: cannot be read: line 2, column 1: did not find expected ',' or ']'.",
        ),
        (
            "network: {}\nservers: {}\nnetwork: {}\n",
            f"{SYSTEM}: cannot be read: 'network' stands twice, in line 1 and 3.",
        ),
    ],
)
def test_a_file_that_is_no_system_at_all_is_told(text: str, finding: str, tmp_path: Path) -> None:
    assert refused(tmp_path, content=text) == [finding]


@pytest.mark.parametrize(
    "changes",
    [
        {f"{DB}|database": ABSENT, f"{DB}|parameters": {"passphrase": "hunter2"}},
        {f"{DB}|kind": {"passphrase": "hunter2"}},
        {f"{DB}|kind": ABSENT, f"{DB}|password": "hunter2"},
        {f"{API}|port": ABSENT, f"{API}|environment": {"TOKEN": "hunter2"}},
        {f"{API}|environment": [{"TOKEN": "hunter2"}]},
        {f"{API}|port": {"TOKEN": "hunter2"}},
        {f"{API}|tokem": "hunter2"},
    ],
)
def test_an_error_never_shows_what_stands_beside_it(
    changes: dict[str, Any], tmp_path: Path
) -> None:
    assert "hunter2" not in "\n".join(refused(tmp_path, content=changes))


def test_a_secret_in_the_open_is_refused_without_showing_it(tmp_path: Path) -> None:
    values = {"estate:predrive-jwt-secret": "hunter2"}
    others = [name for name in given.SECRETS if name != "predrive-jwt-secret"]
    assert refused(tmp_path, values=values, secrets=others) == [
        f"{STACK} > estate:predrive-jwt-secret: is not a key; if it is a secret, it stands here "
        "in the open. Run: pulumi config set -s dev --secret estate:predrive-jwt-secret"
    ]


def test_a_long_value_is_shown_in_part(tmp_path: Path) -> None:
    changes = {f"{API}|command": "x" * 61}
    assert refused(tmp_path, content=changes) == [
        f"{SERVICES} > api > command: expected a list, got '{'x' * 60}…'."
    ]


def test_the_error_is_one_line_a_finding() -> None:
    error = ConfigError(["one", "two"])
    assert (str(error), error.findings) == ("one\ntwo", ("one", "two"))


def test_an_old_name_is_only_told_where_it_is_not_a_key() -> None:
    assert unknown("here", "value", ["content"]) == "here: 'value' is not a key. Use content."
    assert unknown("here", "value", ["value", "values"]) == (
        "here: 'value' is not a key. Did you mean 'value'?"
    )


def refused(folder: Path, **changes: Any) -> list[str]:
    with pytest.raises(ConfigError) as error:
        given.settings(folder, **changes)
    return list(error.value.findings)

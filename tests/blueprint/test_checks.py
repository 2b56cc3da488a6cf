"""What is refused before the first resource, as whole sentences."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from blueprint.checks import check, check_credentials
from blueprint.draw import draw
from tests.config import given

SYSTEM = "config/systems/presuite.yaml"
STACK = "Pulumi.dev.yaml"
SERVICES = "stacks|predrive|services"
MAKE = "Run: estate secrets init -s dev"
HUB = {"server_type": "cx23", "location": "nbg1", "private_ip": "10.40.1.10"}
EDGE = {"kind": "nginx", "version": "1.28.0"}
WORKER = {"kind": "application", "image": "a/worker:1", "port": 3001}

IN_THE_SYSTEM: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a port taken twice": (
        {f"{SERVICES}|edge": {**EDGE, "hosts": {"www.predrive.eu": {"/": "web"}}}},
        [
            f"{SYSTEM} > servers > drive: port {port} is taken twice, by 'predrive.nginx' and by "
            "'predrive.edge'. Give one of them another port."
            for port in (80, 443)
        ],
    ),
    "a host name used twice": (
        {
            "servers|hub": HUB,
            "stacks|second": {
                "server": "hub",
                "services": {
                    "web": {"kind": "static_files", "image": "a/web:1"},
                    "edge": {**EDGE, "hosts": {"PreDrive.EU": {"/": "web"}}},
                },
            },
        },
        [
            f"{SYSTEM} > stacks: host name 'predrive.test' is used twice, by 'predrive.nginx' and "
            "by 'second.edge'."
        ],
    ),
    "a host name in no zone": (
        {f"{SERVICES}|nginx|hosts": {"predrive.org": {"/": "web"}, "xpredrive.eu": {"/": "web"}}},
        [
            f"{STACK} > config > zones: no zone holds 'predrive.org' (of 'predrive.nginx'). "
            "Known: predrive.test.",
            f"{STACK} > config > zones: no zone holds 'xpredrive.eu' (of 'predrive.nginx'). "
            "Known: predrive.test.",
        ],
    ),
    "a stack on a server that is not there": (
        {"stacks|predrive|server": "drvie"},
        [f"{SYSTEM} > stacks > predrive > server: there is no server 'drvie'. Known: drive."],
    ),
    "a type that is not offered there": (
        {"servers|drive|location": "ash"},
        [
            f"{SYSTEM} > servers > drive: 'cx23' is not offered in ash, only in fsn1, hel1, nbg1. "
            "In ash there are: cpx11, cpx21, cpx31, cpx41, cpx51, ccx13, ccx23, ccx33, ccx43, "
            "ccx53, ccx63."
        ],
    ),
    "an unknown location": (
        {"servers|drive|location": "nbg2"},
        [
            f"{SYSTEM} > servers > drive > location: 'nbg2' is not a location. "
            "Known: fsn1, hel1, nbg1, ash, hil, sin."
        ],
    ),
    "an unknown type": (
        {"servers|drive|server_type": "cx21"},
        [
            f"{SYSTEM} > servers > drive > server_type: 'cx21' is not known. Known: cx23, cx33, "
            "cx43, cx53, cax11, cax21, cax31, cax41, cpx11, cpx21, cpx31, cpx41, cpx51, cpx12, "
            "cpx22, cpx32, cpx42, cpx52, cpx62, ccx13, ccx23, ccx33, ccx43, ccx53, ccx63."
        ],
    ),
    "a subnet outside the network": (
        {"network|subnet": "10.41.1.0/24", "servers|drive|private_ip": "10.41.1.30"},
        [f"{SYSTEM} > network > subnet: 10.41.1.0/24 is not inside ip_range 10.40.0.0/16."],
    ),
    "an address outside the subnet": (
        {"servers|drive|private_ip": "10.40.2.30"},
        [
            f"{SYSTEM} > servers > drive > private_ip: 10.40.2.30 is not a usable address of "
            "10.40.1.0/24."
        ],
    ),
    "the subnet's own address": (
        {"servers|drive|private_ip": "10.40.1.0"},
        [
            f"{SYSTEM} > servers > drive > private_ip: 10.40.1.0 is not a usable address of "
            "10.40.1.0/24."
        ],
    ),
    "the gateway's address": (
        {"servers|drive|private_ip": "10.40.1.1"},
        [
            f"{SYSTEM} > servers > drive > private_ip: 10.40.1.1 is not a usable address of "
            "10.40.1.0/24."
        ],
    ),
    "the broadcast address": (
        {"servers|drive|private_ip": "10.40.1.255"},
        [
            f"{SYSTEM} > servers > drive > private_ip: 10.40.1.255 is not a usable address of "
            "10.40.1.0/24."
        ],
    ),
    "an address taken twice": (
        {"servers|hub": {**HUB, "private_ip": "10.40.1.30"}},
        [f"{SYSTEM} > servers: 10.40.1.30 is taken twice, by 'drive' and by 'hub'."],
    ),
    "more memory than there is": (
        {f"{SERVICES}|db|memory_mb": 3137},
        [
            f"{SYSTEM} > servers > drive: its containers may take 3585 MB, 'cx23' has 3584 MB for "
            "them. Choose a larger type or smaller memory_mb."
        ],
    ),
    "a volume that is not there": (
        {f"{SERVICES}|db|volume": "pg"},
        [
            f"{SYSTEM} > stacks > predrive: server 'drive' has no volume 'pg'. Known: pgdata.",
        ],
    ),
    "a volume of another server": (
        {
            "servers|drive|volumes": {},
            "servers|hub": {**HUB, "volumes": {"pgdata": {"size_gb": 10}}},
        },
        [f"{SYSTEM} > stacks > predrive: server 'drive' has no volume 'pgdata'. Known: none."],
    ),
    "a volume for two services": (
        {
            f"{SERVICES}|more": {
                "kind": "postgres",
                "version": "16.10",
                "database": "more",
                "volume": "pgdata",
                "password": "predrive-db-password",
            }
        },
        [
            f"{SYSTEM} > servers > drive > volumes: 'pgdata' is taken twice, by 'predrive.db' and "
            "by 'predrive.more'. Give each of them its own."
        ],
    ),
    "two volumes of one name": (
        {"servers|hub": {**HUB, "volumes": {"pgdata": {"size_gb": 10}}}},
        [
            f"{SYSTEM} > servers: there are two volumes 'pgdata', at 'drive' and at 'hub'. Give "
            "one of them another name."
        ],
    ),
    "a circle of two": (
        {
            f"{SERVICES}|api|environment|WORKER": "${worker.url}",
            f"{SERVICES}|worker": {**WORKER, "environment": {"API": "${api.url}"}},
        },
        [
            f"{SYSTEM} > stacks > predrive: 'api' refers to 'worker' refers to 'api', so none of "
            "them can start first. Take one of the references out."
        ],
    ),
}

IN_THE_STACK: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a choice for a server that is not there": (
        {"estate:servers": {"drvie": {"location": "fsn1"}}},
        [f"{STACK} > config > servers: there is no server 'drvie'. Known: drive."],
    ),
    "a choice of a location that has no such type": (
        {"estate:servers": {"drive": {"location": "sin"}}},
        [
            f"{STACK} > config > servers > drive: 'cx23' is not offered in sin, only in fsn1, "
            "hel1, nbg1. In sin there are: cpx11, cpx21, cpx31, cpx41, cpx51, ccx13, ccx23, "
            "ccx33, ccx43, ccx53, ccx63."
        ],
    ),
    "no public keys": (
        {"estate:public_keys": given.ABSENT},
        [f"{STACK} > config > public_keys: the deploy key is missing. {MAKE}"],
    ),
    "no host key of a server": (
        {"estate:public_keys|hosts": {}},
        [f"{STACK} > config > public_keys: 'drive' is missing. {MAKE}"],
    ),
}


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_committed_system_passes(stack: str, tmp_path: Path) -> None:
    assert findings(tmp_path, stack=stack) == []


@pytest.mark.parametrize("case", IN_THE_SYSTEM)
def test_a_system_is_refused_for(case: str, tmp_path: Path) -> None:
    changes, expected = IN_THE_SYSTEM[case]
    secrets = (*given.SECRETS, "host-key-hub")
    hosts = {**given.PUBLIC_KEYS["hosts"], "hub": "ssh-ed25519 AAAAhub hub"}
    values: dict[str, Any] = {"estate:public_keys|hosts": hosts}
    assert findings(tmp_path, content=changes, secrets=secrets, values=values) == expected


@pytest.mark.parametrize("case", IN_THE_STACK)
def test_a_stack_is_refused_for(case: str, tmp_path: Path) -> None:
    changes, expected = IN_THE_STACK[case]
    assert findings(tmp_path, values=changes) == expected


def test_a_missing_secret_says_how_it_comes(tmp_path: Path) -> None:
    given_by_issuer = "Run: pulumi config set -s dev --secret estate:"
    assert findings(tmp_path, secrets=()) == [
        f"{STACK} > secrets: 'deploy-key' is not set. {MAKE}",
        f"{STACK} > secrets: 'host-key-drive' is not set. {MAKE}",
        f"{STACK} > secrets: 'predrive-db-password' is not set. {MAKE}",
        f"{STACK} > secrets: 'predrive-jwt-secret' is not set. {MAKE}",
        f"{STACK} > secrets: 's3-access-key' is not set. {given_by_issuer}s3-access-key",
        f"{STACK} > secrets: 's3-secret-key' is not set. {given_by_issuer}s3-secret-key",
    ]


def test_all_findings_come_at_once(tmp_path: Path) -> None:
    content = {"servers|drive|location": "nbg2", f"{SERVICES}|db|volume": "pg"}
    values: dict[str, Any] = {"estate:servers": {"drvie": {}}}
    secrets = given.SECRETS[1:]
    assert findings(tmp_path, content=content, values=values, secrets=secrets) == [
        f"{STACK} > config > servers: there is no server 'drvie'. Known: drive.",
        f"{SYSTEM} > servers > drive > location: 'nbg2' is not a location. "
        "Known: fsn1, hel1, nbg1, ash, hil, sin.",
        f"{SYSTEM} > stacks > predrive: server 'drive' has no volume 'pg'. Known: pgdata.",
        f"{STACK} > secrets: 'deploy-key' is not set. {MAKE}",
    ]


def test_a_circle_of_three_names_all_of_them(tmp_path: Path) -> None:
    content = {
        f"{SERVICES}|a": {**WORKER, "environment": {"NEXT": "${b.url}"}},
        f"{SERVICES}|b": {**WORKER, "environment": {"NEXT": "${c.url}"}},
        f"{SERVICES}|c": {**WORKER, "environment": {"NEXT": "${a.url}"}},
    }
    (finding,) = findings(tmp_path, content=content)
    ring = finding.removeprefix(f"{SYSTEM} > stacks > predrive: ").partition(",")[0]
    assert ring in {
        "'a' refers to 'b' refers to 'c' refers to 'a'",
        "'b' refers to 'c' refers to 'a' refers to 'b'",
        "'c' refers to 'a' refers to 'b' refers to 'c'",
    }


TOKEN = "t" * 64


@pytest.mark.parametrize(
    ("values", "environment", "expected"),
    [
        ({"hcloud:token": TOKEN, "cloudflare:apiToken": "c"}, {}, []),
        ({}, {"HCLOUD_TOKEN": TOKEN, "CLOUDFLARE_API_TOKEN": "c"}, []),
        (
            {"cloudflare:apiToken": "c"},
            {},
            [
                f"{STACK} > hcloud:token: is not set. "
                "Run: pulumi config set -s dev --secret hcloud:token"
            ],
        ),
        (
            {"hcloud:token": "hunter2", "cloudflare:apiToken": "c"},
            {"HCLOUD_TOKEN": TOKEN},
            [
                f"{STACK} > hcloud:token: has 7 characters, a token of Hetzner has 64. "
                "Make one: Cloud Console > project > Security > API tokens."
            ],
        ),
        (
            {"hcloud:token": TOKEN},
            {"CLOUDFLARE_API_TOKEN": ""},
            [
                f"{STACK} > cloudflare:apiToken: is not set. "
                "Run: pulumi config set -s dev --secret cloudflare:apiToken"
            ],
        ),
    ],
)
def test_the_clouds_tokens_are_looked_for_in_the_stack_then_in_the_shell(
    values: dict[str, str], environment: dict[str, str], expected: list[str], tmp_path: Path
) -> None:
    assert check_credentials(given.settings(tmp_path), values, environment) == expected


def findings(folder: Path, **changes: Any) -> list[str]:
    settings = given.settings(folder, **changes)
    return check(settings, draw(settings))

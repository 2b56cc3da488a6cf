"""What the program asks the clouds and the servers for, resource by resource."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.components.program import UNKNOWN, Recorder, Secret, identity_of

SERVER_ID = identity_of("hcloud:index/server:Server", "drive")
DEV = {"system": "presuite", "environment": "dev"}
WORLD = ["0.0.0.0/0", "::/0"]


def test_every_resource_is_there_once_and_no_other(dev: Recorder) -> None:
    assert sorted(f"{kind.rpartition(':')[2]} {name}" for kind, name in dev.requests) == [
        "Command drive-first-contact",
        "Command drive-settle",
        "Command pgdata-mount",
        "Command predrive-bucket-predrive",
        "Command predrive-nginx-conf",
        "Command predrive-pgdata-directory",
        "Command predrive.test-certificate",
        "Command predrive.test-placeholder",
        "Container predrive-api",
        "Container predrive-db",
        "Container predrive-nginx",
        "Container predrive-web",
        "DnsRecord predrive.test-a",
        "DnsRecord predrive.test-aaaa",
        "DockerStack predrive",
        "Firewall drive",
        "Foundation presuite",
        "Network predrive",
        "Network presuite",
        "NetworkSubnet presuite",
        "PlacementGroup presuite",
        "PrimaryIp drive-ipv4",
        "PrimaryIp drive-ipv6",
        "Records presuite",
        "Server drive",
        "ServerHost drive",
        "ServerNetwork drive",
        "ServerVolume pgdata",
        "SshKey presuite",
        "Volume pgdata",
        "Volume predrive-pgdata",
        "Volume predrive-web",
        "VolumeAttachment pgdata",
        "docker drive",
    ]


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_a_first_preview_names_all_that_up_makes(
    stack: str, request: pytest.FixtureRequest
) -> None:
    preview: Recorder = request.getfixturevalue(f"{stack}_preview")
    up: Recorder = request.getfixturevalue(stack)
    assert preview.requests.keys() == up.requests.keys()


def test_a_first_preview_connects_to_nothing_that_is_not_there(dev_preview: Recorder) -> None:
    assert dev_preview.inputs(":docker", "drive")["host"] == UNKNOWN
    for (kind, _), request in dev_preview.requests.items():
        if kind == "command:remote:Command":
            assert request.inputs["connection"] == Secret(UNKNOWN)


def test_the_server_is_whole(dev: Recorder) -> None:
    inputs = dict(dev.inputs(":Server", "drive"))
    assert isinstance(inputs.pop("userData"), Secret)
    assert inputs == {
        "name": "presuite-dev-drive",
        "serverType": "cx23",
        "location": "nbg1",
        "image": "ubuntu-24.04",
        "labels": DEV,
        "sshKeys": ["presuite-dev"],
        "firewallIds": [id_of("firewall:Firewall", "drive")],
        "placementGroupId": id_of("placementGroup:PlacementGroup", "presuite"),
        "publicNets": [
            {
                "ipv4Enabled": True,
                "ipv4": id_of("primaryIp:PrimaryIp", "drive-ipv4"),
                "ipv6Enabled": True,
                "ipv6": id_of("primaryIp:PrimaryIp", "drive-ipv6"),
            }
        ],
        "deleteProtection": False,
        "rebuildProtection": False,
    }


def test_the_private_network_is_whole(dev: Recorder) -> None:
    network = id_of("network:Network", "presuite")
    assert dev.inputs("hcloud:index/network:Network", "presuite") == {
        "name": "presuite-dev",
        "ipRange": "10.40.0.0/16",
        "labels": DEV,
    }
    assert dev.inputs(":NetworkSubnet", "presuite") == {
        "networkId": network,
        "type": "cloud",
        "networkZone": "eu-central",
        "ipRange": "10.40.1.0/24",
    }
    assert dev.inputs(":ServerNetwork", "drive") == {
        "serverId": int(SERVER_ID),
        "networkId": network,
        "ip": "10.40.1.30",
    }


def test_the_firewall_opens_what_is_published_and_ssh(dev: Recorder) -> None:
    assert dev.inputs(":Firewall", "drive") == {
        "name": "presuite-dev-drive",
        "labels": DEV,
        "rules": [
            {
                "direction": "in",
                "protocol": "icmp",
                "sourceIps": WORLD,
                "description": "ping and path MTU discovery",
            },
            rule("22", "SSH"),
            rule("80", "predrive nginx"),
            rule("443", "predrive nginx"),
        ],
    }


def test_the_volume_is_protected_and_attached_but_mounted_by_us(dev: Recorder) -> None:
    assert dev.inputs("hcloud:index/volume:Volume", "pgdata") == {
        "name": "presuite-dev-pgdata",
        "size": 10,
        "location": "nbg1",
        "labels": DEV,
        "deleteProtection": True,
    }
    assert dev.inputs(":VolumeAttachment", "pgdata") == {
        "volumeId": id_of("volume:Volume", "pgdata"),
        "serverId": int(SERVER_ID),
        "automount": False,
    }


def test_records_hold_the_addresses_that_outlive_the_server(dev: Recorder) -> None:
    common = {
        "zoneId": "0123456789abcdef0123456789abcdef",
        "name": "predrive.test",
        "ttl": 300,
        "proxied": False,
    }
    assert dev.inputs(":DnsRecord", "predrive.test-a") == {
        **common,
        "type": "A",
        "content": "198.18.0.10",
    }
    assert dev.inputs(":DnsRecord", "predrive.test-aaaa") == {
        **common,
        "type": "AAAA",
        "content": "2001:db8::1",
    }
    assert dev.calls == [
        ("cloudflare:index/getZone:getZone", {"filter": {"name": "predrive.test"}})
    ]


def test_production_protects_what_it_owns_and_has_its_own_names(prod: Recorder) -> None:
    own = {"system": "presuite", "environment": "prod"}
    names = {}
    for (kind, name), request in prod.requests.items():
        if kind.startswith("hcloud:") and "labels" in request.inputs:
            assert request.inputs["labels"] == own, name
            names[f"{kind.rpartition(':')[2]} {name}"] = request.inputs["name"]
    assert names == {
        "SshKey presuite": "presuite-prod",
        "Network presuite": "presuite-prod",
        "PlacementGroup presuite": "presuite-prod",
        "PrimaryIp drive-ipv4": "presuite-prod-drive-ipv4",
        "PrimaryIp drive-ipv6": "presuite-prod-drive-ipv6",
        "Firewall drive": "presuite-prod-drive",
        "Server drive": "presuite-prod-drive",
        "Volume pgdata": "presuite-prod-pgdata",
    }
    protected = {
        name: request.inputs["deleteProtection"]
        for (_, name), request in prod.requests.items()
        if "deleteProtection" in request.inputs
    }
    assert protected == {"drive-ipv4": True, "drive-ipv6": True, "drive": True, "pgdata": True}
    assert prod.inputs(":Server", "drive")["rebuildProtection"] is True


def test_the_docker_provider_knows_the_host_by_its_pinned_key_alone(dev: Recorder) -> None:
    inputs = dev.inputs(":docker", "drive")
    assert inputs["host"] == "ssh://deploy@198.18.0.10:22"
    options = json.loads(inputs["sshOpts"])
    assert options[:2] == ["-F", "/dev/null"]
    assert dict(option.split("=") for option in options[3::2]) == {
        "IdentityFile": ".estate/ssh/dev/id",
        "IdentitiesOnly": "yes",
        "IdentityAgent": "none",
        "UserKnownHostsFile": ".estate/ssh/dev/known_hosts",
        "GlobalKnownHostsFile": "/dev/null",
        "StrictHostKeyChecking": "yes",
        "HostKeyAlias": "drive",
        "BatchMode": "yes",
        "ConnectTimeout": "15",
        "ServerAliveInterval": "15",
    }


def test_what_the_stack_tells_is_whole(dev: Recorder) -> None:
    assert dev.outputs == {
        "addresses": {
            "drive": {"ipv4": "198.18.0.10", "ipv6": "2001:db8::1", "private": "10.40.1.30"}
        },
        "urls": ["https://predrive.test/"],
        "connections": Secret(
            {
                "predrive.db": {
                    "host": "db",
                    "port": "5432",
                    "database": "predrive",
                    "user": "predrive",
                    "password": "p@ss/w:rd #1?%&=é",
                    "url": "postgresql://predrive:"
                    "p%40ss%2Fw%3Ard%20%231%3F%25%26%3D%C3%A9@db:5432/predrive",
                },
                "predrive.files": {
                    "endpoint": "https://s3.cloud.test",
                    "region": "us-east-1",
                    "bucket": "predrive",
                    "access_key": "AKIDEXAMPLE",
                    "secret_key": "sk\"\\'$quoted/+=",
                },
                "predrive.api": {"host": "api", "port": "3000", "url": "http://api:3000"},
            }
        ),
    }


def id_of(kind: str, name: str) -> int:
    return int(identity_of(f"hcloud:index/{kind}", name))


def rule(port: str, description: str) -> dict[str, Any]:
    return {
        "direction": "in",
        "protocol": "tcp",
        "port": port,
        "sourceIps": WORLD,
        "description": description,
    }

"""What the program asks the clouds and the servers for, resource by resource."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.components.program import UNKNOWN, Recorder, Secret, identity_of

SERVER_ID = identity_of("hcloud:index/server:Server", "drive")
DEV = {"system": "presuite", "environment": "dev"}
WORLD = ["0.0.0.0/0", "::/0"]
ON_SERVER = [
    {"label": "estate.server", "value": SERVER_ID},
    {"label": "estate.stack", "value": "predrive"},
]
EVERY_CONTAINER = {
    "hostname": None,
    "labels": ON_SERVER,
    "logDriver": "json-file",
    "logOpts": {"max-file": "3", "max-size": "10m"},
    "networkMode": "bridge",
    "readOnly": True,
    "securityOpts": ["no-new-privileges:true"],
    "waitTimeout": 180,
}
LASTING = {
    "attach": False,
    "logs": False,
    "mustRun": True,
    "restart": "unless-stopped",
    "wait": True,
}


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


def test_the_database_container_is_whole(dev: Recorder) -> None:
    assert dev.inputs(":Container", "predrive-db") == {
        **EVERY_CONTAINER,
        **LASTING,
        "name": "predrive-db",
        "hostname": "db",
        "image": "postgres:16.10",
        "command": ["postgres"],
        "envs": [
            "POSTGRES_DB=predrive",
            Secret("POSTGRES_PASSWORD=p@ss/w:rd #1?%&=é"),
            "POSTGRES_USER=predrive",
        ],
        "user": "999:999",
        "capabilities": {"adds": [], "drops": ["ALL"]},
        "cpus": "1.0",
        "memory": 512,
        "memorySwap": 512,
        "mounts": [mount("pgdata", "/var/lib/postgresql/data", kind="volume", read_only=False)],
        "networksAdvanced": [{"name": "predrive", "aliases": ["db"]}],
        "ports": [],
        "tmpfs": {"/tmp": "mode=1777", "/var/run/postgresql": "mode=1777"},  # noqa: S108
        "healthcheck": health("pg_isready", "-q", "-U", "predrive", "-d", "predrive"),
        "stopSignal": "SIGINT",
        "stopTimeout": 60,
        "destroyGraceSeconds": 60,
    }
    assert dev.inputs("docker:index/volume:Volume", "predrive-pgdata") == {
        "name": "pgdata",
        "driver": "local",
        "driverOpts": {"type": "none", "o": "bind", "device": "/mnt/pgdata/pgdata"},
        "labels": ON_SERVER,
    }


def test_the_api_container_is_whole_and_its_secrets_arrive_unchanged(dev: Recorder) -> None:
    assert dev.inputs(":Container", "predrive-api") == {
        **EVERY_CONTAINER,
        **LASTING,
        "name": "predrive-api",
        "hostname": "api",
        "image": "presuite/predrive-api:1.0.0",
        "envs": [
            Secret(
                "DATABASE_URL=postgresql://predrive:"
                "p%40ss%2Fw%3Ard%20%231%3F%25%26%3D%C3%A9@db:5432/predrive"
            ),
            Secret("JWT_SECRET=line one\nline $two 'and' \"three\" %40 @/#\\ ${db.url}"),
            "NODE_ENV=production",
            "PORT=3000",
            Secret("S3_ACCESS_KEY=AKIDEXAMPLE"),
            "S3_BUCKET=predrive",
            "S3_ENDPOINT=https://s3.cloud.test",
            "S3_REGION=us-east-1",
            Secret("S3_SECRET_KEY=sk\"\\'$quoted/+="),
        ],
        "capabilities": {"adds": [], "drops": ["ALL"]},
        "cpus": "1.0",
        "memory": 256,
        "memorySwap": 256,
        "mounts": [],
        "networksAdvanced": [{"name": "predrive", "aliases": ["api"]}],
        "ports": [],
        "tmpfs": {"/tmp": "mode=1777"},  # noqa: S108
        "healthcheck": health("wget", "-q", "-O", "/dev/null", "http://127.0.0.1:3000/health"),
        "stopTimeout": 15,
        "destroyGraceSeconds": 15,
    }


def test_the_nginx_container_is_whole(dev: Recorder) -> None:
    home = "/srv/predrive/nginx"
    assert dev.inputs(":Container", "predrive-nginx") == {
        **EVERY_CONTAINER,
        **LASTING,
        "name": "predrive-nginx",
        "hostname": "nginx",
        "image": "nginx:1.28.0",
        "envs": [],
        "capabilities": {
            "adds": ["CAP_CHOWN", "CAP_NET_BIND_SERVICE", "CAP_SETGID", "CAP_SETUID"],
            "drops": ["ALL"],
        },
        "cpus": "1.0",
        "memory": 128,
        "memorySwap": 128,
        "mounts": [
            mount(f"{home}/conf.d", "/etc/nginx/conf.d", kind="bind", read_only=True),
            mount(f"{home}/certs", "/certs", kind="bind", read_only=True),
            mount(f"{home}/acme", "/acme", kind="bind", read_only=True),
            mount("predrive-web", "/files/predrive-web", kind="volume", read_only=True),
        ],
        "networksAdvanced": [{"name": "predrive", "aliases": ["nginx"]}],
        "ports": [
            {"internal": 80, "external": 80, "protocol": "tcp"},
            {"internal": 443, "external": 443, "protocol": "tcp"},
        ],
        "tmpfs": {"/tmp": "mode=1777", "/run": "mode=0755", "/var/cache/nginx": ""},  # noqa: S108
        "healthcheck": health("curl", "-fsS", "http://127.0.0.1/nginx-health"),
        "stopSignal": "SIGQUIT",
        "stopTimeout": 30,
        "destroyGraceSeconds": 30,
    }


def test_the_files_container_runs_once_and_is_waited_for(dev: Recorder) -> None:
    inputs = dev.inputs(":Container", "predrive-web")
    once = {"attach": True, "logs": True, "mustRun": False, "restart": "no", "wait": False}
    assert {key: inputs[key] for key in once} == once
    assert "healthcheck" not in inputs


def test_nothing_but_nginx_publishes_ports(made: Recorder) -> None:
    ports = {name: inputs["ports"] for name, inputs in containers(made).items()}
    assert {name for name, published in ports.items() if published} == {"predrive-nginx"}


def test_every_container_is_limited_and_looked_after(made: Recorder) -> None:
    found = containers(made)
    assert len(found) == 4
    for name, inputs in found.items():
        once = not inputs["mustRun"]
        assert once or inputs["healthcheck"]["tests"], name
        assert inputs["restart"] == ("no" if once else "unless-stopped"), name
        assert 16 <= inputs["memory"] == inputs["memorySwap"], name
        assert float(inputs["cpus"]) > 0, name
        assert inputs["logOpts"] == {"max-file": "3", "max-size": "10m"}, name
        assert inputs["capabilities"]["drops"] == ["ALL"], name
        assert inputs["securityOpts"] == ["no-new-privileges:true"], name
        assert inputs["readOnly"] is True, name


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


def containers(recorder: Recorder) -> dict[str, dict[str, Any]]:
    return {
        name: request.inputs
        for (kind, name), request in recorder.requests.items()
        if kind == "docker:index/container:Container"
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


def mount(source: str, target: str, *, kind: str, read_only: bool) -> dict[str, Any]:
    return {"type": kind, "source": source, "target": target, "readOnly": read_only}


def health(*command: str) -> dict[str, Any]:
    return {
        "tests": ["CMD", *command],
        "interval": "10s",
        "timeout": "5s",
        "retries": 6,
        "startPeriod": "60s",
    }

"""What is decided about PreSuite in the dev stack, as plain values."""

from __future__ import annotations

from pathlib import Path

import pytest

from blueprint.draw import draw
from blueprint.parts import (
    Blueprint,
    Container,
    Network,
    Record,
    Rule,
    Secret,
    Server,
    SshKey,
    Volume,
    Zone,
)
from config import ConfigError
from tests.config import given

WORLD = ("0.0.0.0/0", "::/0")
DEV = {"system": "presuite", "environment": "dev"}


@pytest.fixture
def dev(tmp_path: Path) -> Blueprint:
    return draw(given.settings(tmp_path))


def test_the_server_is_whole(dev: Blueprint) -> None:
    assert dev.servers == (
        Server(
            name="drive",
            server_type="cx23",
            location="nbg1",
            image="ubuntu-24.04",
            private_ip="10.40.1.30",
            rules=(
                Rule("icmp", None, WORLD, "ping and path MTU discovery"),
                Rule("tcp", 22, WORLD, "SSH"),
                Rule("tcp", 80, WORLD, "predrive nginx"),
                Rule("tcp", 443, WORLD, "predrive nginx"),
            ),
            host_key=Secret("host-key-drive"),
            host_public_key="ssh-ed25519 AAAAhost drive",
            authorized_keys=(SshKey("presuite-deploy", "ssh-ed25519 AAAAdeploy presuite-dev"),),
            delete_protection=False,
            packages=("docker.io",),
            labels=DEV,
        ),
    )


def test_network_zones_records_and_volumes_are_whole(dev: Blueprint) -> None:
    assert (dev.system, dev.environment) == ("presuite", "dev")
    assert dev.network == Network("presuite", "10.40.0.0/16", "10.40.1.0/24", "eu-central")
    assert dev.zones == (Zone("predrive.test"),)
    assert dev.records == (
        Record("predrive.test", "predrive.test", "A", 300, server="drive"),
        Record("predrive.test", "predrive.test", "AAAA", 300, server="drive"),
    )
    assert dev.volumes == (Volume("pgdata", "drive", "nbg1", 10, protect=True, labels=DEV),)


def test_connections_hold_what_dependents_need_with_secrets_by_name(dev: Blueprint) -> None:
    assert dev.connections == {
        "predrive.db": {
            "host": ("db",),
            "port": ("5432",),
            "database": ("predrive",),
            "user": ("predrive",),
            "password": (Secret("predrive-db-password"),),
            "url": (
                "postgresql://predrive:",
                Secret("predrive-db-password", "url"),
                "@db:5432/predrive",
            ),
        },
        "predrive.files": {
            "endpoint": ("https://s3.cloud.test",),
            "region": ("us-east-1",),
            "bucket": ("predrive",),
            "access_key": (Secret("s3-access-key", given=True),),
            "secret_key": (Secret("s3-secret-key", given=True),),
        },
        "predrive.api": {"host": ("api",), "port": ("3000",), "url": ("http://api:3000",)},
    }


def test_containers_wait_for_those_that_they_use(dev: Blueprint) -> None:
    (stack,) = dev.stacks
    assert (stack.name, stack.server) == ("predrive", "drive")
    assert {container.name: container.after for container in stack.containers} == {
        "db": (),
        "api": ("db",),
        "web": (),
        "nginx": ("web", "api"),
    }


def test_the_environment_of_the_api_is_whole(dev: Blueprint) -> None:
    assert container(dev, "api").environment == {
        "NODE_ENV": ("production",),
        "PORT": ("3000",),
        "DATABASE_URL": (
            "postgresql://predrive:",
            Secret("predrive-db-password", "url"),
            "@db:5432/predrive",
        ),
        "JWT_SECRET": (Secret("predrive-jwt-secret"),),
        "S3_ENDPOINT": ("https://s3.cloud.test",),
        "S3_REGION": ("us-east-1",),
        "S3_BUCKET": ("predrive",),
        "S3_ACCESS_KEY": (Secret("s3-access-key", given=True),),
        "S3_SECRET_KEY": (Secret("s3-secret-key", given=True),),
    }


def test_secrets_are_counted_wherever_they_stand(dev: Blueprint) -> None:
    assert dev.secret_names() == (
        "host-key-drive",
        "predrive-db-password",
        "predrive-jwt-secret",
        "s3-access-key",
        "s3-secret-key",
    )
    assert dev.given_secret_names() == {"s3-access-key", "s3-secret-key"}


def test_production_differs_from_dev_in_what_its_file_says_alone(
    tmp_path: Path, dev: Blueprint
) -> None:
    prod = draw(given.settings(tmp_path, stack="prod"))
    (here,), (there,) = dev.servers, prod.servers
    differing = {name for name in vars(here) if getattr(here, name) != getattr(there, name)}
    assert differing == {"delete_protection", "labels"}
    assert there.delete_protection is True
    assert prod.zones == (Zone("predrive.eu"),)
    assert [record.name for record in prod.records] == ["predrive.eu", "predrive.eu"]
    assert {c.acme_directory for s in prod.stacks for c in s.certificates} == {
        "https://acme-v02.api.letsencrypt.org/directory"
    }


def test_an_environment_chooses_sizes_images_sources_and_keys(tmp_path: Path) -> None:
    chosen = draw(
        given.settings(
            tmp_path,
            values={
                "estate:servers": {
                    "drive": {"server_type": "cpx22", "location": "fsn1", "image": "debian-13"}
                },
                "estate:images": {"postgres": "registry.test/postgres"},
                "estate:ssh_sources": ["203.0.113.0/24"],
                "estate:ssh_keys": {"anna": "ssh-ed25519 AAAAanna anna@example.org"},
                "estate:dns_ttl_seconds": 60,
                "estate:zones|predrive.eu|id": "0" * 32,
            },
        )
    )
    (server,) = chosen.servers
    assert (server.server_type, server.location, server.image) == ("cpx22", "fsn1", "debian-13")
    assert server.rules[1] == Rule("tcp", 22, ("203.0.113.0/24",), "SSH")
    assert server.authorized_keys[1] == SshKey("anna", "ssh-ed25519 AAAAanna anna@example.org")
    assert [volume.location for volume in chosen.volumes] == ["fsn1"]
    assert [record.ttl for record in chosen.records] == [60, 60]
    assert chosen.zones == (Zone("predrive.test", "0" * 32),)
    assert container(chosen, "db").image == "registry.test/postgres:16.10"


def test_a_record_goes_to_the_innermost_zone(tmp_path: Path) -> None:
    values = {
        "estate:zones|drive.predrive.eu": {"name": "drive.test"},
        "estate:zones|predrive.eu": {"name": "predrive.test"},
    }
    hosts = {"a.drive.predrive.eu": {"/": "web"}, "www.predrive.eu": {"/": "web"}}
    content = {"stacks|predrive|services|nginx|hosts": hosts}
    records = draw(given.settings(tmp_path, values=values, content=content)).records
    assert [(record.zone, record.name, record.type) for record in records] == [
        ("drive.test", "a.drive.test", "A"),
        ("drive.test", "a.drive.test", "AAAA"),
        ("predrive.test", "www.predrive.test", "A"),
        ("predrive.test", "www.predrive.test", "AAAA"),
    ]


def test_ports_open_the_firewall_of_their_own_server_alone(tmp_path: Path) -> None:
    hub = {"server_type": "cx23", "location": "nbg1", "private_ip": "10.40.1.10"}
    chosen = draw(given.settings(tmp_path, content={"servers|hub": hub}))
    rules = {server.name: [rule.port for rule in server.rules] for server in chosen.servers}
    assert rules == {"drive": [None, 22, 80, 443], "hub": [None, 22]}


def test_without_an_s3_service_the_bucket_alone_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        draw(given.settings(tmp_path, values={"estate:s3": given.ABSENT}))
    assert refused.value.findings == (
        "config/systems/presuite.yaml > stacks > predrive > services > files: needs an S3 "
        "service. Set estate:s3 (endpoint, region) in the stack.",
    )


def test_a_blueprint_says_the_same_each_time(tmp_path: Path, dev: Blueprint) -> None:
    again = draw(given.settings(tmp_path))
    assert (again, repr(again)) == (dev, repr(dev))


def container(blueprint: Blueprint, name: str) -> Container:
    (found,) = (c for stack in blueprint.stacks for c in stack.containers if c.name == name)
    return found

"""What the engine is told about replacing, deleting and waiting."""

from __future__ import annotations

import pytest

from tests.components.program import Recorder, identity_of

SERVER_ID = identity_of("hcloud:index/server:Server", "drive")
ADDRESS, SETTLED = "drive-ipv4", "drive-settle"


def test_only_the_volume_is_protected(made: Recorder) -> None:
    protected = [key for key, request in made.requests.items() if request.protect]
    assert protected == [("hcloud:index/volume:Volume", "pgdata")]


def test_what_is_read_once_does_not_replace_the_server(made: Recorder) -> None:
    ignored = {
        name: request.ignore_changes
        for (_, name), request in made.requests.items()
        if request.ignore_changes
    }
    assert ignored == {
        "drive": ("userData", "sshKeys"),
        "drive-ipv4": ("assigneeType",),
        "drive-ipv6": ("assigneeType",),
        "drive-first-contact": ("connection", "create", "stdin"),
    }
    assert made.request(":Server", "drive").ignore_changes == ("userData", "sshKeys")


def test_what_can_only_be_held_once_is_deleted_before_it_is_replaced(made: Recorder) -> None:
    kinds = {kind for (kind, _), r in made.requests.items() if r.delete_before_replace}
    assert kinds == {
        "hcloud:index/server:Server",
        "hcloud:index/volumeAttachment:VolumeAttachment",
        "cloudflare:index/dnsRecord:DnsRecord",
        "docker:index/network:Network",
        "docker:index/volume:Volume",
        "docker:index/container:Container",
    }


def test_whatever_is_on_the_server_goes_with_it_and_is_made_again(dev: Recorder) -> None:
    for (kind, name), request in dev.requests.items():
        if kind == "command:remote:Command":
            assert SERVER_ID in request.inputs["triggers"], name
        elif kind.startswith("docker:"):
            assert {"label": "estate.server", "value": SERVER_ID} in request.inputs["labels"], name
            assert request.provider == "drive", name
        else:
            continue
        assert request.deleted_with == "drive", name


@pytest.mark.parametrize(
    ("kind", "name", "needs"),
    [
        (":Command", "drive-first-contact", {"drive", ADDRESS}),
        (":Command", "drive-settle", {"drive", ADDRESS, "drive-first-contact"}),
        (":docker", "drive", {ADDRESS, "drive-first-contact"}),
        (":ServerNetwork", "drive", {"drive", "presuite"}),
        (":Command", "pgdata-mount", {"drive", ADDRESS, SETTLED, "pgdata"}),
        (":Command", "predrive-pgdata-directory", {"drive", ADDRESS, SETTLED, "pgdata-mount"}),
        ("docker:index/volume:Volume", "predrive-pgdata", {"drive", "predrive-pgdata-directory"}),
        ("docker:index/volume:Volume", "predrive-web", {"drive", SETTLED}),
        (
            ":Container",
            "predrive-db",
            {"drive", "predrive", "predrive-bucket-predrive", "predrive-pgdata"},
        ),
        (
            ":Container",
            "predrive-api",
            {"drive", "predrive", "predrive-bucket-predrive", "predrive-db"},
        ),
        (
            ":Container",
            "predrive-nginx",
            {
                "drive",
                "predrive",
                "predrive-bucket-predrive",
                "predrive-api",
                "predrive-web",
                "predrive-nginx-conf",
                "predrive.test-placeholder",
            },
        ),
        (
            ":Command",
            "predrive.test-certificate",
            {
                "drive",
                ADDRESS,
                SETTLED,
                "predrive-nginx",
                "predrive.test-a",
                "predrive.test-aaaa",
            },
        ),
    ],
)
def test_a_resource_waits_for_what_it_needs(
    kind: str, name: str, needs: set[str], dev: Recorder
) -> None:
    assert dev.request(kind, name).depends_on == needs


def test_a_server_has_a_quarter_of_an_hour_to_answer(made: Recorder) -> None:
    request = made.request(":Command", "drive-first-contact")
    assert request.create_timeout == "15m"


def test_the_first_contact_is_patient_and_later_ones_are_not(dev: Recorder) -> None:
    first = dev.inputs(":Command", "drive-first-contact")["connection"].value
    later = dev.inputs(":Command", "drive-settle")["connection"].value
    assert (first["dialErrorLimit"], first["perDialTimeout"]) == (-1, 5)
    assert (later["dialErrorLimit"], later["perDialTimeout"]) == (20, 15)
    same = {"host", "user", "privateKey", "hostKey"}
    assert {k: first[k] for k in same} == {k: later[k] for k in same}
    assert (later["host"], later["user"], later["hostKey"]) == (
        "198.18.0.10",
        "deploy",
        "ssh-ed25519 AAAAhost drive",
    )


def test_every_resource_has_a_component_for_a_parent(made: Recorder) -> None:
    components = {n for (kind, n) in made.requests if kind.startswith("estate:")}
    for (kind, name), request in made.requests.items():
        if not kind.startswith("estate:"):
            assert request.parent in components, name

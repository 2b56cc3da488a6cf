"""What Hetzner refuses, by its own codes; and that nothing is changed by it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.api.client import KEYS, LocalCloud

SERVER = {"name": "web", "server_type": "cx23", "image": "ubuntu-24.04", "location": "nbg1"}
NETWORK = {"name": "private", "ip_range": "10.0.0.0/16"}
VOLUME = {"name": "data", "size": 10, "location": "nbg1"}
IP = {"name": "front", "type": "ipv4", "assignee_type": "server", "location": "nbg1"}
RULE = {"direction": "in", "protocol": "tcp", "port": "22", "source_ips": ["0.0.0.0/0"]}
ANYWHERE = {"type": "server", "server": {"id": 1}}

INVALID: list[tuple[str, dict[str, Any], list[str]]] = [
    ("/servers", {}, ["name", "server_type", "image"]),
    ("/servers", {**SERVER, "name": "not a hostname"}, ["name"]),
    ("/servers", {**SERVER, "server_type": "cx999"}, ["server_type"]),
    ("/servers", {**SERVER, "image": "windows"}, ["image"]),
    ("/servers", {**SERVER, "location": "moon1"}, ["location"]),
    ("/servers", {**SERVER, "user_data": "x" * (32 * 1024 + 1)}, ["user_data"]),
    ("/servers", {**SERVER, "ssh_keys": ["nobody"]}, ["ssh_keys"]),
    ("/servers", {**SERVER, "labels": {"a b": "c"}}, ["labels"]),
    ("/servers", {**SERVER, "labels": {"hetzner.cloud/x": "c"}}, ["labels"]),
    (
        "/servers",
        {**SERVER, "public_net": {"enable_ipv4": False, "enable_ipv6": False}},
        ["public_net"],
    ),
    ("/volumes", {**VOLUME, "size": 9}, ["size"]),
    ("/volumes", {**VOLUME, "size": 10241}, ["size"]),
    ("/volumes", {**VOLUME, "format": "ntfs"}, ["format"]),
    ("/volumes", {"name": "data", "size": 10}, ["location"]),
    ("/networks", {**NETWORK, "ip_range": "8.8.0.0/16"}, ["ip_range"]),
    ("/networks", {**NETWORK, "ip_range": "10.0.0.1/16"}, ["ip_range"]),
    ("/firewalls", {"name": "door", "rules": [{**RULE, "port": None}]}, ["rules.0.port"]),
    ("/firewalls", {"name": "door", "rules": [{**RULE, "port": "0"}]}, ["rules.0.port"]),
    ("/firewalls", {"name": "door", "rules": [{**RULE, "port": "90-80"}]}, ["rules.0.port"]),
    ("/firewalls", {"name": "door", "rules": [{**RULE, "protocol": "icmp"}]}, ["rules.0.port"]),
    (
        "/firewalls",
        {"name": "door", "rules": [{**RULE, "source_ips": ["10.0.0.1/8"]}]},
        ["rules.0.source_ips"],
    ),
    (
        "/firewalls",
        {"name": "door", "rules": [{**RULE, "direction": "out"}]},
        ["rules.0.source_ips", "rules.0.destination_ips"],
    ),
    ("/ssh_keys", {"name": "ops", "public_key": "ssh-ed25519 notbase64!"}, ["public_key"]),
    ("/ssh_keys", {"name": "ops", "public_key": "ssh-rsa AAAAC3NzaC1lZDI1"}, ["public_key"]),
    ("/primary_ips", {**IP, "type": "ipv5"}, ["type"]),
    ("/primary_ips", {"name": "front", "type": "ipv4"}, ["assignee_type", "location"]),
    ("/placement_groups", {"name": "apart", "type": "close"}, ["type"]),
]


@pytest.mark.parametrize(("path", "body", "names"), INVALID)
def test_invalid_input_names_every_wrong_field_and_leaves_nothing(
    cloud: LocalCloud, path: str, body: dict[str, Any], names: list[str]
) -> None:
    answer = cloud.call("POST", path, body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (422, "invalid_input")
    assert [field["name"] for field in error["details"]["fields"]] == names
    left = {noun: of["count"] for noun, of in cloud.ok("GET", "/_estate/inventory").items()}
    assert set(left.values()) == {0}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/servers", {**SERVER, "start_after_create": False}),
        ("/networks", NETWORK),
        ("/volumes", VOLUME),
        ("/primary_ips", IP),
        ("/firewalls", {"name": "door"}),
        ("/placement_groups", {"name": "apart", "type": "spread"}),
        ("/ssh_keys", {"name": "ops", "public_key": KEYS["ops"]}),
    ],
)
def test_a_name_is_taken_once_and_the_refusal_names_the_field(
    cloud: LocalCloud, path: str, body: dict[str, Any]
) -> None:
    cloud.ok("POST", path, body)
    answer = cloud.call("POST", path, body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (409, "uniqueness_error")
    assert [field["name"] for field in error["details"]["fields"]] == ["name"]
    assert len(cloud.ok("GET", path)[path.removeprefix("/")]) == 1


def test_a_key_is_taken_once_under_any_name(cloud: LocalCloud) -> None:
    cloud.ssh_key()
    body = {"name": "other", "public_key": KEYS["ops"]}
    assert cloud.refused("POST", "/ssh_keys", body) == (409, "uniqueness_error")


@pytest.mark.parametrize(
    "path",
    [
        "/servers/1",
        "/networks/1",
        "/volumes/1",
        "/primary_ips/1",
        "/firewalls/1",
        "/placement_groups/1",
        "/ssh_keys/1",
        "/actions/1",
        "/images/1",
        "/server_types/1",
        "/locations/99",
        "/isos/1",
    ],
)
def test_what_is_not_there_is_not_found(cloud: LocalCloud, path: str) -> None:
    assert cloud.refused("GET", path) == (404, "not_found")


def test_protected_resources_are_not_deleted(cloud: LocalCloud) -> None:
    rows = {
        "servers": cloud.server(),
        "networks": cloud.network(),
        "volumes": cloud.volume(),
        "primary_ips": cloud.primary_ip(),
    }
    for plural, row in rows.items():
        path = f"/{plural}/{row['id']}"
        both = {"delete": True, "rebuild": True} if plural == "servers" else {"delete": True}
        cloud.done(cloud.ok("POST", f"{path}/actions/change_protection", both))
        assert cloud.refused("DELETE", path) == (423, "protected")
        (found,) = cloud.ok("GET", path).values()
        assert found["protection"] == both
    path = f"/servers/{rows['servers']['id']}/actions/rebuild"
    assert cloud.refused("POST", path, {"image": "debian-12"}) == (423, "protected")


def test_a_type_is_not_sold_where_it_is_not_listed(cloud: LocalCloud) -> None:
    for server_type, location in [("cx23", "ash"), ("cx22", "nbg1"), ("cpx12", "fsn1")]:
        body = {**SERVER, "server_type": server_type, "location": location}
        assert cloud.refused("POST", "/servers", body) == (422, "invalid_input")


@pytest.mark.parametrize(
    ("authorization", "status"),
    [(None, 401), ("Bearer wrong", 401), ("Basic aDpo", 401), ("Bearer " + "h" * 63, 401)],
)
def test_without_the_token_there_is_no_answer(
    cloud: LocalCloud, authorization: str | None, status: int
) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    for path in ("/v1/servers", "/v1/no/such/call"):
        answer = cloud.http.get(path, headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (
            status,
            {"code": "unauthorized", "message": "unable to authenticate", "details": None},
        )


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/load_balancers"),
        ("GET", "/floating_ips"),
        ("GET", "/servers/1/metrics"),
        ("POST", "/servers/1/actions/enable_rescue"),
        ("PATCH", "/servers/1"),
    ],
)
def test_a_call_that_is_not_emulated_says_so_by_name(
    cloud: LocalCloud, method: str, path: str
) -> None:
    answer = cloud.call(method, path)
    message = f"{method} /v1{path} is not emulated"
    assert (answer.status_code, answer.json()["error"]) == (
        501,
        {"code": "not_implemented", "message": message, "details": None},
    )


def test_a_body_that_is_not_json_is_a_json_error(cloud: LocalCloud) -> None:
    headers = {"Authorization": f"Bearer {'h' * 64}"}
    answer = cloud.http.post("/v1/networks", content=b"{", headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "json_error")


def test_any_call_can_be_made_to_fail(cloud: LocalCloud) -> None:
    fault = {"code": "rate_limit_exceeded", "status": 429, "path": "/v1/networks", "times": 2}
    cloud.ok("POST", "/_estate/faults", fault)
    for _ in range(2):
        assert cloud.refused("POST", "/networks", NETWORK) == (429, "rate_limit_exceeded")
    cloud.ok("POST", "/networks", NETWORK)

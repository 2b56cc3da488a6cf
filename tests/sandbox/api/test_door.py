"""The control door, many callers at once, and whether the check against OpenAPI bites."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.sandbox.api import openapi
from tests.sandbox.api.client import LocalCloud


def test_the_inventory_counts_and_names_what_is_left(cloud: LocalCloud) -> None:
    cloud.server()
    zone = cloud.zone()
    record = {"type": "A", "name": "www", "content": "198.18.0.10", "ttl": 300}
    cloud.ok("POST", f"/client/v4/zones/{zone['id']}/dns_records", record)
    inventory = cloud.ok("GET", "/_estate/inventory")
    left = {noun: of["names"] for noun, of in inventory.items() if of["count"]}
    assert left == {
        "servers": ["web"],
        "primary_ips": sorted(ip["name"] for ip in cloud.ok("GET", "/primary_ips")["primary_ips"]),
        "zones": ["predrive.test"],
        "dns_records": ["www.predrive.test"],
    }
    assert len(left["primary_ips"]) == 2


def test_a_reset_leaves_no_machine_disk_bridge_or_name(cloud: LocalCloud) -> None:
    network, server = cloud.network(), cloud.server()
    attach = {"network": network["id"]}
    cloud.done(cloud.ok("POST", f"/servers/{server['id']}/actions/attach_to_network", attach))
    cloud.volume(location=None, server=server["id"])
    cloud.zone()
    left = cloud.ok("POST", "/_estate/reset")
    assert {of["count"] for of in left.values()} == {0}
    machines = cloud.machines
    assert (machines["servers"], machines["volumes"], machines["networks"]) == ({}, {}, [])
    assert cloud.published == {}


def test_the_door_opens_to_a_token_only_and_says_what_a_fault_is(cloud: LocalCloud) -> None:
    assert cloud.http.post("/_estate/reset").status_code == 401
    assert cloud.http.get("/_estate/inventory").status_code == 401
    assert cloud.http.get("/_estate/health").status_code == 200
    answer = cloud.call("POST", "/_estate/faults", {"kode": "conflict"})
    assert answer.status_code == 400
    assert "'code'" in answer.json()["error"]


def test_health_names_the_servers_and_their_status(cloud: LocalCloud) -> None:
    cloud.server()
    cloud.settle()
    expected = {"status": "ok", "jobs": 0, "servers": {"web": "running"}}
    assert cloud.ok("GET", "/_estate/health") == expected


def test_twenty_servers_at_once_get_an_address_each(cloud: LocalCloud) -> None:
    network = cloud.network()
    with ThreadPoolExecutor(10) as pool:
        servers = list(pool.map(lambda n: cloud.server(f"web-{n}"), range(20)))
        attach = [
            pool.submit(
                lambda id: cloud.done(
                    cloud.ok(
                        "POST",
                        f"/servers/{id}/actions/attach_to_network",
                        {"network": network["id"]},
                    )
                ),
                server["id"],
            )
            for server in servers
        ]
        for future in attach:
            future.result()
    found = cloud.ok("GET", "/servers")["servers"]
    public = {server["public_net"]["ipv4"]["ip"] for server in found}
    private = {server["private_net"][0]["ip"] for server in found}
    assert public == {f"198.18.0.{n}" for n in range(10, 30)}
    assert private == {f"10.0.0.{n}" for n in range(2, 22)}
    assert len({server["public_net"]["ipv6"]["ip"] for server in found}) == 20


def test_of_two_callers_for_one_name_one_is_refused(cloud: LocalCloud) -> None:
    body = {"name": "private", "ip_range": "10.0.0.0/16"}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: cloud.call("POST", "/networks", body), range(8)))
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 7]


def _answer(body: object) -> httpx.Response:
    request = httpx.Request("GET", "http://127.0.0.1/v1/ssh_keys/1")
    return httpx.Response(200, json=body, request=request)


@pytest.mark.skipif(not openapi.are_present(), reason="../shared/specs is not there")
def test_an_answer_unlike_the_providers_description_is_noticed() -> None:
    key = {
        "id": 1,
        "name": "ops",
        "fingerprint": "aa",
        "public_key": "ssh-ed25519 AAAA",
        "labels": {},
        "created": "2026-01-01T00:00:00Z",
    }
    openapi.check(_answer({"ssh_key": key}))
    for wrong in ({**key, "id": "1"}, {**key, "labels": None}, {"id": 1}):
        with pytest.raises(AssertionError):
            openapi.check(_answer({"ssh_key": wrong}))

"""Private networks, firewalls, volumes and primary IPs: what they do to servers."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from sandbox.cloud import ApiDate
from tests.sandbox.api.client import LocalCloud
from tests.sandbox.api.conftest import in_process

RULE = {
    "direction": "in",
    "protocol": "tcp",
    "port": "80-90",
    "source_ips": ["10.0.0.0/8", "2001:0DB8:0::/32"],
    "description": "the web",
}


def _attach(
    cloud: LocalCloud, server: dict[str, Any], network: dict[str, Any], **more: object
) -> None:
    body = {"network": network["id"], **more}
    cloud.done(cloud.ok("POST", f"/servers/{server['id']}/actions/attach_to_network", body))


def test_addresses_in_a_network_are_the_next_free_or_the_given(cloud: LocalCloud) -> None:
    network = cloud.network()
    one, two, three = (cloud.server(name) for name in ("one", "two", "three"))
    _attach(cloud, one, network)
    _attach(cloud, two, network, ip="10.0.0.3", alias_ips=["10.0.0.4"])
    _attach(cloud, three, network)
    held = {
        server["name"]: (server["private_net"][0]["ip"], server["private_net"][0]["alias_ips"])
        for server in cloud.ok("GET", "/servers")["servers"]
    }
    assert held == {
        "one": ("10.0.0.2", []),
        "two": ("10.0.0.3", ["10.0.0.4"]),
        "three": ("10.0.0.5", []),
    }
    found = cloud.ok("GET", f"/networks/{network['id']}")["network"]
    assert sorted(found["servers"]) == sorted([one["id"], two["id"], three["id"]])


def test_a_network_refuses_what_does_not_fit(cloud: LocalCloud) -> None:
    network, server = cloud.network(), cloud.server()
    overlapping = cloud.network("other", "10.0.0.0/20")
    bare = cloud.ok("POST", "/networks", {"name": "bare", "ip_range": "10.9.0.0/16"})["network"]
    path = f"/servers/{server['id']}/actions/attach_to_network"
    for ip in ("10.0.0.1", "10.0.0.0", "10.0.0.255", "10.0.9.1"):
        refused = cloud.refused("POST", path, {"network": network["id"], "ip": ip})
        assert refused == (422, "ip_not_available")
    refused = cloud.refused("POST", path, {"network": bare["id"]})
    assert refused == (422, "no_subnet_available")
    _attach(cloud, server, network)
    refused = cloud.refused("POST", path, {"network": network["id"]})
    assert refused == (422, "server_already_attached")
    refused = cloud.refused("POST", path, {"network": overlapping["id"]})
    assert refused == (422, "networks_overlap")
    assert cloud.refused("POST", path, {"network": 1}) == (404, "not_found")


def test_an_address_is_free_again_only_when_its_interface_is_gone(cloud: LocalCloud) -> None:
    network, one, two = cloud.network(), cloud.server("one"), cloud.server("two")
    _attach(cloud, one, network, ip="10.0.0.9")
    cloud.hold()
    body = {"network": network["id"]}
    answer = cloud.ok("POST", f"/servers/{one['id']}/actions/detach_from_network", body)
    path = f"/servers/{two['id']}/actions/attach_to_network"
    assert cloud.refused("POST", path, {**body, "ip": "10.0.0.9"}) == (422, "ip_not_available")
    cloud.let_go()
    cloud.done(answer)
    _attach(cloud, two, network, ip="10.0.0.9")
    assert cloud.machine(one)["networks"] == {}


def test_alias_addresses_are_replaced_as_a_whole(cloud: LocalCloud) -> None:
    network, server = cloud.network(), cloud.server()
    _attach(cloud, server, network, alias_ips=["10.0.0.8"])
    path = f"/servers/{server['id']}/actions/change_alias_ips"
    body = {"network": network["id"], "alias_ips": ["10.0.0.8", "10.0.0.9"]}
    cloud.done(cloud.ok("POST", path, body))
    found = cloud.ok("GET", f"/servers/{server['id']}")["server"]["private_net"][0]
    assert found["alias_ips"] == ["10.0.0.8", "10.0.0.9"]


def test_subnets_and_routes_come_and_go(cloud: LocalCloud) -> None:
    network = cloud.ok("POST", "/networks", {"name": "n", "ip_range": "10.0.0.0/16"})["network"]
    path = f"/networks/{network['id']}/actions"
    zone = {"type": "cloud", "network_zone": "eu-central"}
    cloud.done(cloud.ok("POST", f"{path}/add_subnet", {**zone, "ip_range": "10.0.1.0/24"}))
    cloud.done(cloud.ok("POST", f"{path}/add_subnet", zone))
    route = {"destination": "10.100.0.0/16", "gateway": "10.0.1.9"}
    cloud.done(cloud.ok("POST", f"{path}/add_route", route))
    found = cloud.ok("GET", f"/networks/{network['id']}")["network"]
    assert [(net["ip_range"], net["gateway"]) for net in found["subnets"]] == [
        ("10.0.1.0/24", "10.0.0.1"),
        ("10.0.0.0/24", "10.0.0.1"),
    ]
    assert found["routes"] == [route]
    for bad in ("10.0.1.128/25", "10.1.0.0/24"):
        refused = cloud.refused("POST", f"{path}/add_subnet", {**zone, "ip_range": bad})
        assert refused == (422, "invalid_input")
    cloud.done(cloud.ok("POST", f"{path}/delete_route", route))
    assert cloud.refused("POST", f"{path}/delete_route", route) == (404, "not_found")
    server = cloud.server()
    _attach(cloud, server, network, ip="10.0.1.4")
    refused = cloud.call("POST", f"{path}/delete_subnet", {"ip_range": "10.0.1.0/24"}).json()
    assert refused["error"]["code"] == "service_error"
    assert "servers are attached" in refused["error"]["message"]
    cloud.done(cloud.ok("POST", f"{path}/delete_subnet", {"ip_range": "10.0.0.0/24"}))
    cloud.done(cloud.ok("POST", f"{path}/change_ip_range", {"ip_range": "10.0.0.0/12"}))
    found = cloud.ok("GET", f"/networks/{network['id']}")["network"]
    assert (found["ip_range"], len(found["subnets"]), found["routes"]) == ("10.0.0.0/12", 1, [])


def test_a_deleted_network_leaves_its_servers(cloud: LocalCloud) -> None:
    network, server = cloud.network(), cloud.server()
    _attach(cloud, server, network)
    assert cloud.call("DELETE", f"/networks/{network['id']}").status_code == 204
    assert cloud.ok("GET", f"/servers/{server['id']}")["server"]["private_net"] == []
    assert (cloud.machine(server)["networks"], cloud.machines["networks"]) == ({}, [])


def test_a_firewall_applies_by_server_and_by_label(cloud: LocalCloud) -> None:
    web, other = cloud.server("web", labels={"role": "web"}), cloud.server("other")
    created = cloud.ok(
        "POST",
        "/firewalls",
        {
            "name": "door",
            "rules": [RULE],
            "apply_to": [{"type": "label_selector", "label_selector": {"selector": "role=web"}}],
        },
    )
    commands = [action["command"] for action in created["actions"]]
    assert commands == ["set_firewall_rules", "apply_firewall"]
    id = created["firewall"]["id"]
    assert created["firewall"]["rules"] == [
        {**RULE, "source_ips": ["10.0.0.0/8", "2001:db8::/32"], "destination_ips": []}
    ]
    by_server = {"type": "server", "server": {"id": other["id"]}}
    path = f"/firewalls/{id}/actions"
    cloud.done(cloud.ok("POST", f"{path}/apply_to_resources", {"apply_to": [by_server]}))
    again = cloud.refused("POST", f"{path}/apply_to_resources", {"apply_to": [by_server]})
    assert again == (422, "firewall_already_applied")
    assert cloud.ok("GET", f"/firewalls/{id}")["firewall"]["applied_to"] == [
        {
            "type": "label_selector",
            "label_selector": {"selector": "role=web"},
            "applied_to_resources": [{"type": "server", "server": {"id": web["id"]}}],
        },
        by_server,
    ]
    for server in (web, other):
        public = cloud.ok("GET", f"/servers/{server['id']}")["server"]["public_net"]
        assert public["firewalls"] == [{"id": id, "status": "applied"}]
    assert cloud.refused("DELETE", f"/firewalls/{id}") == (422, "resource_in_use")
    by_label = {"type": "server", "server": {"id": web["id"]}}
    refused = cloud.refused("POST", f"{path}/remove_from_resources", {"remove_from": [by_label]})
    assert refused == (422, "firewall_managed_by_label_selector")
    applied = cloud.ok("GET", f"/firewalls/{id}")["firewall"]["applied_to"]
    cloud.done(cloud.ok("POST", f"{path}/remove_from_resources", {"remove_from": applied}))
    cloud.done(cloud.ok("POST", f"{path}/set_rules", {"rules": []}))
    assert cloud.call("DELETE", f"/firewalls/{id}").status_code == 204


def test_a_firewall_needs_a_server_with_a_public_address(cloud: LocalCloud) -> None:
    private = cloud.server(
        start_after_create=False, public_net={"enable_ipv4": False, "enable_ipv6": False}
    )
    for id, expected in [(private["id"], "private_net_only_server"), (1, None)]:
        target = {"type": "server", "server": {"id": id}}
        body = {"name": "door", "rules": [], "apply_to": [target]}
        refused = cloud.refused("POST", "/firewalls", body)
        assert refused == ((422, expected) if expected else (404, "firewall_resource_not_found"))


def test_a_volume_is_formatted_attached_grown_and_detached(cloud: LocalCloud) -> None:
    server, volume = cloud.server(), cloud.volume()
    id = volume["id"]
    assert volume["linux_device"] == f"/dev/disk/by-id/scsi-0HC_Volume_{id}"
    assert (volume["status"], volume["format"]) == ("available", "ext4")
    assert cloud.machines["volumes"] == {str(id): {"size_gb": 10, "filesystem": "ext4"}}
    path = f"/volumes/{id}/actions"
    cloud.done(cloud.ok("POST", f"{path}/attach", {"server": server["id"], "automount": True}))
    assert cloud.ok("GET", f"/volumes/{id}")["volume"]["server"] == server["id"]
    assert ["attach_volume", server["id"], id, True] in cloud.machines["calls"]
    body = {"server": server["id"]}
    assert cloud.refused("POST", f"{path}/attach", body) == (422, "volume_already_attached")
    assert cloud.refused("DELETE", f"/volumes/{id}") == (422, "resource_in_use")
    assert cloud.refused("POST", f"{path}/resize", {"size": 5}) == (422, "invalid_input")
    cloud.done(cloud.ok("POST", f"{path}/resize", {"size": 20}))
    assert cloud.ok("GET", f"/volumes/{id}")["volume"]["size"] == 20
    assert cloud.machines["volumes"][str(id)]["size_gb"] == 20
    cloud.done(cloud.ok("POST", f"{path}/detach"))
    assert cloud.machine(server)["volumes"] == []
    assert cloud.call("DELETE", f"/volumes/{id}").status_code == 204
    assert cloud.machines["volumes"] == {}


def test_a_volume_made_for_a_server_is_attached_by_a_next_action(cloud: LocalCloud) -> None:
    server = cloud.server()
    body = {"name": "data", "size": 10, "server": server["id"], "format": "xfs"}
    answer = cloud.done(cloud.ok("POST", "/volumes", body))
    assert [action["command"] for action in answer["next_actions"]] == ["attach_volume"]
    assert answer["volume"]["location"]["name"] == "nbg1"
    assert cloud.machine(server)["volumes"] == [answer["volume"]["id"]]


def test_a_volume_that_cannot_be_attached_belongs_to_nobody(cloud: LocalCloud) -> None:
    server, volume = cloud.server(), cloud.volume()
    cloud.fail(attach_volume="no loop device is free")
    path = f"/volumes/{volume['id']}"
    answer = cloud.ok("POST", f"{path}/actions/attach", {"server": server["id"]})
    (action,) = cloud.wait_for(answer["action"])
    cloud.mend()
    assert action["error"] == {"code": "action_failed", "message": "no loop device is free"}
    assert cloud.ok("GET", path)["volume"]["server"] is None


def test_a_volume_whose_disk_cannot_be_removed_is_kept(cloud: LocalCloud) -> None:
    volume = cloud.volume()
    cloud.fail(delete_volume="device busy")
    assert cloud.refused("DELETE", f"/volumes/{volume['id']}") == (500, "service_error")
    cloud.mend()
    assert cloud.ok("GET", f"/volumes/{volume['id']}")["volume"]["name"] == "data"


def test_a_primary_ip_outlives_the_server_and_moves_to_the_next(cloud: LocalCloud) -> None:
    ip = cloud.primary_ip()
    first = cloud.server("first", public_net={"ipv4": ip["id"]})
    refused = cloud.refused(
        "POST",
        "/servers",
        {
            "name": "second",
            "server_type": "cx23",
            "image": "debian-12",
            "location": "nbg1",
            "public_net": {"ipv4": ip["id"]},
        },
    )
    assert refused == (422, "primary_ip_assigned")
    cloud.done(cloud.ok("DELETE", f"/servers/{first['id']}"))
    second = cloud.server("second", public_net={"ipv4": ip["id"]})
    assert second["public_net"]["ipv4"]["ip"] == ip["ip"] == "198.18.0.10"


def test_a_primary_ip_is_exchanged_while_the_server_is_off(cloud: LocalCloud) -> None:
    server, ip = cloud.server(), cloud.primary_ip()
    automatic = server["public_net"]["ipv4"]["id"]
    assign = {"assignee_id": server["id"], "assignee_type": "server"}
    path = f"/primary_ips/{automatic}/actions/unassign"
    assert cloud.refused("POST", path) == (422, "server_not_stopped")
    cloud.done(cloud.ok("POST", f"/servers/{server['id']}/actions/poweroff"))
    refused = cloud.refused("POST", f"/primary_ips/{ip['id']}/actions/assign", assign)
    assert refused == (422, "server_has_ipv4")
    cloud.done(cloud.ok("POST", path))
    cloud.done(cloud.ok("POST", f"/primary_ips/{ip['id']}/actions/assign", assign))
    refused = cloud.refused("POST", f"/primary_ips/{ip['id']}/actions/assign", assign)
    assert refused == (422, "primary_ip_already_assigned")
    cloud.done(cloud.ok("POST", f"/servers/{server['id']}/actions/poweron"))
    found = cloud.ok("GET", f"/servers/{server['id']}")["server"]
    assert found["public_net"]["ipv4"]["ip"] == ip["ip"] == "198.18.0.11"
    assert cloud.machine(server)["ipv4"] == "198.18.0.11"


def test_a_primary_ip_fits_by_type_and_location(cloud: LocalCloud) -> None:
    elsewhere = cloud.primary_ip("elsewhere", location="hel1")
    six = cloud.primary_ip("six", type="ipv6")
    body = {"name": "web", "server_type": "cx23", "image": "debian-12", "location": "nbg1"}
    for id, code in [
        (elsewhere["id"], "primary_ip_datacenter_mismatch"),
        (six["id"], "primary_ip_version_mismatch"),
        (1, "not_found"),
    ]:
        answer = cloud.call("POST", "/servers", {**body, "public_net": {"ipv4": id}})
        assert answer.json()["error"]["code"] == code
    assert cloud.ok("GET", "/servers")["servers"] == []


def test_a_primary_ip_is_renamed_and_made_automatic(cloud: LocalCloud) -> None:
    ip = cloud.primary_ip()
    body = {"name": "back", "auto_delete": True, "labels": {"a": "b"}}
    found = cloud.ok("PUT", f"/primary_ips/{ip['id']}", body)["primary_ip"]
    assert (found["name"], found["auto_delete"], found["labels"]) == ("back", True, {"a": "b"})
    assert cloud.call("DELETE", f"/primary_ips/{ip['id']}").status_code == 204


def test_announced_changes_happen_at_their_date(home: Path) -> None:
    """Read without the check against OpenAPI, whose text is older than these changes."""
    with in_process(home) as cloud:
        ip, server = cloud.primary_ip(), cloud.server()
        assert (ip["assignee_type"], ip["datacenter"]["name"]) == ("server", "nbg1-dc3")
        assert server["datacenter"]["name"] == "nbg1-dc3"
    with in_process(home, ApiDate(date(2026, 10, 2)), checked=False) as cloud:
        found = cloud.ok("GET", f"/primary_ips/{ip['id']}")["primary_ip"]
        assert found["assignee_type"] == "unassigned"
        assert "datacenter" not in found
        assert "datacenter" not in cloud.ok("GET", f"/servers/{server['id']}")["server"]
        automatic = server["public_net"]["ipv4"]["id"]
        refused = cloud.refused("DELETE", f"/primary_ips/{automatic}")
        assert refused == (422, "must_be_unassigned")
        assert cloud.refused("GET", "/datacenters") == (410, "deprecated_api_endpoint")

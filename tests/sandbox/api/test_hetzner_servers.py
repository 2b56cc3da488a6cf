"""A server as the Terraform provider makes, changes and removes it."""

from __future__ import annotations

import pytest

from tests.sandbox.api.client import KEYS, LocalCloud

USER_DATA = "#cloud-config\nhostname: web\n"


def test_a_server_comes_with_address_key_firewall_group_network_and_volume(
    cloud: LocalCloud,
) -> None:
    key, ip = cloud.ssh_key(), cloud.primary_ip()
    group = cloud.ok("POST", "/placement_groups", {"name": "apart", "type": "spread"})
    rule = {"direction": "in", "protocol": "tcp", "port": "22", "source_ips": ["0.0.0.0/0"]}
    firewall = cloud.ok("POST", "/firewalls", {"name": "door", "rules": [rule]})["firewall"]
    network, volume = cloud.network(), cloud.volume()
    answer = cloud.ok(
        "POST",
        "/servers",
        {
            "name": "web",
            "server_type": "cx23",
            "image": "ubuntu-24.04",
            "location": "nbg1",
            "ssh_keys": [key["id"]],
            "user_data": USER_DATA,
            "firewalls": [{"firewall": firewall["id"]}],
            "placement_group": group["placement_group"]["id"],
            "public_net": {"ipv4": ip["id"], "enable_ipv4": True, "enable_ipv6": True},
            "labels": {"role": "web"},
        },
    )
    assert answer["server"]["status"] == "initializing"
    assert answer["server"]["locked"] is True
    assert answer["action"]["command"] == "create_server"
    assert answer["action"]["status"] == "running"
    assert [action["command"] for action in answer["next_actions"]] == ["start_server"]
    cloud.done(answer)
    id = answer["server"]["id"]
    attach = {"network": network["id"]}
    cloud.done(cloud.ok("POST", f"/servers/{id}/actions/attach_to_network", attach))
    cloud.done(cloud.ok("POST", f"/volumes/{volume['id']}/actions/attach", {"server": id}))
    server = cloud.ok("GET", f"/servers/{id}")["server"]
    assert (server["status"], server["locked"]) == ("running", False)
    assert server["public_net"] == {
        "ipv4": {
            "id": ip["id"],
            "ip": "198.18.0.10",
            "blocked": False,
            "dns_ptr": "static.10.0.18.198.clients.your-server.de",
        },
        "ipv6": {
            "id": server["public_net"]["ipv6"]["id"],
            "ip": "2001:db8:0:a::/64",
            "blocked": False,
            "dns_ptr": [],
        },
        "floating_ips": [],
        "firewalls": [{"id": firewall["id"], "status": "applied"}],
    }
    (attached,) = server["private_net"]
    mac = attached["mac_address"]
    assert mac.startswith("86:00:00:")
    assert attached == {
        "network": network["id"],
        "ip": "10.0.0.2",
        "alias_ips": [],
        "mac_address": mac,
    }
    assert server["placement_group"]["servers"] == [id]
    assert server["volumes"] == [volume["id"]]
    assert server["image"]["id"] == 161547269
    assert cloud.machine(server) == {
        "name": "web",
        "image": "ubuntu-24.04",
        "cores": 2,
        "memory_gb": 4,
        "ipv4": "198.18.0.10",
        "ipv6": "2001:db8:0:a::1",
        "user_data": USER_DATA,
        "ssh_keys": [KEYS["ops"]],
        "location": "nbg1",
        "running": True,
        "networks": {str(network["id"]): ["10.0.0.2", "10.0.0.0/16", mac]},
        "volumes": [volume["id"]],
    }


def test_user_data_can_be_read_nowhere(cloud: LocalCloud) -> None:
    server = cloud.server(user_data="#cloud-config\n# swordfish\n")
    assert "swordfish" not in cloud.call("GET", f"/servers/{server['id']}").text
    assert "swordfish" not in cloud.call("GET", "/servers").text
    log = cloud.home / "server.log"
    assert not log.exists() or "swordfish" not in log.read_text()
    assert (cloud.home / "state.json").stat().st_mode & 0o777 == 0o600


def test_a_locked_server_refuses_a_second_change_and_takes_it_afterwards(
    cloud: LocalCloud,
) -> None:
    cloud.hold()
    answer = cloud.ok(
        "POST",
        "/servers",
        {"name": "web", "server_type": "cx23", "image": "debian-12", "location": "nbg1"},
    )
    id = answer["server"]["id"]
    for method, path, body in [
        ("POST", f"/servers/{id}/actions/poweroff", None),
        ("DELETE", f"/servers/{id}", None),
        ("POST", f"/servers/{id}/actions/reset", None),
    ]:
        assert cloud.refused(method, path, body) == (423, "locked")
    assert cloud.ok("GET", f"/servers/{id}")["server"]["locked"] is True
    cloud.let_go()
    cloud.done(answer)
    cloud.done(cloud.ok("POST", f"/servers/{id}/actions/poweroff"))
    assert cloud.ok("GET", f"/servers/{id}")["server"]["status"] == "off"


@pytest.mark.parametrize(
    ("call", "command", "status"),
    [
        ("poweroff", "stop_server", "off"),
        ("shutdown", "shutdown_server", "off"),
        ("reboot", "reboot_server", "running"),
        ("reset", "reset_server", "running"),
        ("poweron", "start_server", "running"),
    ],
)
def test_a_power_action_ends_in_its_status(
    cloud: LocalCloud, call: str, command: str, status: str
) -> None:
    server = cloud.server()
    answer = cloud.done(cloud.ok("POST", f"/servers/{server['id']}/actions/{call}"))
    assert answer["action"]["command"] == command
    assert cloud.ok("GET", f"/servers/{server['id']}")["server"]["status"] == status
    assert cloud.machine(server)["running"] is (status == "running")


def test_a_server_powered_on_again_has_its_network_and_volume_again(cloud: LocalCloud) -> None:
    network, server = cloud.network(), cloud.server()
    id = server["id"]
    attach = {"network": network["id"], "ip": "10.0.0.7"}
    cloud.done(cloud.ok("POST", f"/servers/{id}/actions/attach_to_network", attach))
    volume = cloud.volume(location=None, server=id)
    before = cloud.machine(server)
    cloud.done(cloud.ok("POST", f"/servers/{id}/actions/poweroff"))
    assert cloud.machine(server)["networks"] == {}
    cloud.done(cloud.ok("POST", f"/servers/{id}/actions/poweron"))
    assert cloud.machine(server) == before
    assert before["volumes"] == [volume["id"]]


def test_a_server_not_to_start_yet_is_off_and_has_no_machine_before_its_first_power_on(
    cloud: LocalCloud,
) -> None:
    network = cloud.network()
    server = cloud.server(
        start_after_create=False, public_net={"enable_ipv4": False, "enable_ipv6": False}
    )
    assert server["status"] == "off"
    assert (server["public_net"]["ipv4"], server["public_net"]["ipv6"]) == (None, None)
    id = server["id"]
    attach = {"network": network["id"], "ip": "10.0.0.9"}
    cloud.done(cloud.ok("POST", f"/servers/{id}/actions/attach_to_network", attach))
    assert cloud.machines["servers"] == {}
    cloud.done(cloud.ok("POST", f"/servers/{id}/actions/poweron"))
    machine = cloud.machine(server)
    assert (machine["running"], machine["ipv4"], machine["ipv6"]) == (True, None, None)
    assert machine["networks"][str(network["id"])][0] == "10.0.0.9"


def test_a_server_switched_off_from_inside_is_seen_to_be_off(cloud: LocalCloud) -> None:
    server = cloud.server()
    book = cloud.home / "machines.json"
    book.write_text(book.read_text().replace('"running": true', '"running": false'))
    assert cloud.ok("GET", f"/servers/{server['id']}")["server"]["status"] == "off"
    assert cloud.ok("GET", "/servers")["servers"][0]["status"] == "off"


def test_what_belonged_to_a_deleted_server_is_free_again(cloud: LocalCloud) -> None:
    ip, volume = cloud.primary_ip(), cloud.volume()
    group = cloud.ok("POST", "/placement_groups", {"name": "apart", "type": "spread"})
    rule = {"direction": "in", "protocol": "icmp", "source_ips": ["::/0"]}
    firewall = cloud.ok("POST", "/firewalls", {"name": "door", "rules": [rule]})["firewall"]
    server = cloud.server(
        public_net={"ipv4": ip["id"]},
        volumes=[volume["id"]],
        firewalls=[{"firewall": firewall["id"]}],
        placement_group=group["placement_group"]["id"],
    )
    automatic = server["public_net"]["ipv6"]["id"]
    cloud.hold()
    answer = cloud.ok("DELETE", f"/servers/{server['id']}")
    assert cloud.ok("GET", f"/servers/{server['id']}")["server"]["status"] == "deleting"
    assert cloud.ok("GET", f"/primary_ips/{ip['id']}")["primary_ip"]["assignee_id"] == server["id"]
    cloud.let_go()
    cloud.done(answer)
    assert cloud.refused("GET", f"/servers/{server['id']}") == (404, "not_found")
    assert cloud.ok("GET", f"/primary_ips/{ip['id']}")["primary_ip"]["assignee_id"] is None
    assert cloud.refused("GET", f"/primary_ips/{automatic}") == (404, "not_found")
    assert cloud.ok("GET", f"/volumes/{volume['id']}")["volume"]["server"] is None
    assert cloud.ok("GET", f"/firewalls/{firewall['id']}")["firewall"]["applied_to"] == []
    group_id = group["placement_group"]["id"]
    found = cloud.ok("GET", f"/placement_groups/{group_id}")["placement_group"]
    assert found["servers"] == []
    assert cloud.machines["servers"] == {}
    assert list(cloud.machines["volumes"]) == [str(volume["id"])]


def test_a_machine_that_cannot_be_made_fails_the_action_and_can_be_deleted(
    cloud: LocalCloud,
) -> None:
    cloud.fail(create_server="no space left on this machine")
    answer = cloud.ok(
        "POST",
        "/servers",
        {"name": "web", "server_type": "cx23", "image": "debian-12", "location": "nbg1"},
    )
    created, started = cloud.wait_for(answer["action"], *answer["next_actions"])
    failure = {"code": "action_failed", "message": "no space left on this machine"}
    assert (created["status"], created["error"]) == ("error", failure)
    assert (started["status"], started["error"]) == ("error", failure)
    cloud.mend()
    id = answer["server"]["id"]
    assert cloud.ok("GET", f"/servers/{id}")["server"]["status"] == "off"
    cloud.done(cloud.ok("DELETE", f"/servers/{id}"))
    assert cloud.refused("GET", f"/servers/{id}") == (404, "not_found")


def test_a_server_that_could_not_be_deleted_is_still_there(cloud: LocalCloud) -> None:
    server = cloud.server()
    cloud.fail(delete_server="device busy")
    answer = cloud.ok("DELETE", f"/servers/{server['id']}")
    (action,) = cloud.wait_for(answer["action"])
    assert action["error"] == {"code": "action_failed", "message": "device busy"}
    cloud.mend()
    found = cloud.ok("GET", f"/servers/{server['id']}")["server"]
    assert (found["status"], found["public_net"]["ipv4"]["ip"]) == ("running", "198.18.0.10")


def test_another_type_needs_a_stopped_server_and_starts_it_again(cloud: LocalCloud) -> None:
    server = cloud.server()
    path = f"/servers/{server['id']}/actions"
    wanted = {"server_type": "cx33", "upgrade_disk": False}
    assert cloud.refused("POST", f"{path}/change_type", wanted) == (422, "server_not_stopped")
    cloud.done(cloud.ok("POST", f"{path}/poweroff"))
    answer = cloud.done(cloud.ok("POST", f"{path}/change_type", wanted))
    assert answer["action"]["command"] == "change_server_type"
    found = cloud.ok("GET", f"/servers/{server['id']}")["server"]
    assert (found["server_type"]["name"], found["status"]) == ("cx33", "running")
    assert found["primary_disk_size"] == 40
    machine = cloud.machine(server)
    assert (machine["cores"], machine["memory_gb"], machine["running"]) == (4, 8, True)


def test_a_server_whose_type_could_not_be_changed_keeps_it(cloud: LocalCloud) -> None:
    server = cloud.server()
    path = f"/servers/{server['id']}"
    cloud.done(cloud.ok("POST", f"{path}/actions/poweroff"))
    cloud.fail(change_size="not on this host")
    wanted = {"server_type": "cx33", "upgrade_disk": True}
    (action,) = cloud.wait_for(cloud.ok("POST", f"{path}/actions/change_type", wanted)["action"])
    cloud.mend()
    assert action["error"] == {"code": "action_failed", "message": "not on this host"}
    found = cloud.ok("GET", path)["server"]
    assert (found["server_type"]["name"], found["status"]) == ("cx23", "off")
    assert found["primary_disk_size"] == 40


def test_a_rebuilt_server_has_the_new_image_and_its_old_address(cloud: LocalCloud) -> None:
    server = cloud.server()
    path = f"/servers/{server['id']}/actions/rebuild"
    cloud.done(cloud.ok("POST", path, {"image": "debian-12"}))
    found = cloud.ok("GET", f"/servers/{server['id']}")["server"]
    assert (found["image"]["name"], found["status"]) == ("debian-12", "running")
    machine = cloud.machine(server)
    assert (machine["image"], machine["ipv4"]) == ("debian-12", "198.18.0.10")


def test_name_and_labels_are_changed_each_without_the_other(cloud: LocalCloud) -> None:
    server = cloud.server(labels={"role": "web"})
    path = f"/servers/{server['id']}"
    renamed = cloud.ok("PUT", path, {"name": "www"})["server"]
    assert (renamed["name"], renamed["labels"]) == ("www", {"role": "web"})
    labelled = cloud.ok("PUT", path, {"labels": {}})["server"]
    assert (labelled["name"], labelled["labels"]) == ("www", {})


def test_no_room_for_a_server_type_in_a_location_is_told_as_hetzner_does(
    cloud: LocalCloud,
) -> None:
    fault = {"code": "resource_unavailable", "location": "nbg1", "server_type": "cx*"}
    cloud.ok("POST", "/_estate/faults", {**fault, "status": 412})
    body = {"name": "web", "server_type": "cx23", "image": "debian-12", "location": "nbg1"}
    answer = cloud.call("POST", "/servers", body)
    assert (answer.status_code, answer.json()["error"]) == (
        412,
        {"code": "resource_unavailable", "message": "error during placement", "details": None},
    )
    assert cloud.ok("GET", "/primary_ips")["primary_ips"] == []
    cloud.done(cloud.ok("POST", "/servers", body))


def test_reverse_names_are_set_and_fall_back_to_the_default(cloud: LocalCloud) -> None:
    server = cloud.server()
    path = f"/servers/{server['id']}/actions/change_dns_ptr"
    ipv4, ipv6 = "198.18.0.10", "2001:db8:0:a::1"
    for ip in (ipv4, ipv6):
        cloud.done(cloud.ok("POST", path, {"ip": ip, "dns_ptr": "web.predrive.test"}))
    public = cloud.ok("GET", f"/servers/{server['id']}")["server"]["public_net"]
    assert public["ipv4"]["dns_ptr"] == "web.predrive.test"
    assert public["ipv6"]["dns_ptr"] == [{"ip": ipv6, "dns_ptr": "web.predrive.test"}]
    for ip in (ipv4, ipv6):
        cloud.done(cloud.ok("POST", path, {"ip": ip, "dns_ptr": None}))
    public = cloud.ok("GET", f"/servers/{server['id']}")["server"]["public_net"]
    assert public["ipv4"]["dns_ptr"] == "static.10.0.18.198.clients.your-server.de"
    assert public["ipv6"]["dns_ptr"] == []
    assert cloud.refused("POST", path, {"ip": "1.1.1.1", "dns_ptr": None}) == (404, "not_found")

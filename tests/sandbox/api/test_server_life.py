"""A server as the Terraform provider makes, changes and removes it."""

from __future__ import annotations

from tests.sandbox.api.client import KEYS, LocalCloud


def test_a_server_comes_with_address_key_firewall_group_network_and_volume(
    cloud: LocalCloud,
) -> None:
    key, ip, group = (
        cloud.ssh_key(),
        cloud.primary_ip(),
        cloud.ok("POST", "/placement_groups", {"name": "apart", "type": "spread"})[
            "placement_group"
        ],
    )
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
            "user_data": "#cloud-config\nhostname: web\n",
            "firewalls": [{"firewall": firewall["id"]}],
            "placement_group": group["id"],
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
    cloud.done(
        cloud.ok("POST", f"/servers/{id}/actions/attach_to_network", {"network": network["id"]})
    )
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
    assert attached["mac_address"].startswith("86:00:00:")
    assert {**attached, "mac_address": ""} == {
        "network": network["id"],
        "ip": "10.0.0.2",
        "alias_ips": [],
        "mac_address": "",
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
        "user_data": "#cloud-config\nhostname: web\n",
        "ssh_keys": [KEYS["ops"]],
        "location": "nbg1",
        "running": True,
        "networks": {str(network["id"]): ["10.0.0.2", "10.0.0.0/16", attached["mac_address"]]},
        "volumes": [volume["id"]],
    }

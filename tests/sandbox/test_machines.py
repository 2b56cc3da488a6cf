"""Servers, volumes and private networks as a user of the cloud meets them, in real containers."""

from __future__ import annotations

import ipaddress
import subprocess
from collections.abc import Iterator

import pytest

from sandbox.underneath import MachineError
from tests.sandbox.ground import Ground

pytestmark = pytest.mark.containers

DISK = "/dev/disk/by-id/scsi-0HC_Volume_"


@pytest.fixture(scope="module")
def server(ground: Ground) -> Iterator[int]:
    ground.machines.create_server(ground.spec(1))
    ground.booted(1)
    yield 1
    ground.machines.delete_server(1)


def test_a_server_answers_on_ssh_with_the_host_key_of_its_user_data(
    ground: Ground, server: int
) -> None:
    assert ground.ssh(server, "hostname; cloud-init status") == "server-1\nstatus: done\n"


def test_no_unit_of_a_fresh_server_has_failed(ground: Ground, server: int) -> None:
    assert ground.run(server, "systemctl --failed --no-legend --plain") == ""


def test_a_server_has_the_addresses_of_its_spec(ground: Ground, server: int) -> None:
    said = ground.run(server, "ip -o addr show dev eth0 scope global | awk '{print $4}'")
    spec = ground.spec(server)
    assert said.split() == [f"{spec.ipv4}/24", f"{spec.ipv6}/48"]


def test_this_machine_reaches_a_server_by_ipv6(ground: Ground, server: int) -> None:
    address = ground.spec(server).ipv6
    subprocess.run(
        ["bash", "-c", f"exec 3<>/dev/tcp/{address}/22 && head -c 4 <&3 | grep -q SSH-"], check=True
    )


def test_a_server_resolves_sandbox_names_and_the_world_alike(ground: Ground, server: int) -> None:
    assert ground.run(server, "cat /etc/resolv.conf") == f"nameserver {ground.home.dns_address}\n"
    assert ground.run(server, "getent ahostsv4 s3.cloud.test | head -1").split()[0] == (
        ground.home.s3_address
    )


def test_a_server_trusts_the_sandbox_root(ground: Ground, server: int) -> None:
    ask = "curl -sS -o /dev/null -w '%{http_code}' https://acme.cloud.test/directory"
    assert ground.run(server, ask) == "200"


def test_containers_of_a_server_stay_within_its_memory(ground: Ground, server: int) -> None:
    if ground.docker.info().get("CgroupVersion") != "1":
        pytest.skip("with cgroup v2 the server's own systemd places them")
    ground.run(server, "docker run -d --name inner --memory 64m postgres:16.10 sleep 60")
    pid = ground.run(server, "docker inspect -f '{{.State.Pid}}' inner").strip()
    place = ground.run(server, f"grep memory: /proc/{pid}/cgroup")
    assert f":/docker/{ground.container(server).id}/containers/" in place
    ground.run(server, "docker rm -f inner")


def test_a_server_that_reboots_itself_comes_back(ground: Ground, server: int) -> None:
    before = ground.run(server, "cat /proc/stat | grep btime; stat -c %Z /proc/1")
    ground.run(server, "touch /root/kept; systemctl reboot || true")
    ground.container(server).wait(timeout=30)
    ground.ssh(server, "test -e /root/kept && test -e /run/systemd/system")
    assert ground.run(server, "stat -c %Z /proc/1") not in before


def test_what_a_volume_holds_outlives_its_server(ground: Ground) -> None:
    machines = ground.machines
    machines.create_volume(70, 10, "ext4")
    machines.create_server(ground.spec(2))
    machines.attach_volume(2, 70, automount=False)
    ground.run(2, f"mkdir /srv/db && mount {DISK}70 /srv/db && echo kept > /srv/db/row && sync")
    machines.delete_server(2)
    machines.create_server(ground.spec(3))
    machines.attach_volume(3, 70, automount=False)
    said = ground.run(3, f"mkdir /srv/db && mount -r {DISK}70 /srv/db && cat /srv/db/row")
    machines.delete_server(3)
    machines.delete_volume(70)
    assert said == "kept\n"


def test_a_server_finds_its_volume_and_network_again_after_power_off_and_on(
    ground: Ground, server: int
) -> None:
    machines = ground.machines
    machines.create_volume(71, 10, "xfs")
    machines.attach_volume(server, 71, automount=True)
    machines.attach_network(server, 5, "10.0.1.2", "10.0.0.0/16", "86:00:00:00:00:05")
    ground.run(server, "echo kept > /mnt/HC_Volume_71/row")
    machines.power_off(server)
    assert not machines.is_running(server)
    machines.power_on(server)
    assert machines.is_running(server)
    assert ground.run(server, "cat /mnt/HC_Volume_71/row") == "kept\n"
    card = ground.run(server, "cat /sys/class/net/enp7s0/address; ip -4 -br addr show dev enp7s0")
    assert card.split()[0] == "86:00:00:00:00:05"
    assert card.split()[3] == "10.0.1.2/32"
    machines.detach_network(server, 5)
    machines.detach_volume(server, 71)
    assert ground.run(server, "ls /dev/disk/by-id; ls /sys/class/net | grep enp || true") == ""
    machines.delete_volume(71)


def test_a_volume_grows_under_a_running_server(ground: Ground, server: int) -> None:
    ground.machines.create_volume(72, 10, None)
    ground.machines.attach_volume(server, 72, automount=False)
    ground.machines.resize_volume(72, 12)
    assert ground.run(server, f"blockdev --getsize64 {DISK}72") == f"{12 * 1024**3}\n"
    ground.machines.resize_volume(72, 11)
    assert ground.run(server, f"blockdev --getsize64 {DISK}72") == f"{12 * 1024**3}\n"
    ground.machines.detach_volume(server, 72)
    ground.machines.delete_volume(72)


def test_a_private_network_joins_its_servers_and_nobody_else(ground: Ground) -> None:
    machines = ground.machines
    for server_id, network_id, host in ((4, 6, 4), (5, 6, 5), (6, 7, 6)):
        machines.create_server(ground.spec(server_id, ipv4=None, ipv6=None))
        mac = f"86:00:00:00:00:1{host}"
        machines.attach_network(server_id, network_id, f"10.0.1.{host}", "10.0.0.0/16", mac)
    reached = {
        host: ground.run(4, f"ping -c 1 -W 1 10.0.1.{host} >/dev/null && echo yes || echo no")
        for host in (5, 6)
    }
    for server_id in (4, 5, 6):
        machines.delete_server(server_id)
    for network_id in (6, 7):
        machines.delete_network(network_id)
    assert reached == {5: "yes\n", 6: "no\n"}


def test_this_machine_has_no_address_in_a_private_network(ground: Ground, server: int) -> None:
    ground.machines.attach_network(server, 8, "10.77.0.2", "10.77.0.0/24", "86:00:00:00:00:08")
    routes = subprocess.run(
        ["ip", "-o", "-4", "addr"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    here = [ipaddress.ip_interface(line.split()[3]).ip for line in routes]
    assert not [address for address in here if address in ipaddress.ip_network("10.77.0.0/24")]
    ground.machines.detach_network(server, 8)
    ground.machines.delete_network(8)


def test_a_deleted_server_leaves_nothing_behind(ground: Ground) -> None:
    before = {kind: ground.labelled(kind) for kind in ("containers", "volumes")}
    ground.machines.create_server(ground.spec(7))
    ground.machines.create_volume(73, 10, "ext4")
    ground.machines.attach_volume(7, 73, automount=True)
    ground.machines.delete_server(7)
    helper = ground.docker.containers.get(ground.home.name("helper"))
    assert helper.exec_run(["losetup", "-j", "/volumes/73.img"]).output == b""
    ground.machines.delete_volume(73)
    assert {kind: ground.labelled(kind) for kind in ("containers", "volumes")} == before


def test_an_image_that_is_not_here_is_refused_by_name(ground: Ground) -> None:
    with pytest.raises(MachineError) as error:
        ground.machines.create_server(ground.spec(8, image="windows-3.11"))
    assert str(error.value) == "image: 'windows-3.11' is not here. Known: ubuntu-24.04."
    assert "server-8" not in " ".join(ground.labelled("containers"))


def test_user_data_reaches_the_server_and_no_label_or_environment(
    ground: Ground, server: int
) -> None:
    inspected = str(ground.container(server).attrs)
    assert "ssh_keys" in ground.run(server, "cat /var/lib/cloud/seed/nocloud/user-data")
    assert "BEGIN OPENSSH" not in inspected
    assert "ssh_keys" not in inspected

"""Starting, stopping, showing and removing a local cloud, as `estate sandbox` does."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import dns.message
import dns.query
import dns.rdatatype
import pytest
from cryptography import x509
from tenacity import retry, stop_after_delay, wait_fixed

from sandbox import control
from sandbox.home import Home, SandboxError
from sandbox.process import Process
from tests.sandbox.ground import Ground

pytestmark = pytest.mark.containers

LEGO = (
    "docker run --rm -p 80:80 -v /opt/lego:/state goacme/lego:v4.26.0 --path /state --accept-tos "
    "--server https://acme.cloud.test/directory --email a@control.test "
    "--domains control.test --http"
)


def running(ground: Ground) -> dict[str, str]:
    """Each container with its own start, and the API's process."""
    found = {
        name: str(ground.docker.containers.get(name).attrs["State"]["StartedAt"])
        for name in ground.labelled("containers")
    }
    process = Process.read(ground.home.path)
    return {**found, "api": str(process and process.pid)}


def resolve(ground: Ground, name: str, kind: str) -> list[str]:
    question = dns.message.make_query(name, kind)
    answer = dns.query.udp(question, ground.home.dns_address, timeout=5)
    wanted = dns.rdatatype.from_text(kind)
    return [str(row) for rrset in answer.answer if rrset.rdtype == wanted for row in rrset]


def test_a_second_start_starts_nothing(ground: Ground) -> None:
    before = running(ground)
    connection = ground.start()
    assert running(ground) == before
    assert connection == ground.connection


def test_two_starts_at_once_agree(ground: Ground) -> None:
    before = running(ground)
    with ThreadPoolExecutor() as pool:
        first, second = pool.map(lambda _: ground.start(), range(2))
    assert first == second
    assert running(ground) == before


def test_every_part_of_a_started_sandbox_answers(ground: Ground) -> None:
    parts = {part.name: part for part in control.status(ground.root)}
    assert list(parts)[:6] == ["docker", "api", "dns", "registry", "s3", "acme"]
    assert [name for name, part in parts.items() if not part.healthy] == []
    assert parts["dns"].address == f"{ground.home.dns_address}:53"


def test_an_api_that_was_killed_is_started_anew(ground: Ground) -> None:
    before = Process.read(ground.home.path)
    assert before is not None
    os.kill(before.pid, signal.SIGKILL)
    ground.start()
    after = Process.read(ground.home.path)
    assert after is not None
    assert after.pid != before.pid
    assert ground.hetzner("GET", "/servers")["servers"] == []


def test_a_service_that_was_killed_is_started_anew_with_its_zones(ground: Ground) -> None:
    ground.dns.create_zone("killed.test")
    ground.dns.replace("killed.test", "killed.test", "TXT", 60, ["kept"])
    ground.docker.containers.get(ground.home.name("dns")).remove(force=True)
    assert [p.state for p in control.status(ground.root) if p.name == "dns"] == ["absent"]
    ground.start()
    assert resolve(ground, "killed.test", "TXT") == ['"kept"']
    ground.dns.delete_zone("killed.test")


def test_a_name_that_nobody_has_does_not_exist(ground: Ground) -> None:
    question = dns.message.make_query("nobody.test", "A")
    answer = dns.query.udp(question, ground.home.dns_address, timeout=5)
    assert dns.rcode.to_text(answer.rcode()) == "NXDOMAIN"


def test_a_record_set_can_be_replaced_and_removed_at_once(ground: Ground) -> None:
    ground.dns.create_zone("records.test")
    seen = []
    for contents in (["198.18.0.1", "198.18.0.2"], ["198.18.0.3"], []):
        ground.dns.replace("records.test", "www.records.test", "A", 300, contents)
        seen.append(sorted(resolve(ground, "www.records.test", "A")))
    ground.dns.delete_zone("records.test")
    assert seen == [["198.18.0.1", "198.18.0.2"], ["198.18.0.3"], []]


def test_two_sandboxes_live_side_by_side(two_grounds: tuple[Ground, Ground]) -> None:
    one, other = two_grounds
    assert one.home.slot != other.home.slot
    assert one.connection.hetzner_token != other.connection.hetzner_token
    one.machines.create_server(one.spec(40))
    other.machines.create_server(other.spec(40))
    for ground in two_grounds:
        ground.machines.attach_network(40, 9, "10.0.1.2", "10.0.0.0/16", "86:00:00:00:00:40")
        assert ground.ssh(40, "hostname") == "server-40\n"
    reach = f"timeout 3 bash -c '</dev/tcp/{other.home.address(140)}/22' && echo yes || echo no"
    assert one.run(40, f"{reach} 2>/dev/null").endswith("no\n")
    for ground in two_grounds:
        ground.machines.delete_server(40)
        ground.machines.delete_network(9)


class Kept(NamedTuple):
    """What a person would miss after a stop and a start."""

    zone: list[str]
    token: str
    root: bytes
    server: Any
    row: str


def kept(ground: Ground, server: str) -> Kept:
    row = "cat /mnt/HC_Volume_*/row; docker ps -a --format '{{.Names}}'"
    return Kept(
        zone=resolve(ground, "control.test", "A"),
        token=ground.connection.hetzner_token,
        root=ground.connection.acme_root_path.read_bytes(),
        server={
            key: value
            for key, value in ground.hetzner("GET", "/servers")["servers"][0].items()
            if key in ("id", "name", "status", "public_net", "volumes")
        },
        row=inside(ground, server, row),
    )


def inside(ground: Ground, name: str, script: str) -> str:
    (found,) = ground.docker.containers.list(filters={"label": f"estate.server-name={name}"})
    result: Any = found.exec_run(["bash", "-c", script])
    said = str(result.output.decode(errors="replace"))
    assert result.exit_code == 0, said
    return said


@retry(stop=stop_after_delay(60), wait=wait_fixed(0.3), reraise=True)
def all_done(ground: Ground) -> None:
    found = ground.hetzner("GET", "/servers")["servers"]
    assert [server["status"] for server in found] == ["running"]
    inside(ground, "kept", "cloud-init status --wait && docker info && mountpoint /mnt/HC_Volume_*")


def test_stopping_and_starting_keeps_everything(ground: Ground) -> None:
    made = ground.hetzner(
        "POST",
        "/servers",
        {"name": "kept", "server_type": "cx23", "image": "ubuntu-24.04", "location": "nbg1"},
    )
    number = made["server"]["id"]
    all_unlocked(ground)
    volume = ground.hetzner(
        "POST",
        "/volumes",
        {"name": "kept", "size": 10, "server": number, "format": "ext4", "automount": True},
    )["volume"]["id"]
    all_done(ground)
    address = ground.hetzner("GET", f"/servers/{number}")["server"]["public_net"]["ipv4"]["ip"]
    ground.dns.create_zone("control.test")
    ground.dns.replace("control.test", "control.test", "A", 60, [address])
    inside(ground, "kept", "echo row > $(ls -d /mnt/HC_Volume_*)/row")
    inside(ground, "kept", "docker run -d --name kept --restart always postgres:16.10 sleep 900")
    inside(ground, "kept", f"{LEGO} run")
    before = kept(ground, "kept")

    ground.stop()
    assert [p.state for p in control.status(ground.root) if p.name == "api"] == ["stopped"]
    names = ground.labelled("containers")
    assert {ground.docker.containers.get(name).status for name in names} == {"exited"}
    ground.start()
    all_done(ground)

    assert kept(ground, "kept") == before
    path = "/opt/lego/certificates/control.test"
    verify = (
        f"openssl verify -CAfile /usr/local/share/ca-certificates/sandbox.crt -untrusted {path}"
    )
    assert inside(ground, "kept", f"{verify}.issuer.crt {path}.crt").endswith("crt: OK\n")
    first = x509.load_pem_x509_certificate(inside(ground, "kept", f"cat {path}.crt").encode())
    inside(ground, "kept", f"{LEGO} renew --days 365 --no-random-sleep")
    second = x509.load_pem_x509_certificate(inside(ground, "kept", f"cat {path}.crt").encode())
    assert second.serial_number != first.serial_number
    ground.hetzner("POST", f"/volumes/{volume}/actions/detach")
    all_detached(ground)
    ground.hetzner("DELETE", f"/volumes/{volume}")
    ground.hetzner("DELETE", f"/servers/{number}")
    ground.dns.delete_zone("control.test")


@retry(stop=stop_after_delay(60), wait=wait_fixed(0.1), reraise=True)
def all_unlocked(ground: Ground) -> None:
    found = ground.hetzner("GET", "/servers")["servers"]
    assert [(server["status"], server["locked"]) for server in found] == [("running", False)]


@retry(stop=stop_after_delay(60), wait=wait_fixed(0.3), reraise=True)
def all_detached(ground: Ground) -> None:
    assert [v["server"] for v in ground.hetzner("GET", "/volumes")["volumes"]] == [None]


def test_reset_leaves_nothing_of_a_sandbox(tmp_path: Path) -> None:
    ground = Ground(tmp_path)
    ground.start()
    ground.machines.create_volume(90, 10, "ext4")
    ground.machines.create_server(ground.spec(41))
    ground.machines.attach_volume(41, 90, automount=True)
    clone_id, network = ground.home.clone_id, ground.home.public_network
    store = ground.docker.volumes.get(ground.home.name("volumes")).attrs["Mountpoint"]
    ground.reset()
    named = subprocess.run(
        ["docker", "ps", "-aq", "--filter", f"name={clone_id}"],
        capture_output=True,
        text=True,
        check=True,
    )
    loops = subprocess.run(["losetup", "-l"], capture_output=True, text=True, check=False).stdout
    assert named.stdout == ""
    assert ground.docker.networks.list(names=[network]) == []
    assert [str(v.name) for v in ground.docker.volumes.list() if clone_id in str(v.name)] == []
    assert store not in loops
    assert not (tmp_path / ".estate" / "sandbox").exists()


def test_what_a_deleted_clone_left_in_docker_is_removed_by_the_next_start(
    ground: Ground, tmp_path: Path
) -> None:
    gone = tmp_path / "gone"
    labels = {"estate.sandbox": "feedc0de", "estate.root": str(gone)}
    ground.docker.volumes.create("estate-feedc0de-dns", labels=labels)
    ground.docker.networks.create("estate-feedc0de-public", labels=labels)
    ground.said.clear()
    ground.start()
    assert f"removed what a deleted clone left in Docker: {gone}" in ground.said
    assert ground.docker.networks.list(names=["estate-feedc0de-public"]) == []


def test_a_full_disk_is_refused_with_what_to_do(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type(shutil.disk_usage("/"))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(100, 99, 1024**3))
    with pytest.raises(SandboxError) as error:
        ground.start()
    folder = ground.docker.info()["DockerRootDir"]
    assert str(error.value) == (
        f"{folder}: 1.0 GB free, 4 GB needed for images and servers. Free some space (docker "
        "system df shows what Docker uses) and start again."
    )


def test_without_an_engine_the_error_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nothing.sock")
    with pytest.raises(SandboxError) as error:
        control.start(tmp_path, lambda _: None)
    assert str(error.value) == (
        "Docker > no Engine answers (no such file or directory). Start Docker, or run this as root "
        "on Debian or Ubuntu to have one installed and started."
    )


def test_a_sandbox_that_was_never_started_has_no_connection(tmp_path: Path) -> None:
    with pytest.raises(SandboxError) as error:
        control.connection(tmp_path)
    folder = tmp_path / ".estate" / "sandbox"
    assert str(error.value) == f"{folder}: there is no sandbox yet. Run: estate sandbox start"


def test_only_its_owner_reads_a_sandboxs_keys(ground: Ground) -> None:
    path = ground.home.path
    private = [path, path / "credentials.json", *sorted((path / "ca").glob("*.key"))]
    assert [oct(file.stat().st_mode & 0o077) for file in private] == ["0o0"] * len(private)


def test_no_key_stands_on_a_command_line_or_in_a_label(ground: Ground) -> None:
    secrets = (ground.connection.s3_secret_key, ground.connection.hetzner_token)
    seen = "".join(
        str(ground.docker.containers.get(name).attrs) for name in ground.labelled("containers")
    )
    seen += subprocess.run(["ps", "axww"], capture_output=True, text=True, check=True).stdout
    assert [secret for secret in secrets if secret in seen] == []


def test_logs_are_those_of_the_part_that_was_asked_for(ground: Ground) -> None:
    assert "pdns" in control.logs(ground.root, "dns").lower()
    with pytest.raises(SandboxError, match="logs: 'nobody' is not a part"):
        control.logs(ground.root, "nobody")


def test_the_slot_of_a_sandbox_is_its_port_and_subnet(ground: Ground) -> None:
    home = Home.open(ground.home.path)
    assert home.api_port == 18080 + home.slot
    assert home.subnet == f"198.18.{home.slot}.0/24"
    assert home.clone_id == ground.home.clone_id

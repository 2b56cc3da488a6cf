"""What is kept when the local cloud stops, however it stops."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.api.client import LocalCloud
from tests.sandbox.api.conftest import Served, in_process

RECORD = {"type": "A", "name": "www", "content": "198.18.0.10", "ttl": 300}


@pytest.fixture
def started(home: Path) -> Iterator[list[Served]]:
    processes: list[Served] = []
    yield processes
    for served in processes:
        if served.process.poll() is None:
            served.stop(signal.SIGKILL)


def _start(home: Path, started: list[Served]) -> LocalCloud:
    served = Served(home)
    started.append(served)
    return LocalCloud(served.http, home)


def _forget_running(home: Path) -> None:
    """As after a reboot: containers stopped, interfaces and devices gone, DNS empty."""
    book = json.loads((home / "machines.json").read_text())
    for machine in book["servers"].values():
        machine.update(running=False, networks={}, volumes=[])
    (home / "machines.json").write_text(json.dumps(book))
    (home / "dns.json").write_text("{}")


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGKILL])
def test_everything_is_back_after_a_stop(
    home: Path, started: list[Served], by: signal.Signals
) -> None:
    cloud = _start(home, started)
    network, server = cloud.network(), cloud.server()
    body = {"network": network["id"], "ip": "10.0.0.7"}
    cloud.done(cloud.ok("POST", f"/servers/{server['id']}/actions/attach_to_network", body))
    volume = cloud.volume(location=None, server=server["id"])
    off = cloud.server("off")
    cloud.done(cloud.ok("POST", f"/servers/{off['id']}/actions/poweroff"))
    records = f"/client/v4/zones/{cloud.zone()['id']}/dns_records"
    cloud.ok("POST", records, RECORD)
    paths = ("/servers", "/networks", "/volumes", "/primary_ips", "/client/v4/zones", records)
    before = {path: cloud.ok("GET", path) for path in paths}
    machines, published = cloud.machines["servers"], cloud.published
    code = started[0].stop(by)
    assert code == (0 if by == signal.SIGTERM else -signal.SIGKILL)
    _forget_running(home)

    again = _start(home, started)
    again.settle()
    assert {path: again.ok("GET", path) for path in paths} == before
    assert (again.machines["servers"], again.published) == (machines, published)
    assert again.machine(server)["volumes"] == [volume["id"]]
    assert again.machine(off)["running"] is False


def test_what_a_kill_interrupts_is_an_error_and_ids_are_not_given_again(
    home: Path, started: list[Served]
) -> None:
    cloud = _start(home, started)
    cloud.hold()
    body = {"name": "web", "server_type": "cx23", "image": "debian-12", "location": "nbg1"}
    answer = cloud.ok("POST", "/servers", body)
    started[0].stop(signal.SIGKILL)
    cloud.let_go()

    again = _start(home, started)
    (action,) = again.wait_for(answer["action"])
    assert action["error"] == {
        "code": "action_failed",
        "message": "the local cloud was stopped meanwhile",
    }
    # It should run, so it does: whoever asked for it sees the failure, and the server.
    again.settle()
    found = again.ok("GET", f"/servers/{answer['server']['id']}")["server"]
    assert (found["status"], found["locked"]) == ("running", False)
    assert again.server("other")["id"] > found["id"]
    again.ok("POST", "/_estate/reset")
    assert again.server("third")["id"] > found["id"] + 1


def test_it_is_not_healthy_before_its_servers_are_back(home: Path) -> None:
    with in_process(home) as cloud:
        cloud.server()
    _forget_running(home)
    (home / "hold").touch()
    with in_process(home) as cloud:
        answer = cloud.call("GET", "/_estate/health")
        assert (answer.status_code, answer.json()["status"]) == (503, "starting")
        assert answer.json()["servers"] == {"web": "starting"}
        cloud.let_go()
        cloud.settle()
        answer = cloud.call("GET", "/_estate/health")
        assert (answer.status_code, answer.json()["status"]) == (200, "ok")
        assert answer.json()["servers"] == {"web": "running"}


def test_a_server_that_does_not_come_back_is_unknown(home: Path) -> None:
    with in_process(home) as cloud:
        server = cloud.server()
    _forget_running(home)
    (home / "fail.json").write_text('{"power_on": "the image is gone"}')
    with in_process(home) as cloud:
        cloud.settle()
        (action,) = (
            action
            for action in cloud.ok("GET", f"/servers/{server['id']}/actions")["actions"]
            if action["status"] == "error"
        )
        assert action["error"] == {"code": "action_failed", "message": "the image is gone"}
        assert cloud.ok("GET", f"/servers/{server['id']}")["server"]["status"] == "off"

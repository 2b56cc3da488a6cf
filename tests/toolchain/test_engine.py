"""The built engine runs Python programs with the built plugins, quietly."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = ROOT / ".estate" / "toolchain" / "bin"

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.skipif(not (BIN / "pulumi").exists(), reason="run first: make toolchain"),
]

PROJECT = f"""
name: tiny
runtime:
  name: python
  options:
    toolchain: pip
    virtualenv: {ROOT / ".venv"}
"""

PROGRAM = """
import pulumi, pulumi_hcloud as hcloud

cloud = hcloud.Provider("cloud", endpoint="{address}/v1", token="t" * 64, poll_interval="100ms")
key = hcloud.SshKey("key", public_key="ssh-ed25519 AAAA one", labels={{"a": "b"}},
                    opts=pulumi.ResourceOptions(provider=cloud))
print("said by the program")
pulumi.export("id", key.id)
"""

# Everything here hangs on an address that only `up` knows.
UNKNOWN = """
import pulumi_command as command, pulumi_docker as docker

host = key.id.apply(lambda number: f"192.0.2.{{number}}")
machine = docker.Provider("machine", host=host.apply(lambda one: f"ssh://deploy@{{one}}:22"))
on = pulumi.ResourceOptions(provider=machine)
network = docker.Network("network", name="inside", opts=on)
image = docker.RemoteImage("image", name="busybox@sha256:" + "0" * 64, opts=on)
docker.Container("container", name="one", image=image.image_id,
                 networks_advanced=[docker.ContainerNetworksAdvancedArgs(name=network.name)],
                 ports=[docker.ContainerPortArgs(internal=80, external=8080)],
                 healthcheck=docker.ContainerHealthcheckArgs(tests=["CMD", "true"]), opts=on)
command.remote.Command("command", create="true", triggers=[key.id],
                       connection=command.remote.ConnectionArgs(host=host, private_key="x"))
"""


class SshKeys(BaseHTTPRequestHandler):
    """As much of the Hetzner API as one SSH key needs."""

    key: dict[str, Any] | None = None
    calls: tuple[str, ...] = ()

    def answer(self, status: int, body: object = None) -> None:
        SshKeys.calls += (f"{self.command} {self.path}",)
        data = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        fixed = {"id": 7, "fingerprint": "aa", "created": "2025-01-01T00:00:00+00:00"}
        SshKeys.key = {**fixed, **sent}
        self.answer(201, {"ssh_key": SshKeys.key})

    def do_GET(self) -> None:
        self.answer(200, {"ssh_key": SshKeys.key})

    def do_DELETE(self) -> None:
        SshKeys.key = None
        self.answer(204)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), SshKeys)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    SshKeys.calls = ()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


class Stack:
    """A project in a folder of its own, with its own state."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "state").mkdir()
        (folder / "Pulumi.yaml").write_text(PROJECT)
        self.pulumi("stack", "init", "dev")

    def write(self, program: str) -> None:
        (self.folder / "__main__.py").write_text(program)

    def pulumi(self, *words: str, code: int = 0) -> str:
        environment = {
            **os.environ,
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            "PULUMI_HOME": str(ROOT / ".estate" / "pulumi"),
            "PULUMI_BACKEND_URL": f"file://{self.folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        }
        answer = subprocess.run(
            ["pulumi", *words, "--non-interactive"], cwd=self.folder, env=environment,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        assert answer.returncode == code, answer.stdout
        assert "warning" not in answer.stdout.lower(), answer.stdout
        return answer.stdout


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    return Stack(tmp_path)


def test_a_resource_goes_up_stays_as_it_is_and_goes_away_without_a_warning(
    stack: Stack, address: str
) -> None:
    stack.write(PROGRAM.format(address=address))
    first = stack.pulumi("up", "--yes", "--skip-preview")
    assert "said by the program" in first
    assert 'id: "7"' in first
    stack.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes")
    stack.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes")
    stack.pulumi("destroy", "--yes", "--skip-preview")
    assert SshKeys.calls == ("POST /v1/ssh_keys", "GET /v1/ssh_keys/7", "DELETE /v1/ssh_keys/7")


def test_a_preview_calls_nobody_whose_address_is_unknown(stack: Stack, address: str) -> None:
    stack.write((PROGRAM + UNKNOWN).format(address=address))
    preview = stack.pulumi("preview")
    assert "+ 8 to create" in preview
    assert SshKeys.calls == ()


def test_a_program_that_raises_shows_its_traceback_once(stack: Stack) -> None:
    stack.write('def wrong():\n    raise ValueError("too small")\n\nwrong()\n')
    told = stack.pulumi("preview", code=1)
    assert told.count("ValueError: too small") == 1
    assert "__main__.py" in told
    assert "language_host" not in told


def test_the_plugins_say_what_they_are(stack: Stack) -> None:
    listed = json.loads(stack.pulumi("plugin", "ls", "--json"))
    versions = {one["name"]: one["version"] for one in listed}
    assert set(versions) >= {"hcloud", "docker", "command", "cloudflare"}
    pins = (ROOT / "requirements.txt").read_text()
    for name in ("hcloud", "docker", "command", "cloudflare"):
        assert f"pulumi-{name}=={versions[name].partition('+')[0]}" in pins

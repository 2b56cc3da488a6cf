"""The unchanged provider plugins against the local cloud: up, no difference, change, destroy."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.api.client import CLOUDFLARE_TOKEN, HETZNER_TOKEN, LocalCloud
from tests.sandbox.api.conftest import ROOT, Served

pytestmark = pytest.mark.end_to_end

PROGRAM = Path(__file__).with_name("program")
TOOLS = ROOT / ".estate" / "toolchain" / "bin"
PLUGINS = ROOT / ".estate" / "pulumi"


class Stack:
    def __init__(self, folder: Path, port: int) -> None:
        self.folder = shutil.copytree(PROGRAM, folder / "program")
        (folder / "state").mkdir()
        self.environment = {
            **os.environ,
            "PATH": os.pathsep.join(
                [str(TOOLS), str(Path(sys.executable).parent), os.environ["PATH"]]
            ),
            "PULUMI_HOME": str(PLUGINS),
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "contract",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        }
        self.run("stack", "init", "contract")
        self.configure(
            step="one", protect="false", port="22", serverType="cx23", size="10",
            ttl="300",
            **{
                "hcloud:endpoint": f"http://127.0.0.1:{port}/v1",
                "hcloud:token": HETZNER_TOKEN,
                "hcloud:pollInterval": "100ms",
                "hcloud:pollFunction": "constant",
                "cloudflare:baseUrl": f"http://127.0.0.1:{port}/client/v4",
                "cloudflare:apiToken": CLOUDFLARE_TOKEN,
            },
        )  # fmt: skip

    def configure(self, **values: str) -> None:
        pairs = [
            word for key, value in values.items() for word in ("--plaintext", f"{key}={value}")
        ]
        self.run("config", "set-all", *pairs)

    def run(self, *arguments: str, fails: bool = False) -> str:
        done = subprocess.run(
            ["pulumi", *arguments, "--non-interactive", "--color", "never"],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode != 0) is fails, done.stdout + done.stderr
        return done.stdout

    def up(self) -> dict[str, int]:
        """How many resources each operation was done to."""
        self.run("up", "--yes", "--skip-preview")
        history = json.loads(self.run("stack", "history", "--json", "--page-size", "1"))
        changes: dict[str, int] = history[0]["resourceChanges"]
        return changes

    def destroy(self, *, fails: bool = False) -> str:
        return self.run("destroy", "--yes", "--skip-preview", fails=fails)

    def expect_no_changes(self) -> None:
        self.run("preview", "--expect-no-changes")
        self.run("refresh", "--yes", "--skip-preview", "--expect-no-changes")


@pytest.fixture
def served(home: Path) -> Iterator[Served]:
    needed = [TOOLS / "pulumi", *(PLUGINS / "plugins").glob("resource-*-v*[0-9]")]
    names = " ".join(path.name for path in needed if path.exists())
    if not all(name in names for name in ("pulumi", "resource-hcloud", "resource-cloudflare")):
        pytest.skip("engine and plugins are not built")
    process = Served(home)
    yield process
    process.stop()


def test_all_resources_are_made_changed_and_removed_and_show_no_difference_meanwhile(
    served: Served, home: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    cloud = LocalCloud(served.http, home)
    zone = cloud.zone()
    stack = Stack(tmp_path_factory.mktemp("stack"), served.port)
    assert stack.up() == {"create": 31}
    assert len(cloud.machines["servers"]) == 3
    address = next(m["ipv4"] for m in cloud.machines["servers"].values() if m["name"] == "web")
    assert cloud.published["predrive.test"] == {
        "predrive.test A": [300, [address]],
        "web.predrive.test A": [300, [address]],
        "edge.predrive.test A": [300, [address]],
        "www.predrive.test CNAME": [300, ["web.predrive.test."]],
        "predrive.test MX": [300, ["0 mx.predrive.test."]],
        "predrive.test TXT": [300, ['"v=spf1 -all"']],
        "predrive.test CAA": [300, ['0 issue "letsencrypt.org"']],
        "_xmpp-client._tcp.predrive.test SRV": [300, ["10 0 5222 web.predrive.test."]],
    }
    stack.expect_no_changes()

    stack.configure(step="two", protect="true", port="2222", size="20", ttl="600")
    # 10 of Hetzner's, and all 7 records that are not proxied.
    assert stack.up() == {"same": 14, "update": 17}
    stack.expect_no_changes()
    assert "server deletion is protected" in stack.destroy(fails=True)

    stack.configure(protect="false", serverType="cx33")
    changes = stack.up()
    assert "create-replacement" not in changes
    stack.expect_no_changes()
    (hub,) = cloud.ok("GET", "/servers", name="hub")["servers"]
    assert (hub["server_type"]["name"], hub["status"]) == ("cx33", "running")
    assert hub["public_net"]["ipv4"]["dns_ptr"] == "hub.predrive.test"

    stack.destroy()
    cloud.ok("DELETE", f"/client/v4/zones/{zone['id']}")
    left = cloud.ok("GET", "/_estate/inventory")
    assert {of["count"] for of in left.values()} == {0}
    assert cloud.machines["servers"] == cloud.machines["volumes"] == {}


def test_there_is_no_difference_after_the_local_cloud_was_killed(
    home: Path, tmp_path_factory: pytest.TempPathFactory, served: Served
) -> None:
    LocalCloud(served.http, home).zone()
    stack = Stack(tmp_path_factory.mktemp("stack"), served.port)
    stack.up()
    served.stop(signal.SIGKILL)
    again = Served(home, served.port)
    try:
        LocalCloud(again.http, home).settle()
        stack.expect_no_changes()
        stack.destroy()
    finally:
        again.stop()

"""One local cloud under test: calls it as the providers' clients do, and looks beneath it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import httpx

HETZNER_TOKEN = "h" * 64
CLOUDFLARE_TOKEN = "c" * 40
ACCOUNT = "a" * 32
KEYS = {
    "ops": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGpvcmRhbiBpcyBub3QgYSByZWFsIGtleSBhdCBhbGwh ops",
}
PATIENCE_SECONDS = 30  # only ever waited out by a test that fails


class LocalCloud:
    def __init__(self, http: httpx.Client, home: Path) -> None:
        self.http = http
        self.home = home

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> httpx.Response:
        """Hetzner, except where the path says Cloudflare or the control door."""
        token = CLOUDFLARE_TOKEN if path.startswith("/client/v4") else HETZNER_TOKEN
        if not path.startswith(("/client/v4", "/_estate")):
            path = f"/v1{path}"
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        return self.http.request(method, path, json=body, params=query or None, headers=headers)

    def ok(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        response = self.call(method, path, body, **query)
        assert response.status_code < 300, response.text
        return response.json() if response.content else None

    def refused(self, method: str, path: str, body: Any = None, **query: Any) -> tuple[int, str]:
        """Status and code of the refusal."""
        response = self.call(method, path, body, **query)
        assert response.status_code >= 400, response.text
        answer = response.json()
        if path.startswith("/client/v4"):
            return response.status_code, str(answer["errors"][0]["code"])
        return response.status_code, answer["error"]["code"]

    def wait_for(self, *actions: dict[str, Any]) -> list[dict[str, Any]]:
        """As hcloud-go waits: one query, every id must come back."""
        ids = [action["id"] for action in actions]
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            query = {"id": ids, "page": 1, "sort": ["status", "id"]}
            found: list[dict[str, Any]] = self.ok("GET", "/actions", **query)["actions"]
            assert sorted(action["id"] for action in found) == sorted(ids)
            if all(action["status"] != "running" for action in found):
                return found
            assert time.monotonic() < deadline, found
            time.sleep(0.01)

    def done(self, answer: dict[str, Any]) -> dict[str, Any]:
        """Wait for everything that the answer promised; all of it must have worked."""
        promised = [
            answer.get("action"),
            *answer.get("next_actions", ()),
            *answer.get("actions", ()),
        ]
        for action in self.wait_for(*[action for action in promised if action]):
            assert (action["status"], action["error"]) == ("success", None)
        return answer

    def server(self, name: str = "web", **more: Any) -> dict[str, Any]:
        body = {"name": name, "server_type": "cx23", "image": "ubuntu-24.04", "location": "nbg1"}
        created = self.done(self.ok("POST", "/servers", body | more))
        found: dict[str, Any] = self.ok("GET", f"/servers/{created['server']['id']}")["server"]
        return found

    def network(self, name: str = "private", ip_range: str = "10.0.0.0/16") -> dict[str, Any]:
        subnet = ip_range.split("/", maxsplit=1)[0] + "/24"
        body = {
            "name": name,
            "ip_range": ip_range,
            "subnets": [{"type": "cloud", "network_zone": "eu-central", "ip_range": subnet}],
        }
        found: dict[str, Any] = self.ok("POST", "/networks", body)["network"]
        return found

    def volume(self, name: str = "data", **more: Any) -> dict[str, Any]:
        body = {"name": name, "size": 10, "location": "nbg1", "format": "ext4"}
        created = self.done(self.ok("POST", "/volumes", body | more))
        found: dict[str, Any] = self.ok("GET", f"/volumes/{created['volume']['id']}")["volume"]
        return found

    def ssh_key(self, name: str = "ops") -> dict[str, Any]:
        found: dict[str, Any] = self.ok(
            "POST", "/ssh_keys", {"name": name, "public_key": KEYS["ops"]}
        )["ssh_key"]
        return found

    def primary_ip(self, name: str = "front", **more: Any) -> dict[str, Any]:
        body = {"name": name, "type": "ipv4", "assignee_type": "server", "location": "nbg1"}
        found: dict[str, Any] = self.ok("POST", "/primary_ips", body | more)["primary_ip"]
        return found

    def zone(self, name: str = "predrive.test") -> dict[str, Any]:
        body = {"name": name, "account": {"id": ACCOUNT}, "type": "full"}
        found: dict[str, Any] = self.ok("POST", "/client/v4/zones", body)["result"]
        return found

    @property
    def machines(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.home / "machines.json").read_text())
        return found

    @property
    def published(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.home / "dns.json").read_text())
        return found

    def machine(self, server: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = self.machines["servers"][str(server["id"])]
        return found

    def hold(self) -> None:
        """Machine work begun from now on waits for `let_go`."""
        (self.home / "hold").touch()

    def let_go(self) -> None:
        (self.home / "hold").unlink(missing_ok=True)

    def fail(self, **calls: str) -> None:
        (self.home / "fail.json").write_text(
            json.dumps({call.replace("__", " "): message for call, message in calls.items()})
        )

    def mend(self) -> None:
        (self.home / "fail.json").unlink(missing_ok=True)

    def settle(self) -> None:
        """Until no job is under way."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.call("GET", "/_estate/health").json()["jobs"]:
            assert time.monotonic() < deadline
            time.sleep(0.01)

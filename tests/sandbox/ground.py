"""A started local cloud, and servers in it that tests may look into."""

from __future__ import annotations

import json
import subprocess
from functools import cached_property
from pathlib import Path
from typing import Any

import docker
import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from docker.models.containers import Container
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from sandbox import control
from sandbox.connection import Connection
from sandbox.containers import Filters
from sandbox.dns import Dns
from sandbox.home import Home
from sandbox.machines import Machines
from sandbox.underneath import MachineSpec


class Ground:
    def __init__(self, root: Path):
        self.root = root
        self.said: list[str] = []
        self._key = Ed25519PrivateKey.generate()
        self._host_key = Ed25519PrivateKey.generate()

    @cached_property
    def docker(self) -> docker.DockerClient:
        """Asked for after the first start, which sees to an Engine where there is none."""
        return docker.from_env()

    def start(self) -> Connection:
        return control.start(self.root, self.said.append)

    def stop(self) -> None:
        control.stop(self.root, self.said.append)

    def reset(self) -> None:
        control.reset(self.root, self.said.append)

    @property
    def home(self) -> Home:
        return Home.open(self.root / ".estate" / "sandbox")

    @cached_property
    def machines(self) -> Machines:
        return Machines(self.home.path)

    @property
    def dns(self) -> Dns:
        return Dns(self.home.path)

    @property
    def connection(self) -> Connection:
        return control.connection(self.root)

    def labelled(self, kind: str) -> list[str]:
        """Names of Docker's containers, networks or volumes that belong to this ground."""
        mine: Filters = {"label": f"estate.sandbox={self.home.clone_id}"}
        found: dict[str, list[Any]] = {
            "containers": self.docker.containers.list(all=True, filters=mine),
            "networks": self.docker.networks.list(filters=mine),
            "volumes": self.docker.volumes.list(filters=mine),
        }
        return sorted(str(each.name) for each in found[kind])

    def spec(self, server_id: int, **changes: Any) -> MachineSpec:
        values: dict[str, Any] = {
            "server_id": server_id,
            "name": f"server-{server_id}",
            "image": "ubuntu-24.04",
            "cores": 2,
            "memory_gb": 2,
            "ipv4": self.home.address(100 + server_id),
            "ipv6": f"2001:db8:{self.home.slot:x}:{100 + server_id:x}::1",
            "user_data": self._user_data(),
            "ssh_keys": (_public(self._key),),
            "location": "nbg1",
        }
        return MachineSpec(**{**values, **changes})

    def container(self, server_id: int) -> Container:
        return self.docker.containers.get(self.home.name("server", server_id))

    def run(self, server_id: int, script: str) -> str:
        """Run a shell script as root in a server; both streams together."""
        result: Any = self.container(server_id).exec_run(["bash", "-c", script])
        said = str(result.output.decode(errors="replace"))
        assert result.exit_code == 0, said
        return said

    def booted(self, server_id: int) -> None:
        """Wait until cloud-init and the server's own Docker are done."""
        self.run(server_id, "cloud-init status --wait && until docker info; do sleep 0.1; done")

    @retry(
        retry=retry_if_exception_type(subprocess.CalledProcessError),
        stop=stop_after_delay(60),
        wait=wait_fixed(0.2),
        reraise=True,
    )
    def ssh(self, server_id: int, command: str) -> str:
        """By the key of the spec, to the host key of the user data and no other."""
        folder = self.root / "ssh"
        folder.mkdir(exist_ok=True)
        address = self.home.address(100 + server_id)
        key = folder / "key"
        key.touch(mode=0o600)
        key.write_bytes(_private(self._key))
        (folder / "known_hosts").write_text(f"{address} {_public(self._host_key)}\n")
        options = ["StrictHostKeyChecking=yes", f"UserKnownHostsFile={folder / 'known_hosts'}"]
        options += ["BatchMode=yes", "ConnectTimeout=3", "IdentitiesOnly=yes"]
        words = ["ssh", "-i", str(key), *(w for o in options for w in ("-o", o))]
        done = subprocess.run(
            [*words, f"root@{address}", command], capture_output=True, text=True, check=True
        )
        return done.stdout

    def hetzner(self, method: str, path: str, body: Any = None) -> Any:
        token = self.connection.hetzner_token
        answer = httpx.request(
            method,
            f"{self.connection.hetzner_endpoint}{path}",
            json=body,
            headers={"Authorization": f"Bearer {token}"},
            timeout=60,
            trust_env=False,
        )
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def _user_data(self) -> str:
        private = _private(self._host_key).decode()
        settings = {
            "ssh_keys": {"ed25519_private": private, "ed25519_public": _public(self._host_key)}
        }
        return "#cloud-config\n" + json.dumps(settings)


def _private(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    )


def _public(key: Ed25519PrivateKey) -> str:
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
        .decode()
    )

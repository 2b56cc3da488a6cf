"""The container through which root's work on this machine is done: loop devices, network cards.

It has its own network namespace, in which the private networks' bridges live: no address of this
machine and no firewall rule of Docker's touches them, and they go when it goes.
"""

from __future__ import annotations

import threading

import docker
from docker.models.containers import Container

from sandbox import containers
from sandbox.home import Home
from sandbox.images.catalogue import recipes, tag

STORE = "/volumes"
_starting = threading.Lock()


class Helper:
    def __init__(self, client: docker.DockerClient, home: Home):
        self._client = client
        self._home = home

    @property
    def name(self) -> str:
        return self._home.name("helper")

    def run(self, *command: str, doing: str) -> str:
        return containers.run(self.ensure(), list(command), doing=doing)

    def ensure(self) -> Container:
        with _starting, containers.explained("helper"):
            container = containers.find(self._client, self.name)
            if container is None:
                container = self._create()
            if container.status != "running":
                container.start()
            return container

    def _create(self) -> Container:
        by_name = recipes()
        self._client.volumes.create(self._home.name("volumes"), labels=self._home.labels)
        return self._client.containers.create(
            tag(by_name["helper"], by_name),
            name=self.name,
            labels={**self._home.labels, "estate.part": "helper"},
            init=True,
            network_mode="none",
            pid_mode="host",  # to reach the servers' network namespaces
            cap_add=["SYS_ADMIN", "NET_ADMIN", "MKNOD", "SYS_PTRACE", "SYS_RAWIO"],
            security_opt=["seccomp=unconfined", "apparmor=unconfined"],
            device_cgroup_rules=["a *:* rwm"],
            volumes={
                "/dev": {"bind": "/dev", "mode": "rw"},
                self._home.name("volumes"): {"bind": STORE, "mode": "rw"},
            },
        )

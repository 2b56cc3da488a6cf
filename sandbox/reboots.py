"""Starts a server again that rebooted itself: its container ends, as no machine's power would."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import docker
from docker.errors import DockerException
from requests import RequestException

from sandbox.home import Home
from sandbox.underneath import MachineError

log = logging.getLogger("sandbox.reboots")

# The kernel ends the first process of a PID namespace with SIGHUP for a reboot, SIGINT for a halt
# (reboot(2)); Docker adds 128.
_REBOOTED = "129"


class Reboots:
    """Watches from the first power-on of this process on."""

    def __init__(self, client: docker.DockerClient, home: Home, power_on: Callable[[int], None]):
        self._client = client
        self._home = home
        self._power_on = power_on
        self._begun = threading.Event()
        self._beginning = threading.Lock()

    def watch(self) -> None:
        with self._beginning:
            if not self._begun.is_set():
                threading.Thread(target=self._follow, name="reboots", daemon=True).start()
                self._begun.set()

    def _follow(self) -> None:
        wanted = {"label": f"estate.sandbox={self._home.clone_id}", "event": "die"}
        try:
            for event in self._client.events(decode=True, filters=wanted):
                about = event["Actor"]["Attributes"]
                if about.get("exitCode") == _REBOOTED and "estate.server" in about:
                    self._bring_back(int(about["estate.server"]))
        except (DockerException, RequestException, ValueError) as error:
            log.warning("reboots are watched no more, Docker went away: %s", error)

    def _bring_back(self, server_id: int) -> None:
        log.info("server %d rebooted itself", server_id)
        try:
            self._power_on(server_id)
        except MachineError as error:  # deleted or switched off meanwhile
            log.info("server %d stays off: %s", server_id, error)

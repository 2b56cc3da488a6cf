"""Finds the Docker Engine, and installs and starts one where none answers."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import docker
from docker.errors import DockerException

from sandbox.home import SandboxError

Progress = Callable[[str], None]

_LOG = Path("/var/log/estate-dockerd.log")
_PID = Path("/var/run/estate-dockerd.pid")
_PACKAGES = ["docker.io", "iptables", "debootstrap"]
_START_SECONDS = 60


class EngineError(SandboxError):
    """No usable Docker Engine; the message says what to do."""


def connect() -> docker.DockerClient:
    try:
        client = docker.from_env(timeout=600)
        client.ping()
    except (DockerException, OSError) as error:
        raise EngineError(
            f"Docker > no Engine answers ({_reason(error)}). Start Docker, or run this as root on "
            "Debian or Ubuntu to have one installed and started."
        ) from error
    return client


def ensure_docker(progress: Progress) -> docker.DockerClient:
    """A client of the running Engine. An Engine that somebody else started is only used."""
    try:
        return connect()
    except EngineError:
        if os.environ.get("DOCKER_HOST"):
            raise
        _refuse_what_a_password_would_solve()
    if shutil.which("dockerd") is None:
        _install(progress)
    _start(progress)
    return connect()


def _reason(error: Exception) -> str:
    text = str(error)
    for known in ("Permission denied", "Connection refused", "No such file or directory"):
        if known in text:
            return known.lower()
    return text.splitlines()[0][:120]


def _refuse_what_a_password_would_solve() -> None:
    socket = Path("/var/run/docker.sock")
    if os.getuid() == 0:
        return
    if socket.exists() and not os.access(socket, os.R_OK | os.W_OK):
        raise EngineError(
            f"Docker > {socket}: permission denied. Add yourself to the group docker "
            "(sudo usermod -aG docker $USER), log in again, and start again."
        )
    raise EngineError("Docker > no Engine answers. Start it (sudo service docker start) or be root")


def _install(progress: Progress) -> None:
    if shutil.which("apt-get") is None:
        raise EngineError(
            "Docker > not installed, and this system has no apt-get. Install Docker Engine 20.10 "
            "or newer (docs.docker.com/engine/install) and start again."
        )
    progress("Docker: installing docker.io with apt-get (a minute)")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update", "-q"],
        ["apt-get", "install", "-y", "-q", "--no-install-recommends", *_PACKAGES],
    ):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise EngineError(f"Docker > {' '.join(command[:2])} failed:\n{done.stderr[-1500:]}")


def ensure_debootstrap(progress: Progress) -> None:
    """Where Docker Hub is shut, the images' Debian is made with it."""
    if shutil.which("debootstrap") or os.getuid() != 0 or shutil.which("apt-get") is None:
        return
    progress("images: installing debootstrap with apt-get")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-q"], ["apt-get", "install", "-y", "-q", "debootstrap"]):
        subprocess.run(command, env=environment, capture_output=True, check=False)


def _start(progress: Progress) -> None:
    if Path("/run/systemd/system").is_dir():
        progress("Docker: starting the service")
        subprocess.run(["systemctl", "start", "docker"], check=False)
    else:
        progress(f"Docker: starting dockerd (no init system here); log in {_LOG}")
        with _LOG.open("ab") as log:
            # Its own session: it outlives this command, as a service would.
            subprocess.Popen(
                ["dockerd", "--pidfile", str(_PID)],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        try:
            connect()
        except EngineError:
            time.sleep(0.3)
        else:
            return
    where = f" See {_LOG}." if _LOG.exists() else " See: journalctl -u docker"
    raise EngineError(f"Docker > it did not answer within {_START_SECONDS} s of its start.{where}")

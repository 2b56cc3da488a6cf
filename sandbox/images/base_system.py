"""The Debian that all images stand on: from Docker Hub, or made by debootstrap where it is shut."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import docker
from docker.errors import APIError, ImageNotFound

from sandbox import engine
from sandbox.home import SandboxError
from sandbox.images import host

IMAGE = "debian:bookworm-slim"
MADE = "estate/rootfs:bookworm"
_PULL_SECONDS = 60


class BaseSystemError(SandboxError):
    """Neither Docker Hub nor debootstrap gave a Debian."""


def provide(client: docker.DockerClient, progress: Callable[[str], None]) -> str:
    """Name of an image that holds a bare Debian."""
    for name in (MADE, IMAGE):
        if _present(client, name):
            return name
    if _pull(client):
        return IMAGE
    progress("images: no Docker Hub here; making a Debian with debootstrap (a minute)")
    engine.ensure_debootstrap(progress)
    _debootstrap(client)
    return MADE


def _present(client: docker.DockerClient, name: str) -> bool:
    try:
        client.images.get(name)
    except ImageNotFound:
        return False
    return True


def _pull(client: docker.DockerClient) -> bool:
    """Try Docker Hub, but do not hang where a firewall swallows the packets."""
    done: list[bool] = []

    def attempt() -> None:
        try:
            client.images.pull(IMAGE)
            done.append(True)
        except APIError:
            done.append(False)

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(_PULL_SECONDS)
    return done == [True]


def _debootstrap(client: docker.DockerClient) -> None:
    if shutil.which("debootstrap") is None or os.getuid() != 0:
        raise BaseSystemError(
            f"images > base: Docker Hub does not answer ({IMAGE}) and debootstrap cannot run here. "
            "Either open the way to Docker Hub, or install debootstrap and start once as root."
        )
    with tempfile.TemporaryDirectory(prefix="estate-debian-", dir="/var/tmp") as scratch:
        root = Path(scratch) / "root"
        command = ["debootstrap", "--variant=minbase", "--include=ca-certificates", host.SUITE]
        command += [str(root), *filter(None, [host.mirror()])]
        made = subprocess.run(command, capture_output=True, text=True, check=False)
        if made.returncode != 0:
            raise BaseSystemError(f"images > base > debootstrap failed:\n{made.stdout[-1500:]}")
        archive = Path(scratch) / "root.tar"
        skipped = ("./proc/*", "./sys/*", "./dev/*", "./var/cache/apt/*", "./var/lib/apt/lists/*")
        subprocess.run(
            [
                "tar",
                "-C",
                str(root),
                *(f"--exclude={path}" for path in skipped),
                "-cf",
                str(archive),
                ".",
            ],
            check=True,
        )
        repository, _, tag = MADE.partition(":")
        client.api.import_image_from_file(str(archive), repository=repository, tag=tag)

"""The SSH files that the Docker provider's `ssh` needs: our key, and the hosts that we know."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pulumi

from blueprint.parts import Server

_FOLDER = ".estate/ssh"


def write(stack: str, servers: Iterable[Server], private_key: str, root: Path) -> None:
    """Writes key and known hosts, readable by their owner alone.

    Hosts are known by name (HostKeyAlias), since addresses come later. The provider runs in the
    project's folder, so the options name the files relative to it and are the same everywhere.
    """
    folder = root / _FOLDER / stack
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    known = "".join(f"{server.name} {server.host_public_key}\n" for server in servers)
    _private(folder / "id", private_key.rstrip("\n") + "\n")
    _private(folder / "known_hosts", known)


def options(stack: str, server: str) -> list[str]:
    """Options of ssh: no file of the user's is read, no host is trusted on first use."""
    folder = f"{_FOLDER}/{stack}"
    settings = (
        f"IdentityFile={folder}/id",
        "IdentitiesOnly=yes",
        "IdentityAgent=none",
        f"UserKnownHostsFile={folder}/known_hosts",
        "GlobalKnownHostsFile=/dev/null",
        "StrictHostKeyChecking=yes",
        f"HostKeyAlias={server}",
        "BatchMode=yes",
        "ConnectTimeout=15",
        "ServerAliveInterval=15",
    )
    return ["-F", "/dev/null", *(word for setting in settings for word in ("-o", setting))]


def deploy_key() -> str:
    """The private key, plain: it must be in a file before the first connection."""
    return pulumi.Config("estate").require("deploy-key")


def _private(path: Path, text: str) -> None:
    if path.exists() and path.read_text() == text:
        return
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    temporary.touch(mode=0o600, exist_ok=False)
    temporary.write_text(text)
    temporary.replace(path)

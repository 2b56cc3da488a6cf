"""The user data of a server: just enough that we can log in and know whom we talk to."""

from __future__ import annotations

import yaml

from blueprint.parts import Server

USER = "deploy"


def render(server: Server, host_key: str) -> str:
    """cloud-config with our host key, one user with sudo, no passwords, no root login.

    Everything that may change later is done over SSH instead: user data is read once.
    """
    content = {
        "hostname": server.name,
        # sudo complains where a host does not know its own name.
        "manage_etc_hosts": "localhost",
        "ssh_deletekeys": True,
        "ssh_keys": {
            "ed25519_private": host_key if host_key.endswith("\n") else host_key + "\n",
            "ed25519_public": server.host_public_key,
        },
        "ssh_pwauth": False,
        "disable_root": True,
        "users": [
            {
                "name": USER,
                "shell": "/bin/bash",
                "lock_passwd": True,
                "sudo": "ALL=(ALL) NOPASSWD:ALL",
                "ssh_authorized_keys": [key.public_key for key in server.authorized_keys],
            }
        ],
    }
    return "#cloud-config\n" + yaml.safe_dump(content, sort_keys=True, width=4096)

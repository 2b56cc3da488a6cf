"""The user data of a server: whom we talk to, who may log in, and nothing that changes later."""

from __future__ import annotations

from dataclasses import replace

import pytest
import yaml

from blueprint.parts import SshKey
from components import cloud_init
from tests.components.test_identity import SERVERS

KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\nbnNz\n-----END OPENSSH PRIVATE KEY-----\n"
DRIVE = replace(SERVERS[0], authorized_keys=(SshKey("deploy", "ssh-ed25519 AAAA deploy"),))


@pytest.mark.parametrize("key", [KEY, KEY.rstrip("\n")])
def test_user_data_is_whole_and_the_host_key_ends_with_a_newline(key: str) -> None:
    text = cloud_init.render(DRIVE, key)
    assert text.startswith("#cloud-config\n")
    assert yaml.safe_load(text) == {
        "hostname": "drive",
        "manage_etc_hosts": "localhost",
        "ssh_deletekeys": True,
        "ssh_keys": {
            "ed25519_private": KEY,
            "ed25519_public": "ssh-ed25519 AAAAdrive drive",
        },
        "ssh_pwauth": False,
        "disable_root": True,
        "users": [
            {
                "name": "deploy",
                "shell": "/bin/bash",
                "lock_passwd": True,
                "sudo": "ALL=(ALL) NOPASSWD:ALL",
                "ssh_authorized_keys": ["ssh-ed25519 AAAA deploy"],
            }
        ],
    }


def test_user_data_fits_what_hetzner_takes() -> None:
    assert len(cloud_init.render(DRIVE, KEY).encode()) < 32 * 1024

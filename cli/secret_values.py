"""Strong values for the secrets that a stack needs: random text, SSH keys and host keys."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from blueprint.checks import DEPLOY_KEY
from blueprint.draw import host_key_secret
from cli import blueprints, pulumi

_BYTES = 32


@dataclass(frozen=True)
class Made:
    """What `init` made, kept, and cannot make because only somebody else knows it."""

    made: tuple[str, ...]
    kept: tuple[str, ...]
    given: tuple[str, ...]


def init(stack: str) -> Made:
    """Makes every secret of the stack that is not set; a value that is there is never changed.

    They are encrypted into the stack's file: whoever restores the data restores its passwords.
    """
    settings, blueprint = blueprints.of(stack)
    names = {*blueprint.secret_names(), DEPLOY_KEY}
    missing = sorted(names - settings.secrets)
    given = [name for name in missing if name in blueprint.given_secret_names()]
    public_paths = {DEPLOY_KEY: "deploy"}
    public_paths |= {host_key_secret(s.name): f"hosts.{s.name}" for s in blueprint.servers}
    made = [name for name in missing if name not in given]
    for name in made:
        if name in public_paths:
            private, public = _ssh_key(f"{settings.system.name}-{stack}")
            pulumi.set_config_path(stack, f"estate:public_keys.{public_paths[name]}", public)
            pulumi.set_config(stack, f"estate:{name}", private, secret=True)
        else:
            value = secrets.token_urlsafe(_BYTES)
            pulumi.set_config(stack, f"estate:{name}", value, secret=True)
    return Made(tuple(made), tuple(sorted(names - set(missing))), tuple(given))


def _ssh_key(comment: str) -> tuple[str, str]:
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    ).decode()
    public = key.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    return private, f"{public.decode()} {comment}"

"""The stack's configuration as the engine hands it to the program."""

from __future__ import annotations

import json
import os


def values_and_secret_keys() -> tuple[dict[str, str], frozenset[str]]:
    """`project:key` to value (objects as JSON text), and the keys whose values are secret.

    Read from the variables that every language host sets, since pulumi.Config cannot list keys.
    """
    values = json.loads(os.environ.get("PULUMI_CONFIG") or "{}")
    secret_keys = json.loads(os.environ.get("PULUMI_CONFIG_SECRET_KEYS") or "[]")
    return values, frozenset(secret_keys)

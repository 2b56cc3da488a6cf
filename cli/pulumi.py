"""How `pulumi` is run: the environment that makes this clone complete, and its configuration."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
_STATE = ROOT / ".estate"
_PASSPHRASE = _STATE / "passphrase"


class PulumiFailed(Exception):
    """`pulumi` ended with an error; the text is what it said."""


def variables(environ: Mapping[str, str]) -> dict[str, str]:
    """What a shell needs for `pulumi` in this clone. What the user has set already stays.

    State lies in the clone and is encrypted with a passphrase of its own, unless the user has a
    backend or a passphrase.
    """
    ours = {
        "PULUMI_HOME": str(_STATE / "pulumi"),
        "PULUMI_BACKEND_URL": f"file://{_STATE / 'state'}",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    if (_STATE / "toolchain" / "built").exists():
        # Plugins that we built are not to be looked for elsewhere.
        ours["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "true"
    if not {"PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"} & environ.keys():
        ours["PULUMI_CONFIG_PASSPHRASE_FILE"] = str(_PASSPHRASE)
    missing = {name: value for name, value in ours.items() if name not in environ}
    folders = [str(ROOT / "bin"), str(_STATE / "toolchain" / "bin")]
    path = environ.get("PATH", "").split(os.pathsep)
    missing["PATH"] = os.pathsep.join([*(f for f in folders if f not in path), *path])
    return missing


def prepare() -> None:
    """Makes the state folder and the passphrase of this clone, once."""
    (_STATE / "state").mkdir(parents=True, exist_ok=True, mode=0o700)
    if not _PASSPHRASE.exists():
        temporary = _PASSPHRASE.with_suffix(f".{os.getpid()}")
        temporary.touch(mode=0o600)
        temporary.write_text(secrets.token_urlsafe(32) + "\n")
        temporary.replace(_PASSPHRASE)


def environment() -> dict[str, str]:
    """The environment of a `pulumi` that we start."""
    return {**os.environ, **variables(os.environ)}


def run(*arguments: str, stdin: str | None = None, capture: bool = True) -> str:
    """Runs `pulumi` in the clone; its output, or PulumiFailed with what it said.

    With `capture=False` its output goes to the terminal as it comes.
    """
    result = subprocess.run(
        ["pulumi", *arguments],
        cwd=ROOT,
        env=environment(),
        input=stdin,
        stdin=None if stdin is not None else subprocess.DEVNULL,
        capture_output=capture,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        said = (result.stderr or result.stdout or "").strip()
        raise PulumiFailed(said or f"pulumi {arguments[0]} ended with {result.returncode}")
    return result.stdout or ""


def ensure_stack(stack: str) -> None:
    """The stack exists in the backend, and is the one that commands without `-s` mean."""
    known = {entry["name"] for entry in json.loads(run("stack", "ls", "--json"))}
    run("stack", "select" if stack in known else "init", stack)


def configuration(stack: str) -> dict[str, dict[str, Any]]:
    """`project:key` to `{value, secret}`, secrets included: never to be shown."""
    text = run("config", "--json", "--show-secrets", "-s", stack)
    return dict(json.loads(text))


def set_config(stack: str, key: str, value: str, *, secret: bool) -> None:
    """Sets one value; it travels on standard input, where no process list shows it."""
    kind = "--secret" if secret else "--plaintext"
    run("config", "set", "-s", stack, kind, key, stdin=value)


def set_config_path(stack: str, path: str, value: str) -> None:
    """Sets one plain value inside an object, such as `estate:public_keys.deploy`."""
    run("config", "set", "-s", stack, "--path", "--plaintext", path, value)

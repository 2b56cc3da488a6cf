"""A clone of the working tree with a local cloud of its own, driven as a user drives it."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

ROOT = Path(__file__).resolve().parents[2]
_SECONDS = 900


@dataclass(frozen=True)
class Ran:
    """A finished command: both streams together, as a terminal shows them."""

    code: int
    text: str


class Clone:
    """What a user has after `git clone`, `make venv` and `make toolchain`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        listed = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard", "-z"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        for name in filter(None, listed.stdout.split("\0")):
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)
        (folder / ".venv").symlink_to(ROOT / ".venv")
        (folder / ".estate").mkdir(mode=0o700)
        # The toolchain is the same for every clone; building it again would only take time.
        for name in ("toolchain", "pulumi"):
            (folder / ".estate" / name).symlink_to(ROOT / ".estate" / name)

    def run(self, *command: str, check: bool = True, **variables: str) -> Ran:
        """Runs a command of this clone (`estate`, `pulumi`, `ssh`) as its user would."""
        result = subprocess.run(
            command,
            cwd=self.folder,
            env={**self.environment(), **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        if check and result.returncode != 0:
            raise AssertionError(f"{' '.join(command)}: {result.returncode}\n{result.stdout}")
        return Ran(result.returncode, result.stdout)

    def environment(self) -> dict[str, str]:
        """What a user's shell holds after `eval "$(bin/estate env)"`."""
        plain = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PULUMI_", "HCLOUD_", "CLOUDFLARE_"))
        }
        command = [str(self.folder / "bin" / "estate"), "env"]
        said = subprocess.run(command, env=plain, capture_output=True, text=True, check=True)
        lines = (shlex.split(line.removeprefix("export "))[0] for line in said.stdout.splitlines())
        return {**plain, **dict(line.split("=", 1) for line in lines)}

    def preview(self, stack: str = "dev") -> dict[str, str]:
        """What a preview would do: `type::name` to operation, without what stays the same."""
        text = self.run("pulumi", "preview", "-s", stack, "--json").text
        steps = json.loads(text[text.index("{") :])["steps"]
        return {
            "::".join(step["urn"].split("::")[-2:]).rpartition("$")[2]: step["op"]
            for step in steps
            if step["op"] not in ("same", "read")
        }

    def change(self, file: str, **replacements: str) -> None:
        """Replaces text in a file of the clone; every text must be there."""
        path = self.folder / file
        text = path.read_text()
        for old, new in replacements.items():
            assert old in text, f"{file} does not contain {old!r}"
            text = text.replace(old, new)
        path.write_text(text)

    def system(self, edit: Any) -> None:
        """Edits `config/systems/presuite.yaml` as data."""
        path = self.folder / "config/systems/presuite.yaml"
        content = yaml.safe_load(path.read_text())
        edit(content)
        path.write_text(yaml.safe_dump(content, sort_keys=False))

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs, secrets included."""
        text = self.run("pulumi", "stack", "output", "-s", "dev", "--json", "--show-secrets").text
        return dict(json.loads(text))

    def resources(self) -> list[dict[str, Any]]:
        """The resources in the stack's state."""
        state = json.loads(self.run("pulumi", "stack", "export", "-s", "dev").text)
        return list(state["deployment"].get("resources") or [])

    def urn(self, kind: str, name: str) -> str:
        """The URN of the one resource of that type and name."""
        (urn,) = [
            r["urn"]
            for r in self.resources()
            if r["type"] == kind and r["urn"].endswith(f"::{name}")
        ]
        return str(urn)

    def inventory(self) -> dict[str, list[str]]:
        """What exists in the local cloud, by kind; kinds of which there is none are left out."""
        url, headers = self.hetzner()
        answer = httpx.get(f"{url.removesuffix('/v1')}/_estate/inventory", headers=headers)
        found = answer.raise_for_status().json()
        return {kind: entry["names"] for kind, entry in found.items() if entry["names"]}

    def hetzner(self) -> tuple[str, dict[str, str]]:
        """Endpoint and headers of this clone's emulated Hetzner API."""
        folder = self.folder / ".estate/sandbox"
        slot = json.loads((folder / "slot.json").read_text())["slot"]
        token = json.loads((folder / "credentials.json").read_text())["hetzner_token"]
        return f"http://127.0.0.1:{18080 + slot}/v1", {"Authorization": f"Bearer {token}"}

    def on_server(self, command: str) -> str:
        """Runs a command on the server `drive`, with the key and the host key of the stack."""
        address = self.outputs()["addresses"]["drive"]["ipv4"]
        folder = ".estate/ssh/dev"
        return self.run(
            "ssh", "-F", "/dev/null", "-i", f"{folder}/id", "-o", "BatchMode=yes",
            "-o", f"UserKnownHostsFile={folder}/known_hosts", "-o", "HostKeyAlias=drive",
            f"deploy@{address}", command,
        ).text  # fmt: skip

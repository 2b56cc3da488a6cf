"""What the toolchain is made of: each piece's sources, version and the command that builds it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

# The command that the engine's module pins; SDKs ask for at least this line of engines.
ENGINE = "v3.259.0"
OLDEST_OFFICIAL_ENGINE = (3, 256, 0)
GO = (1, 26)
# This upstream has no entry in the checksum database; its go.sum line pins it here.
UNLISTED = "github.com/hetznercloud/terraform-provider-hcloud"


@dataclass(frozen=True)
class Piece:
    """One binary: `module` is a folder with its own go.mod, `package` what is built in it."""

    name: str
    module: str
    package: str
    version_variable: str
    version: str
    minutes: str
    tags: tuple[str, ...] = ()

    @property
    def is_plugin(self) -> bool:
        return self.name != "engine"

    @property
    def binary(self) -> str:
        return f"pulumi-resource-{self.name}" if self.is_plugin else "pulumi"

    def command(self, output: Path) -> list[str]:
        flags = f"-s -w -X {self.version_variable}={self.version}"
        tags = ["-tags", ",".join(self.tags)] if self.tags else []
        # -v names each compiled package: the only sign of life in a build of minutes.
        return ["go", "build", "-v", "-mod=readonly", "-trimpath", *tags, "-ldflags", flags,
                "-o", str(output), self.package]  # fmt: skip


def sdk_versions(requirements: str) -> dict[str, str]:
    """The plugin versions that the installed SDKs ask for, from the pins in requirements.txt."""
    pins = re.findall(r"^pulumi-([a-z]+)==([0-9.]+)", requirements, flags=re.MULTILINE)
    return dict(pins)


def pieces(sdk: dict[str, str]) -> list[Piece]:
    """All pieces. A plugin says the SDK's version, so that no update warns, and after the plus
    sign what it really is."""
    here = "estate/toolchain"
    return [
        Piece(
            name="engine",
            module="engine",
            package="github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
            version_variable="github.com/pulumi/pulumi/sdk/v3/go/common/version.Version",
            version=f"{ENGINE}+estate.built",
            minutes="3 to 7",
        ),
        Piece(
            name="hcloud",
            module="hcloud",
            package="./cmd/pulumi-resource-hcloud",
            version_variable=f"{here}/hcloud.Version",
            version=f"{sdk['hcloud']}+estate.bridged.hcloud.1.60.1",
            minutes="2 to 5",
        ),
        Piece(
            name="docker",
            module="docker",
            package="./cmd/pulumi-resource-docker",
            version_variable=f"{here}/docker.Version",
            version=f"{sdk['docker']}+estate.bridged.docker.4.6.0",
            minutes="2",
            tags=("no_compose",),
        ),
        Piece(
            name="command",
            module="command",
            package=".",
            version_variable="main.Version",
            version=f"{sdk['command']}+estate.own",
            minutes="1",
        ),
        Piece(
            name="cloudflare",
            module="cloudflare",
            package=".",
            version_variable="main.Version",
            version=f"{sdk['cloudflare']}+estate.own.cloudflare-go.6.10.0",
            minutes="1 to 3",
        ),
    ]

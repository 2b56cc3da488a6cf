"""The one error of this room, and the sentences for what usually goes wrong in a build."""

from __future__ import annotations

import re

# What Go says, and what a person should do about it. The first that fits is told.
KNOWN = [
    (
        r"no space left on device",
        "the disk is full",
        "Free about 10 GB (or point GOCACHE and GOMODCACHE to a larger disk) and run it again: "
        "what is built is kept.",
    ),
    (
        r"checksum mismatch",
        "a downloaded module is not the one that go.sum pins",
        "Do not go on with it. Empty the module cache (go clean -modcache) and run it again; "
        "if it stays, the module source (GOPROXY) serves something else.",
    ),
    (
        r"dial tcp|no such host|connection refused|i/o timeout|TLS handshake timeout|"
        r"proxyconnect|network is unreachable|connection reset|unexpected EOF",
        "a module could not be downloaded",
        "Check the network and GOPROXY (go env GOPROXY), then run it again: "
        "what is downloaded is kept.",
    ),
    (
        r"(403 Forbidden|404 Not Found|410 Gone|unknown revision)",
        "the module source does not have a module that is needed",
        "Ask the owner of the module source (go env GOPROXY) for it, or use another one.",
    ),
    (
        r"requires go >= |toolchain not available|unsupported version of go",
        "this Go is too old for a module",
        "Install the Go version that docs/toolchain.md names.",
    ),
    (
        r"signal: killed|cannot allocate memory|out of memory",
        "the compiler was killed, most likely because memory ran out",
        "Free about 4 GB of memory, or set GOFLAGS=-p=1, and run it again.",
    ),
]

PACKAGE_LINE = re.compile(r"^(go: downloading .*|[\w./~@-]+)$")
SHOWN_LINES = 12


class ToolchainError(Exception):
    """Where > what > got > what to do, ready to be printed."""


def build_failure(where: str, output: list[str]) -> ToolchainError:
    """Picks the sentence that fits Go's output, and shows the end of it."""
    told = [line for line in output if not PACKAGE_LINE.match(line.strip())]
    tail = "\n".join(f"    {line}" for line in told[-SHOWN_LINES:])
    text = "\n".join(output)
    for pattern, what, remedy in KNOWN:
        if re.search(pattern, text):
            return ToolchainError(f"toolchain > {where}: {what}.\n{tail}\n{remedy}")
    return ToolchainError(
        f"toolchain > {where}: it does not build.\n{tail}\n"
        "If you changed nothing under toolchain/, this is a defect: docs/toolchain.md > "
        "When something fails."
    )

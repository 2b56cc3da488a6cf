"""How this machine reaches package registries, so that images being built reach them alike."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

SUITE = "bookworm"
_KEPT_SETTINGS = ("Acquire::http::", "Acquire::https::", "Acquire::Check-")
_PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


def files() -> dict[str, bytes]:
    """Paths in the image and their content: apt's sources and settings, extra CA certificates."""
    found: dict[str, bytes] = {}
    sources = apt_sources()
    if sources:
        found["etc/apt/sources.list"] = ("\n".join(sources) + "\n").encode()
    settings = apt_settings()
    if settings:
        found["etc/apt/apt.conf.d/90host"] = ("\n".join(settings) + "\n").encode()
    for path in sorted(Path("/usr/local/share/ca-certificates").glob("*.crt")):
        found[f"usr/local/share/ca-certificates/{path.name}"] = path.read_bytes()
    return found


def fingerprint() -> str:
    digest = hashlib.sha256()
    for name, content in sorted(files().items()):
        digest.update(f"{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def proxies() -> dict[str, str]:
    """Proxy variables that a container can use too: those that do not mean this machine."""
    return {
        name: os.environ[name]
        for name in _PROXIES
        if os.environ.get(name)
        and not any(local in os.environ[name] for local in ("//localhost", "//127."))
    }


def apt_sources() -> list[str]:
    """This machine's own lines for Debian's suites, or none where it runs another system."""
    release = Path("/etc/os-release")
    if not release.exists() or f"VERSION_CODENAME={SUITE}" not in release.read_text().splitlines():
        return []
    lines: list[str] = []
    folder = Path("/etc/apt/sources.list.d")
    for path in [Path("/etc/apt/sources.list"), *sorted(folder.glob("*.list"))]:
        if path.exists():
            lines += _one_line_sources(path.read_text())
    for path in sorted(folder.glob("*.sources")):
        lines += _deb822_sources(path.read_text())
    return [line for line in lines if line.split()[2].startswith(SUITE)]


def mirror() -> str | None:
    """Where debootstrap should load from, None for its own default."""
    for line in apt_sources():
        _, uri, suite, *_ = line.split()
        if suite == SUITE:
            return uri
    return None


def _one_line_sources(text: str) -> list[str]:
    """Lines `deb URI SUITE COMPONENTS`; those with another keyring belong to third parties."""
    found = []
    for line in text.splitlines():
        words = line.split()
        if not words or words[0] != "deb":
            continue
        if words[1].startswith("["):
            if "signed-by" in line.lower() and "debian-archive" not in line:
                continue
            end = next(index for index, word in enumerate(words) if word.endswith("]"))
            words = [words[0], *words[end + 1 :]]
        found.append(" ".join(words))
    return found


def _deb822_sources(text: str) -> list[str]:
    found = []
    for stanza in text.split("\n\n"):
        fields = {
            key.strip().lower(): value.split()
            for key, _, value in (
                line.partition(":") for line in stanza.splitlines() if not line.startswith("#")
            )
        }
        keyring = " ".join(fields.get("signed-by", []))
        if "deb" not in fields.get("types", []) or (keyring and "debian-archive" not in keyring):
            continue
        found += [
            " ".join(["deb", uri, suite, *fields.get("components", [])])
            for uri in fields.get("uris", [])
            for suite in fields.get("suites", [])
        ]
    return found


def apt_settings() -> list[str]:
    if shutil.which("apt-config") is None:
        return []
    dump = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=False)
    return [line for line in dump.stdout.splitlines() if line.startswith(_KEPT_SETTINGS)]

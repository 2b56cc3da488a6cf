"""The process that serves the APIs: started by pid file, asked whether it answers, ended."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx

from sandbox.credentials import Credentials
from sandbox.home import Home, SandboxError

_CODE = Path(__file__).parent
_START_SECONDS = 60
_STOP_SECONDS = 60


@dataclass(frozen=True)
class Process:
    """Which process it is, and under what it was started: another ground needs another process."""

    pid: int
    born: str  # the kernel's start time: a pid alone may be somebody else's by now
    ground: str

    @classmethod
    def read(cls, home: Path) -> Process | None:
        try:
            found = cls(**json.loads((home / "api.json").read_text()))
        except (OSError, ValueError, TypeError):
            return None
        return found if _born(found.pid) == found.born else None


def ensure(home: Home, underneath: str) -> bool:
    """Start it unless it runs on this ground already; answers whether it was started."""
    ground = _ground(underneath)
    running = Process.read(home.path)
    if running is not None and running.ground == ground and answers(home):
        return False
    stop(home.path)
    _refuse_a_taken_port(home)
    with log_path(home.path).open("ab") as log:
        started = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "sandbox.server",
                "--home",
                str(home.path),
                "--port",
                str(home.api_port),
            ],
            cwd=_CODE.parent,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # it outlives the command that started it
        )
    record = Process(started.pid, _born(started.pid), ground)
    fresh = home.path / "api.json.new"
    fresh.write_text(json.dumps(asdict(record)))
    fresh.replace(home.path / "api.json")
    _wait_until_it_answers(home, started)
    return True


def stop(home: Path) -> None:
    """SIGTERM, and SIGKILL for one that does not listen. It never ends another's process."""
    running = Process.read(home)
    if running is not None:
        os.kill(running.pid, signal.SIGTERM)
        deadline = time.monotonic() + _STOP_SECONDS
        while _born(running.pid) == running.born and time.monotonic() < deadline:
            _reap(running.pid)
            time.sleep(0.05)
        if _born(running.pid) == running.born:
            with suppress(ProcessLookupError):
                os.kill(running.pid, signal.SIGKILL)
    (home / "api.json").unlink(missing_ok=True)


def answers(home: Home) -> bool:
    try:
        with httpx.Client(timeout=5, trust_env=False) as client:
            headers = {"Authorization": f"Bearer {Credentials.of(home.path).hetzner_token}"}
            answer = client.get(f"{home.api_url}/_estate/health", headers=headers)
            return answer.status_code == 200
    except httpx.HTTPError:
        return False


def log_path(home: Path) -> Path:
    return home / "api.log"


def log_tail(home: Path, lines: int) -> str:
    path = log_path(home)
    if not path.exists():
        return ""
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])


def _wait_until_it_answers(home: Home, started: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not answers(home):
        if started.poll() is not None or time.monotonic() > deadline:
            said = log_tail(home.path, 15)
            raise SandboxError(
                f"api > {home.api_url} does not answer. {log_path(home.path)} ends with:\n{said}"
            )
        time.sleep(0.1)


def _refuse_a_taken_port(home: Home) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", home.api_port))
        except OSError as error:
            raise SandboxError(
                f"api > 127.0.0.1:{home.api_port}: {error.strerror}. End the program that listens "
                "there, or `estate sandbox reset` to take another port."
            ) from error


def _ground(underneath: str) -> str:
    """The code that it runs and the containers that it found: when one changes it starts anew."""
    digest = hashlib.sha256(underneath.encode())
    for path in sorted(_CODE.rglob("*.py")):
        if "images" not in path.relative_to(_CODE).parts:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _born(pid: int) -> str:
    """Start time of a living process, in the kernel's ticks; empty when there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    state, *rest = stat.rpartition(")")[2].split()
    return "" if state == "Z" else rest[18]


def _reap(pid: int) -> None:
    with suppress(ChildProcessError, OSError):
        os.waitpid(pid, os.WNOHANG)

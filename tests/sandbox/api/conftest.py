"""Every test of the API runs twice: in this process, and against the started server."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from starlette.exceptions import StarletteDeprecationWarning
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from sandbox import api
from sandbox.cloud import ApiDate
from tests.sandbox.api import openapi
from tests.sandbox.api.client import CLOUDFLARE_TOKEN, HETZNER_TOKEN, LocalCloud
from tests.sandbox.api.fakes import FakeDns, FakeMachines

with warnings.catch_warnings():
    # It prefers a successor of httpx that the rest of the project does not use.
    warnings.simplefilter("ignore", StarletteDeprecationWarning)
    from starlette.testclient import TestClient

ROOT = Path(__file__).resolve().parents[3]


def furnish(home: Path) -> Path:
    credentials = {"hetzner_token": HETZNER_TOKEN, "cloudflare_token": CLOUDFLARE_TOKEN}
    (home / "credentials.json").write_text(json.dumps(credentials))
    (home / "slot.json").write_text(json.dumps({"slot": 0}))
    return home


@contextmanager
def in_process(
    home: Path, api_date: ApiDate | None = None, *, checked: bool = True
) -> Iterator[LocalCloud]:
    cloud = api.open_cloud(home, FakeMachines(home), FakeDns(home), api_date or ApiDate())
    with TestClient(api.build(cloud), base_url="http://127.0.0.1") as http:
        http.event_hooks = {"response": [_check] if checked else []}
        yield LocalCloud(http, home)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


class Served:
    """A server process of our own; `stop` ends it by the signal given and waits for it."""

    def __init__(self, home: Path, port: int | None = None) -> None:
        self.port = port or free_port()
        self.log = home / "server.log"
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.sandbox.api.served", str(home), str(self.port)],
                cwd=ROOT,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.http = httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}", event_hooks={"response": [_check]}
        )
        self._wait()

    @retry(
        retry=retry_if_exception_type(httpx.TransportError),
        stop=stop_after_delay(60),
        wait=wait_fixed(0.05),
        reraise=True,
    )
    def _wait(self) -> None:
        assert self.process.poll() is None, self.log.read_text()
        self.http.get("/_estate/health")

    def stop(self, by: signal.Signals = signal.SIGTERM) -> int:
        self.http.close()
        if self.process.poll() is None:
            os.kill(self.process.pid, by)
        return self.process.wait(timeout=60)


def _check(response: httpx.Response) -> None:
    response.read()
    openapi.check(response)


@pytest.fixture(scope="session")
def server_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return furnish(tmp_path_factory.mktemp("served"))


@pytest.fixture(scope="session")
def server_process(server_home: Path) -> Iterator[Served]:
    served = Served(server_home)
    yield served
    served.stop()


@pytest.fixture(params=["in process", "served"])
def cloud(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LocalCloud]:
    if request.param == "in process":
        with in_process(furnish(tmp_path)) as found:
            yield found
            found.let_go()
        return
    served: Served = request.getfixturevalue("server_process")
    found = LocalCloud(served.http, request.getfixturevalue("server_home"))
    found.let_go()
    found.mend()
    found.ok("POST", "/_estate/reset")
    yield found
    found.let_go()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return furnish(tmp_path)

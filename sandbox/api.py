"""The local cloud as one ASGI application: Hetzner at /v1, Cloudflare at /client/v4."""

from __future__ import annotations

import json
import logging
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from sandbox import door
from sandbox.cloud import ApiDate, Cloud, Credentials
from sandbox.cloudflare import app as cloudflare_app
from sandbox.cloudflare import records
from sandbox.cloudflare.zones import Zone
from sandbox.hetzner import app as hetzner_app
from sandbox.hetzner import restore
from sandbox.state import Store
from sandbox.underneath import Dns, Machines


def open_cloud(home: Path, machines: Machines, dns: Dns, api_date: ApiDate) -> Cloud:
    """As the first start left it in its folder: slot, credentials, state."""
    stored = json.loads((home / "credentials.json").read_text())
    return Cloud(
        store=Store(home / "state.json", [*hetzner_app.KINDS, *cloudflare_app.KINDS]),
        machines=machines,
        dns=dns,
        credentials=Credentials(stored["hetzner_token"], stored["cloudflare_token"]),
        slot=json.loads((home / "slot.json").read_text())["slot"],
        api_date=api_date,
    )


def build(cloud: Cloud) -> Starlette:
    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        bring_back(cloud)
        yield
        cloud.jobs.stop()

    routes = [*hetzner_app.routes(cloud), *cloudflare_app.routes(cloud), *door.routes(cloud)]
    return Starlette(routes=routes, lifespan=lifespan)


def bring_back(cloud: Cloud) -> None:
    """Names first, before anybody can ask for them; servers while requests are taken already."""
    with cloud.store.look():
        for zone in cloud.store.named(Zone).values():
            records.republish(cloud, zone)
    restore.restore(cloud)


def serve(cloud: Cloud, port: int) -> None:
    """Until SIGTERM or SIGINT; then the jobs under way are finished, nothing new is begun."""
    logging.basicConfig(
        level=logging.INFO,
        stream=sys.stdout,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    # httpx, beneath the DNS, would add a line a call; our own lines replace the access log.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    # Once it has shut down, uvicorn raises the signal again: an end that was asked for is 0.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # Loopback only.
    uvicorn.run(build(cloud), host="127.0.0.1", port=port, log_config=None, access_log=False)

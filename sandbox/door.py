"""The control door, for the command line and tests: health, reset, inventory, faults."""

from __future__ import annotations

import hmac
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import fields
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.cloud import Cloud
from sandbox.cloudflare.records import Record
from sandbox.cloudflare.zones import Zone
from sandbox.faults import Fault
from sandbox.hetzner import restore
from sandbox.hetzner.firewalls import Firewall
from sandbox.hetzner.networks import Network
from sandbox.hetzner.placement_groups import PlacementGroup
from sandbox.hetzner.primary_ips import PrimaryIp
from sandbox.hetzner.server_state import Server
from sandbox.hetzner.ssh_keys import SshKey
from sandbox.hetzner.volumes import Volume

log = logging.getLogger("sandbox.door")

LEFTOVERS: dict[str, type[Any]] = {
    "servers": Server,
    "networks": Network,
    "firewalls": Firewall,
    "ssh_keys": SshKey,
    "volumes": Volume,
    "primary_ips": PrimaryIp,
    "placement_groups": PlacementGroup,
    "zones": Zone,
    "dns_records": Record,
}


def health(cloud: Cloud, _: dict[str, Any]) -> dict[str, Any]:
    """`starting` (503) until the servers are back: until then they are locked, and a client
    gives up on `locked`. `jobs` is all that is under way."""
    with cloud.store.look():
        status = "starting" if restore.is_restoring(cloud) else "ok"
        states = {row.name: row.status for row in cloud.store.table(Server).values()}
    return {"status": status, "jobs": cloud.jobs.pending(), "servers": states}


def inventory(cloud: Cloud, _: dict[str, Any]) -> dict[str, Any]:
    with cloud.store.look():
        names = {
            noun: sorted(row.name for row in cloud.store.named(kind).values())
            for noun, kind in LEFTOVERS.items()
        }
    return {noun: {"count": len(of), "names": of} for noun, of in names.items()}


def reset(cloud: Cloud, _: dict[str, Any]) -> dict[str, Any]:
    """Nothing is left, on the machine neither; ids go on where they were."""
    cloud.faults.reset()
    cloud.jobs.drain()
    restore.remove_all(cloud)
    with cloud.store.look():
        names = [row.name for row in cloud.store.named(Zone).values()]
    for name in names:
        cloud.dns.delete_zone(name)
    cloud.store.reset()
    return inventory(cloud, {})


def add_fault(cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    known = {field.name for field in fields(Fault)}
    unknown = set(body) - known
    if unknown or "code" not in body:
        raise ValueError(f"a fault has a 'code' and may have {sorted(known - {'code'})}")
    cloud.faults.add(Fault(**body))
    return {"fault": body}


def routes(cloud: Cloud) -> list[Route]:
    return [
        Route("/_estate/health", _endpoint(cloud, health, is_open=True), methods=["GET"]),
        Route("/_estate/inventory", _endpoint(cloud, inventory), methods=["GET"]),
        Route("/_estate/reset", _endpoint(cloud, reset), methods=["POST"]),
        Route("/_estate/faults", _endpoint(cloud, add_fault), methods=["POST"]),
    ]


def _endpoint(
    cloud: Cloud,
    act: Callable[[Cloud, dict[str, Any]], dict[str, Any]],
    *,
    is_open: bool = False,
) -> Callable[[Request], Awaitable[Response]]:
    """For whoever holds one of the two tokens; an open one for whoever is on this machine."""

    async def endpoint(request: Request) -> Response:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ").encode()
        tokens = (cloud.credentials.hetzner_token, cloud.credentials.cloudflare_token)
        if not is_open and not any(hmac.compare_digest(token, known.encode()) for known in tokens):
            return JSONResponse({"error": "one of the two bearer tokens is needed"}, 401)
        body = await request.body()
        return await run_in_threadpool(_answer, cloud, act, body)

    return endpoint


def _answer(
    cloud: Cloud, act: Callable[[Cloud, dict[str, Any]], dict[str, Any]], body: bytes
) -> Response:
    try:
        answer = act(cloud, json.loads(body or b"{}"))
        return JSONResponse(answer, 503 if answer.get("status") == "starting" else 200)
    except (ValueError, TypeError) as problem:
        return JSONResponse({"error": str(problem)}, 400)
    except Exception as problem:
        log.exception("the control door")
        return JSONResponse({"error": f"{type(problem).__name__}: {problem}"}, 500)

"""Hetzner's front door: bearer token, rate limit, one transaction a call, Hetzner's headers."""

from __future__ import annotations

import hmac
import json
import logging
import time
from collections.abc import Awaitable, Callable
from secrets import token_hex
from threading import Lock

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as HttpRoute

from sandbox.cloud import Cloud
from sandbox.hetzner import (
    actions,
    catalogue,
    firewalls,
    networks,
    placement_groups,
    primary_ips,
    rdns,
    server_networks,
    server_power,
    servers,
    ssh_keys,
    volumes,
)
from sandbox.hetzner.actions import Action, routes_of
from sandbox.hetzner.errors import Refusal, not_implemented
from sandbox.hetzner.server_state import Server
from sandbox.hetzner.wire import Answer, Call, Handler, Route, json_object
from sandbox.underneath import MachineError

log = logging.getLogger("sandbox.hetzner")

BASE = "/v1"
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]

# Each kind with the first id it gives out: apart from each other, so that a mix-up is found.
KINDS: list[tuple[type, int]] = [
    (Action, 580_000_000_001),
    (Server, 112_000_001),
    (networks.Network, 11_400_001),
    (firewalls.Firewall, 10_200_001),
    (ssh_keys.SshKey, 103_000_001),
    (volumes.Volume, 104_000_001),
    (primary_ips.PrimaryIp, 107_000_001),
    (placement_groups.PlacementGroup, 1_200_001),
]

ROUTES: list[Route] = [
    *actions.routes,
    *routes_of("servers", "server"),
    *routes_of("networks", "network"),
    *routes_of("firewalls", "firewall"),
    *routes_of("volumes", "volume"),
    *routes_of("primary_ips", "primary_ip"),
    *servers.routes,
    *server_power.routes,
    *server_networks.routes,
    *networks.routes,
    *firewalls.routes,
    *ssh_keys.routes,
    *volumes.routes,
    *primary_ips.routes,
    *placement_groups.routes,
    *rdns.routes,
    *catalogue.routes,
]


class RateLimit:
    """Counted and told as Hetzner does; a client is turned away only where a test asks for it."""

    LIMIT = 3600
    PER_SECOND = 1.0

    def __init__(self) -> None:
        self._lock = Lock()
        self._left = float(self.LIMIT)
        self._at = time.time()

    def headers(self) -> dict[str, str]:
        with self._lock:
            now = time.time()
            self._left = min(self.LIMIT, self._left + (now - self._at) * self.PER_SECOND)
            self._at, self._left = now, max(0.0, self._left - 1)
            full_at = now + (self.LIMIT - self._left) / self.PER_SECOND
            return {
                "RateLimit-Limit": str(self.LIMIT),
                "RateLimit-Remaining": str(int(self._left)),
                "RateLimit-Reset": str(int(full_at)),
            }


def routes(cloud: Cloud) -> list[HttpRoute]:
    limit = RateLimit()
    known = [
        HttpRoute(BASE + route.path, _endpoint(cloud, limit, route.handler), methods=[route.method])
        for route in sorted(ROUTES, key=lambda route: route.path.count("{"))
    ]
    unknown = HttpRoute(BASE + "/{rest:path}", _endpoint(cloud, limit, _unknown), methods=METHODS)
    return [*known, unknown]


def _unknown(call: Call) -> Answer:
    raise not_implemented(f"{call.path['_method']} {call.path['_path']}")


def _endpoint(
    cloud: Cloud, limit: RateLimit, handler: Handler
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        body = await request.body()
        return await run_in_threadpool(_answer, cloud, limit, handler, request, body)

    return endpoint


def _answer(
    cloud: Cloud, limit: RateLimit, handler: Handler, request: Request, body: bytes
) -> Response:
    correlation_id = token_hex(8)
    try:
        status, text, headers = _handled(cloud, handler, request, body)
    except Exception as problem:
        refusal = _refusal(problem, f"{request.method} {request.url.path}", correlation_id)
        status, text, headers = refusal.status, json.dumps(refusal.body()), {}
    log.info("%s %s %s", request.method, request.url.path, status)
    response = Response(text, status, headers | limit.headers())
    response.headers["X-Correlation-Id"] = correlation_id
    if text:
        response.headers["Content-Type"] = "application/json"
    return response


def _refusal(problem: Exception, call: str, correlation_id: str) -> Refusal:
    if isinstance(problem, Refusal):
        return problem
    if isinstance(problem, MachineError):
        log.warning("%s: %s", call, problem)
        return Refusal("service_error", str(problem))
    log.error("%s [%s]", call, correlation_id, exc_info=problem)
    return Refusal("service_error", f"see the local cloud's log for {correlation_id}")


def _handled(
    cloud: Cloud, handler: Handler, request: Request, body: bytes
) -> tuple[int, str, dict[str, str]]:
    """The answer is written out before the lock is let go: it shares parts with the state."""
    _authenticate(cloud, request)
    if fault := cloud.faults.on_call(request.method, request.url.path):
        raise Refusal(fault.code, fault.message, status=fault.status)
    call = Call(
        cloud,
        url=str(request.url.replace(query="")),
        path=request.path_params | {"_method": request.method, "_path": request.url.path},
        query=request.query_params.multi_items(),
        body=json_object(body),
    )
    store = cloud.store
    with store.look() if request.method == "GET" else store.change():
        answer = handler(call)
        text = "" if answer.body is None else json.dumps(answer.body)
    return answer.status, text, answer.headers


def _authenticate(cloud: Cloud, request: Request) -> None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    wanted = cloud.credentials.hetzner_token
    if scheme != "Bearer" or not hmac.compare_digest(token.encode(), wanted.encode()):
        raise Refusal("unauthorized", "unable to authenticate")

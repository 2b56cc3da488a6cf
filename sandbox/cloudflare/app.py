"""Cloudflare's front door: API token, one transaction a call, its envelope and headers."""

from __future__ import annotations

import hmac
import json
import logging
import re
from collections.abc import Awaitable, Callable
from secrets import token_hex
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as HttpRoute

from sandbox.cloud import Cloud
from sandbox.cloudflare import records, zones
from sandbox.cloudflare.records import Record
from sandbox.cloudflare.wire import Answer, Call, Handler, Refusal, Route, envelope, not_emulated
from sandbox.cloudflare.zones import Zone
from sandbox.underneath import MachineError

log = logging.getLogger("sandbox.cloudflare")

BASE = "/client/v4"
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
TOKEN = re.compile(r"[0-9A-Za-z_-]{40,80}")
API_VERSION = "2025-08-27"  # whose answers these are
INTERNAL = 10001

KINDS: list[tuple[type, int]] = [(Zone, 0), (Record, 0)]
ROUTES: list[Route] = [*zones.routes, *records.routes]


def routes(cloud: Cloud) -> list[HttpRoute]:
    known = [
        HttpRoute(BASE + route.path, _endpoint(cloud, route.handler), methods=[route.method])
        for route in sorted(ROUTES, key=lambda route: route.path.count("{"))
    ]
    return [
        *known,
        HttpRoute(BASE + "/{rest:path}", _endpoint(cloud, _unknown), methods=METHODS),
    ]


def _unknown(call: Call) -> Answer:
    raise not_emulated(f"{call.path['_method']} {call.path['_path']}")


def _endpoint(cloud: Cloud, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        body = await request.body()
        return await run_in_threadpool(_answer, cloud, handler, request, body)

    return endpoint


def _answer(cloud: Cloud, handler: Handler, request: Request, body: bytes) -> Response:
    call, ray = f"{request.method} {request.url.path}", token_hex(8)
    try:
        status, text = 200, _handled(cloud, handler, request, body)
    except Exception as problem:
        refusal = _refusal(problem, call, ray)
        status, text = refusal.status, json.dumps(envelope(None, refusal.errors()))
    if status >= 500:
        _heal(cloud, request)
    log.info("%s %s", call, status)
    response = Response(text, status, media_type="application/json")
    response.headers["api-version"] = API_VERSION
    response.headers["CF-Ray"] = f"{ray}-NBG"
    if status == 409 or status >= 500:
        # Cloudflare's own client would else try again ten times, for minutes.
        response.headers["x-should-retry"] = "false"
    return response


def _refusal(problem: Exception, call: str, ray: str) -> Refusal:
    if isinstance(problem, Refusal):
        return problem
    if isinstance(problem, MachineError):
        log.warning("%s: %s", call, problem)
        return Refusal(INTERNAL, f"not published: {problem}", 500)
    log.error("%s [%s]", call, ray, exc_info=problem)
    return Refusal(INTERNAL, f"see the local cloud's log for {ray}", 500)


def _handled(cloud: Cloud, handler: Handler, request: Request, body: bytes) -> str:
    """The answer is written out before the lock is let go: it shares parts with the state."""
    _authenticate(cloud, request)
    if fault := cloud.faults.on_call(request.method, request.url.path):
        number = int(fault.code) if fault.code.isdecimal() else INTERNAL
        raise Refusal(number, fault.message, fault.status)
    call = Call(
        cloud,
        path=request.path_params | {"_method": request.method, "_path": request.url.path},
        query=dict(request.query_params),
        body=_json_object(body),
    )
    store = cloud.store
    with store.look() if request.method == "GET" else store.change():
        answer = handler(call)
        return json.dumps(envelope(answer.result, **answer.more))


def _heal(cloud: Cloud, request: Request) -> None:
    """The change was undone here; a DNS server that took part of it is told the old again."""
    zone_id = request.path_params.get("zone_id")
    with cloud.store.look():
        row = cloud.store.named(Zone).get(str(zone_id))
        if row is None:
            return
        try:
            records.republish(cloud, row)
        except MachineError as problem:
            log.warning("zone %s is not as the API says: %s", row.name, problem)


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body or b"{}")
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise Refusal(9207, "Request body is invalid.")
    return value


def _authenticate(cloud: Cloud, request: Request) -> None:
    header = request.headers.get("Authorization")
    if header is None:
        raise Refusal(9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers")
    scheme, _, token = header.partition(" ")
    if scheme != "Bearer" or not TOKEN.fullmatch(token):
        chain = [(6111, "Invalid format for Authorization header")]
        raise Refusal(6003, "Invalid request headers", chain=chain)
    if not hmac.compare_digest(token.encode(), cloud.credentials.cloudflare_token.encode()):
        raise Refusal(9109, "Invalid access token", 403)

"""Zones: the domains whose records this account holds."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from sandbox.cloud import Cloud
from sandbox.cloudflare.wire import Answer, Call, Refusal, Route, no_route, now, page

NAME = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
NAME_SERVERS = ["ada.ns.cloudflare.com", "cody.ns.cloudflare.com"]
ACCOUNT_NAME = "Estate"
OWNER_ID = "0e57a7e00e57a7e00e57a7e00e57a7e0"
PERMISSIONS = ["#dns_records:edit", "#dns_records:read", "#zone:edit", "#zone:read"]


@dataclass
class Zone:
    id: str
    name: str
    account_id: str
    created_on: str
    modified_on: str
    type: str = "full"
    paused: bool = False
    vanity_name_servers: list[str] = field(default_factory=list)


def zone(cloud: Cloud, id: str) -> Zone:
    row = cloud.store.named(Zone).get(id)
    if row is None:
        raise no_route(f"/zones/{id}")
    return row


def is_active(row: Zone) -> bool:
    """No registrar delegates below .test, so nobody could ever activate such a zone: it is
    active at once. Any other waits for a delegation, which a local cloud never sees."""
    return row.name.endswith(".test")


def shape(row: Zone) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "status": "active" if is_active(row) else "pending",
        "paused": row.paused,
        "type": row.type,
        "development_mode": 0,
        "name_servers": NAME_SERVERS,
        "original_name_servers": None,
        "original_registrar": None,
        "original_dnshost": None,
        "modified_on": row.modified_on,
        "created_on": row.created_on,
        "activated_on": row.created_on if is_active(row) else None,
        "vanity_name_servers": row.vanity_name_servers,
        "vanity_name_servers_ips": None,
        "meta": {
            "step": 2,
            "custom_certificate_quota": 0,
            "page_rule_quota": 3,
            "phishing_detected": False,
        },
        "owner": {"id": OWNER_ID, "type": "user", "email": None},
        "account": {"id": row.account_id, "name": ACCOUNT_NAME},
        "tenant": {"id": None, "name": None},
        "tenant_unit": {"id": None},
        "permissions": PERMISSIONS,
        "plan": {
            "id": "0feeeeeeeeeeeeeeeeeeeeeeeeeeeeee",
            "name": "Free Website",
            "price": 0,
            "currency": "USD",
            "frequency": "",
            "is_subscribed": False,
            "can_subscribe": False,
            "legacy_id": "free",
            "legacy_discount": False,
            "externally_managed": False,
        },
    }


def index(call: Call) -> Answer:
    rows = [shape(row) for row in call.cloud.store.named(Zone).values()]
    for name, of in (("name", "name"), ("status", "status")):
        wanted = call.query.get(name)
        if wanted:
            rows = [row for row in rows if row[of] == wanted.lower()]
    account = call.query.get("account.id")
    if account:
        rows = [row for row in rows if row["account"]["id"] == account]
    rows.sort(key=lambda row: row["name"], reverse=call.query.get("direction") == "desc")
    return page(call, rows, default=20, most=50)


def create(call: Call) -> Answer:
    cloud = call.cloud
    name = str(call.body.get("name", "")).lower().removesuffix(".")
    account = call.body.get("account")
    if not NAME.fullmatch(name):
        raise Refusal(1049, f"{name or '<missing name>'} is not a registered domain")
    if not isinstance(account, dict) or not account.get("id"):
        raise Refusal(1068, "account.id is required")
    type = call.body.get("type", "full")
    if type != "full":
        raise Refusal(1004, f"a zone of type {type!r} is not emulated", 501)
    if any(row.name == name for row in cloud.store.named(Zone).values()):
        raise Refusal(1061, f"{name} already exists")
    row = Zone(uuid4().hex, name, str(account["id"]), now(), now())
    cloud.store.named(Zone)[row.id] = row
    cloud.dns.create_zone(name)
    return Answer(shape(row))


def show(call: Call) -> Answer:
    return Answer(shape(zone(call.cloud, call.path["zone_id"])))


def edit(call: Call) -> Answer:
    row = zone(call.cloud, call.path["zone_id"])
    unknown = set(call.body) - {"paused", "vanity_name_servers", "type"}
    if unknown or call.body.get("type", row.type) != row.type:
        raise Refusal(1004, f"changing {', '.join(sorted(unknown)) or 'type'} is not emulated", 501)
    row.paused = bool(call.body.get("paused", row.paused))
    row.vanity_name_servers = list(call.body.get("vanity_name_servers", row.vanity_name_servers))
    row.modified_on = now()
    return Answer(shape(row))


def verify_token(call: Call) -> Answer:
    return Answer({"id": "e57a7e00e57a7e00e57a7e00e57a7e00", "status": "active"})


routes = [
    Route("GET", "/zones", index),
    Route("POST", "/zones", create),
    Route("GET", "/zones/{zone_id}", show),
    Route("PATCH", "/zones/{zone_id}", edit),
    Route("GET", "/user/tokens/verify", verify_token),
]

"""DNS records: one by one in the API, regrouped into record sets for the DNS server."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from sandbox.cloud import Cloud
from sandbox.cloudflare.content import Content, is_proxiable, read
from sandbox.cloudflare.wire import Answer, Call, Refusal, Route, now, page
from sandbox.cloudflare.zones import Zone, zone

AUTOMATIC_TTL = 1
TTL_BEHIND_AUTOMATIC = 300
LEAST_TTL, MOST_TTL = 60, 86400
NAME = re.compile(r"(?=.{1,253}$)(\*\.)?([a-z0-9_]([a-z0-9_-]{0,62})\.)+[a-z0-9-]{2,63}")
SAME_HOST = (
    "An A, AAAA, or CNAME record with that host already exists. For more details, refer to "
    "<https://developers.cloudflare.com/dns/manage-dns-records/troubleshooting/"
    "records-with-same-name/>."
)
EXCLUSIVE = ("A", "AAAA", "CNAME")


@dataclass
class Record:
    id: str
    zone_id: str
    name: str
    type: str
    content: str
    published: str
    ttl: int
    created_on: str
    modified_on: str
    proxied: bool = False
    priority: int | None = None
    data: dict[str, Any] | None = None
    comment: str | None = None
    tags: list[str] = field(default_factory=list)


def shape(row: Record) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "id": row.id,
        "name": row.name,
        "type": row.type,
        "content": row.content,
        "proxiable": is_proxiable(row.type, row.content),
        "proxied": row.proxied,
        "ttl": row.ttl,
        "settings": {"flatten_cname": False} if row.type == "CNAME" else {},
        "meta": {},
        "comment": row.comment,
        "tags": row.tags,
        "created_on": row.created_on,
        "modified_on": row.modified_on,
    }
    if row.priority is not None:
        answer["priority"] = row.priority
    if row.data is not None:
        answer["data"] = row.data
    return answer


def of_zone(cloud: Cloud, zone_id: str) -> list[Record]:
    return [row for row in cloud.store.named(Record).values() if row.zone_id == zone_id]


def record(cloud: Cloud, of: Zone, id: Any) -> Record:
    row = cloud.store.named(Record).get(str(id))
    if row is None or row.zone_id != of.id:
        raise Refusal(81044, "Record does not exist.", 404)
    return row


def _asked(call: Call) -> tuple[Zone, Record]:
    of = zone(call.cloud, call.path["zone_id"])
    return of, record(call.cloud, of, call.path["record_id"])


def full_name(given: Any, of: Zone) -> str:
    """`@`, `www`, `www.example.test` and `www.example.test.` all end up absolute, undotted."""
    name = str(given or "").strip().lower().removesuffix(".")
    if name in ("@", of.name):
        return of.name
    if not name.endswith(f".{of.name}"):
        name = f"{name}.{of.name}"
    if not NAME.fullmatch(name):
        raise Refusal(9000, "DNS name is invalid.")
    return name


def put(cloud: Cloud, of: Zone, body: Mapping[str, Any], old: Record | None = None) -> Record:
    """Store one record as the body says; publishing is the caller's."""
    type = str(body.get("type", "")).upper()
    name, content = full_name(body.get("name"), of), read(type, body)
    proxied, ttl = _proxied(type, content, body), _ttl(body)
    others = [row for row in of_zone(cloud, of.id) if old is None or row.id != old.id]
    _refuse_clash(others, of, name, type, content)
    row = Record(
        id=old.id if old else uuid4().hex,
        zone_id=of.id,
        name=name,
        type=type,
        content=content.text,
        published=content.published,
        ttl=AUTOMATIC_TTL if proxied else ttl,
        created_on=old.created_on if old else now(),
        modified_on=now(),
        proxied=proxied,
        priority=content.priority,
        data=content.data,
        comment=str(body["comment"]) if body.get("comment") else None,
        tags=[str(tag) for tag in body.get("tags") or []],
    )
    cloud.store.named(Record)[row.id] = row
    return row


def _proxied(type: str, content: Content, body: Mapping[str, Any]) -> bool:
    proxied = bool(body.get("proxied"))
    if proxied and not is_proxiable(type, content.text):
        raise Refusal(9004, "This record type cannot be proxied.")
    return proxied


def _ttl(body: Mapping[str, Any]) -> int:
    ttl = body.get("ttl", AUTOMATIC_TTL)
    known = isinstance(ttl, (int, float)) and not isinstance(ttl, bool)
    if not known or not (ttl == AUTOMATIC_TTL or LEAST_TTL <= ttl <= MOST_TTL):
        raise Refusal(
            9021,
            f"Invalid TTL. Must be between {LEAST_TTL} and {MOST_TTL:,} seconds, or 1 for"
            " Automatic.",
        )
    return int(ttl)


def _refuse_clash(
    others: Iterable[Record], of: Zone, name: str, type: str, content: Content
) -> None:
    here = [row for row in others if row.name == name]
    same = {(row.type, row.published.lower() if type != "TXT" else row.published) for row in here}
    if (type, content.published.lower() if type != "TXT" else content.published) in same:
        raise Refusal(81058, "An identical record already exists.")
    held = {row.type for row in here}
    if type in EXCLUSIVE and ("CNAME" in held or (type == "CNAME" and held & set(EXCLUSIVE))):
        raise Refusal(81053, SAME_HOST)
    if "CNAME" in held or (type == "CNAME" and held):
        raise Refusal(81054, "A CNAME record with that host already exists.")
    if type == "CNAME" and name == of.name:
        raise Refusal(1004, "a CNAME at the zone's own name (flattening) is not emulated", 501)


def publish(cloud: Cloud, of: Zone, changed: Iterable[Record]) -> None:
    """The whole record sets that the changed records, old and new, belong to."""
    rows = of_zone(cloud, of.id)
    sets = {
        key: [row for row in rows if (row.name, row.type) == key]
        for key in sorted({(row.name, row.type) for row in changed})
    }
    # Emptied sets first: a CNAME must be gone before another type takes its name.
    for (name, type), chosen in sorted(sets.items(), key=lambda item: bool(item[1])):
        ttls = [TTL_BEHIND_AUTOMATIC if row.ttl == AUTOMATIC_TTL else row.ttl for row in chosen]
        contents = [contents_at_the_edge(row) for row in chosen]
        cloud.dns.replace(of.name, name, type, min(ttls, default=0), contents)


def contents_at_the_edge(row: Record) -> str:
    """What resolvers are told. The place for the addresses of an edge, once there is one: until
    then a proxied record answers with its own content."""
    return row.published


FILTERS: dict[str, Callable[[Record, str], bool]] = {
    "type": lambda row, wanted: row.type == wanted.upper(),
    "name": lambda row, wanted: row.name == wanted.lower(),
    "name.exact": lambda row, wanted: row.name == wanted.lower(),
    "name.contains": lambda row, wanted: wanted.lower() in row.name,
    "name.startswith": lambda row, wanted: row.name.startswith(wanted.lower()),
    "name.endswith": lambda row, wanted: row.name.endswith(wanted.lower()),
    "content": lambda row, wanted: row.content == wanted,
    "content.exact": lambda row, wanted: row.content == wanted,
    "content.contains": lambda row, wanted: wanted in row.content,
    "proxied": lambda row, wanted: row.proxied == (wanted == "true"),
    "comment.exact": lambda row, wanted: row.comment == wanted,
    "comment.contains": lambda row, wanted: wanted in (row.comment or ""),
    "search": lambda row, wanted: wanted in f"{row.name} {row.content} {row.comment}",
}


def _filtered(call: Call, rows: list[Record]) -> list[Record]:
    for name, test in FILTERS.items():
        wanted = call.query.get(name)
        if wanted:
            rows = [row for row in rows if test(row, wanted)]
    return rows


def index(call: Call) -> Answer:
    of = zone(call.cloud, call.path["zone_id"])
    order = call.query.get("order", "type")
    if order not in ("type", "name", "content", "ttl", "proxied"):
        raise Refusal(1004, f"Invalid value for order: {order}")
    rows = [shape(row) for row in _filtered(call, of_zone(call.cloud, of.id))]
    rows.sort(
        key=lambda row: (row[order], row["name"], row["id"]),
        reverse=call.query.get("direction") == "desc",
    )
    return page(call, rows, default=100, most=5_000_000)


def create(call: Call) -> Answer:
    of = zone(call.cloud, call.path["zone_id"])
    row = put(call.cloud, of, call.body)
    publish(call.cloud, of, [row])
    return Answer(shape(row))


def show(call: Call) -> Answer:
    return Answer(shape(_asked(call)[1]))


def overwrite(call: Call) -> Answer:
    of, old = _asked(call)
    row = put(call.cloud, of, call.body, old)
    publish(call.cloud, of, [old, row])
    return Answer(shape(row))


def edit(call: Call) -> Answer:
    of, old = _asked(call)
    row = put(call.cloud, of, _as_body(old) | call.body, old)
    publish(call.cloud, of, [old, row])
    return Answer(shape(row))


def _as_body(row: Record) -> dict[str, Any]:
    """The request that would make the record as it is."""
    keys = ("name", "type", "content", "ttl", "proxied", "priority", "data", "comment", "tags")
    return {key: getattr(row, key) for key in keys}


def delete(call: Call) -> Answer:
    of, row = _asked(call)
    del call.cloud.store.named(Record)[row.id]
    publish(call.cloud, of, [row])
    return Answer({"id": row.id})


def batch(call: Call) -> Answer:
    """All of it or nothing, in Cloudflare's order: deletes, patches, puts, posts."""
    cloud, of = call.cloud, zone(call.cloud, call.path["zone_id"])
    asked = {key: call.body.get(key) or [] for key in ("deletes", "patches", "puts", "posts")}
    changed: list[Record] = []
    results: dict[str, list[dict[str, Any]]] = {key: [] for key in asked}
    for body in asked["deletes"]:
        row = record(cloud, of, body.get("id"))
        del cloud.store.named(Record)[row.id]
        changed.append(row)
        results["deletes"].append(shape(row))
    for key in ("patches", "puts", "posts"):
        for body in asked[key]:
            old = None if key == "posts" else record(cloud, of, body.get("id"))
            kept = _as_body(old) if old and key == "patches" else {}
            row = put(cloud, of, kept | body, old)
            changed += [row, *([old] if old else [])]
            results[key].append(shape(row))
    publish(cloud, of, changed)
    return Answer(results)


def delete_zone(call: Call) -> Answer:
    of = zone(call.cloud, call.path["zone_id"])
    for row in of_zone(call.cloud, of.id):
        del call.cloud.store.named(Record)[row.id]
    del call.cloud.store.named(Zone)[of.id]
    call.cloud.dns.delete_zone(of.name)
    return Answer({"id": of.id})


def republish(cloud: Cloud, of: Zone) -> None:
    """After a stop, or for a DNS server that has lost what it knew."""
    cloud.dns.create_zone(of.name)
    publish(cloud, of, of_zone(cloud, of.id))


routes = [
    Route("DELETE", "/zones/{zone_id}", delete_zone),
    Route("GET", "/zones/{zone_id}/dns_records", index),
    Route("POST", "/zones/{zone_id}/dns_records", create),
    Route("POST", "/zones/{zone_id}/dns_records/batch", batch),
    Route("GET", "/zones/{zone_id}/dns_records/{record_id}", show),
    Route("PUT", "/zones/{zone_id}/dns_records/{record_id}", overwrite),
    Route("PATCH", "/zones/{zone_id}/dns_records/{record_id}", edit),
    Route("DELETE", "/zones/{zone_id}/dns_records/{record_id}", delete),
]

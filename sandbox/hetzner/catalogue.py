"""What Hetzner sells and where: server types, images, locations, prices. Nobody can change it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from sandbox.cloud import ApiDate
from sandbox.hetzner.errors import Refusal, invalid, not_found
from sandbox.hetzner.wire import Answer, Call, Route, listing

Row = dict[str, Any]
TERABYTE = 1_000_000_000_000  # traffic is counted in bytes, decimal
NO_DATACENTERS = "https://docs.hetzner.cloud/changelog#2026-07-01-removing-datacenters"


@cache
def data() -> Row:
    found: Row = json.loads(Path(__file__).with_name("catalogue.json").read_text())
    return found


def _price(net: str) -> Row:
    gross = float(net) * (1 + float(data()["vat_rate"]) / 100)
    return {"net": f"{float(net):.10f}", "gross": f"{gross:.10f}"}


@cache
def locations() -> list[Row]:
    rows: list[Row] = data()["locations"]
    return rows


@cache
def server_types() -> list[Row]:
    return [_server_type(row) for row in data()["server_types"]]


def _server_type(row: Row) -> Row:
    ends = {
        place: {key: end[key] for key in ("announced", "unavailable_after")}
        for end in row.get("deprecated", [])
        for place in end["locations"]
    }
    places = [place for sale in row["sold"] for place in sale["locations"]]
    everywhere = len(ends) == len(places)
    return {
        **{key: row[key] for key in ("id", "name", "cores", "memory", "disk", "cpu_type")},
        **{key: row[key] for key in ("architecture", "category")},
        "description": row["name"].upper(),
        "storage_type": "local",
        "deprecated": everywhere,
        "deprecation": ends[places[0]] if everywhere else None,
        "locations": [
            {"id": location["id"], "name": location["name"], "deprecation": ends.get(name)}
            for location in locations()
            if (name := location["name"]) in places
        ],
        "prices": [_sale(sale, place) for sale in row["sold"] for place in sale["locations"]],
    }


def _sale(sale: Row, place: str) -> Row:
    return {
        "location": place,
        "price_hourly": _price(sale["hourly"]),
        "price_monthly": _price(sale["monthly"]),
        "included_traffic": sale.get("included_traffic_tb", 20) * TERABYTE,
        "price_per_tb_traffic": _price(sale.get("per_tb", "1.0000")),
    }


@cache
def images() -> list[Row]:
    always: Row = {
        "type": "system",
        "status": "available",
        "image_size": None,
        "disk_size": 5,
        "created_from": None,
        "bound_to": None,
        "rapid_deploy": True,
        "protection": {"delete": False},
        "deprecated": None,
        "deleted": None,
        "labels": {},
    }
    return [{**always, **row} for row in data()["images"]]


@cache
def load_balancer_types() -> list[Row]:
    places = [location["name"] for location in locations()]
    return [
        {key: value for key, value in row.items() if key not in ("hourly", "monthly")}
        | {"deprecated": None, "prices": [_sale(row, place) for place in places]}
        for row in data()["load_balancer_types"]
    ]


@cache
def datacenters() -> list[Row]:
    return [
        {**row, "location": location(row["location"]), "server_types": _offered(row["location"])}
        for row in data()["datacenters"]
    ]


def _offered(place: str) -> Row:
    sold = [t for t in server_types() if place in [at["name"] for at in t["locations"]]]
    available = [t["id"] for t in sold if is_available(t, place)]
    return {
        "supported": [t["id"] for t in sold],
        "available": available,
        "available_for_migration": available,
    }


def is_available(server_type: Row, place: str) -> bool:
    today = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return any(
        at["name"] == place
        and (at["deprecation"] is None or at["deprecation"]["unavailable_after"] > today)
        for at in server_type["locations"]
    )


def datacenter_property(date: ApiDate, place: str) -> Row:
    """`datacenter` of servers and primary IPs, until it goes."""
    if not date.has_datacenter_property:
        return {}
    return {"datacenter": next(d for d in datacenters() if d["location"]["name"] == place)}


def _pick(rows: Sequence[Row], noun: str, id_or_name: str) -> Row:
    for row in rows:
        if id_or_name in (str(row["id"]), row["name"]):
            return row
    raise invalid(**{noun: f"{noun} {id_or_name!r} not found"})


def location(id_or_name: str) -> Row:
    return _pick(locations(), "location", id_or_name)


def server_type(id_or_name: str) -> Row:
    return _pick(server_types(), "server_type", id_or_name)


def image(id_or_name: str, architecture: str) -> Row:
    fitting = [row for row in images() if row["architecture"] == architecture]
    if id_or_name.isdecimal():
        fitting = images()
    return _pick(fitting, "image", id_or_name)


def image_by_id(id: int) -> Row:
    return next(row for row in images() if row["id"] == id)


def pricing() -> Row:
    facts = data()
    ip = facts["primary_ipv4"]
    places = [location["name"] for location in locations()]
    free = {"hourly": "0.0000", "monthly": "0.0000"}

    def per_place(price: Row) -> list[Row]:
        one = {f"price_{time}": _price(price[time]) for time in price}
        return [{"location": place, **one} for place in places]

    floating = {"ipv4": facts["floating_ipv4_monthly"], "ipv6": facts["floating_ipv6_monthly"]}
    return {
        "currency": "EUR",
        "vat_rate": facts["vat_rate"],
        "image": {"price_per_gb_month": _price(facts["image_per_gb_month"])},
        "volume": {"price_per_gb_month": _price(facts["volume_per_gb_month"])},
        "server_backup": {"percentage": "20.0000"},
        "floating_ip": {"price_monthly": _price(floating["ipv4"])},
        "floating_ips": [
            {"type": kind, "prices": per_place({"monthly": net})} for kind, net in floating.items()
        ],
        "primary_ips": [
            {"type": "ipv4", "prices": per_place(ip)},
            {"type": "ipv6", "prices": per_place(free)},
        ],
        "server_types": [_prices_of(row) for row in server_types()],
        "load_balancer_types": [_prices_of(row) for row in load_balancer_types()],
    }


def _prices_of(row: Row) -> Row:
    return {key: row[key] for key in ("id", "name", "prices")}


def _lookup(plural: str, noun: str, rows: Callable[[], list[Row]], *filters: str) -> list[Route]:
    def index(call: Call) -> Answer:
        return listing(call, plural, rows(), filters=("name", *filters), sorts=("id", "name"))

    def show(call: Call) -> Answer:
        for row in rows():
            if row["id"] == call.id:
                return Answer({noun: row})
        raise not_found(noun, call.id)

    return [Route("GET", f"/{plural}", index), Route("GET", f"/{plural}/{{id}}", show)]


def _list_images(call: Call) -> Answer:
    with_deprecated = call.asked("include_deprecated") == ["true"]
    rows = [row for row in images() if with_deprecated or row["deprecated"] is None]
    filters = ("name", "type", "status", "architecture", "bound_to")
    return listing(call, "images", rows, filters=filters)


def _list_datacenters(call: Call) -> Answer:
    if not call.cloud.api_date.has_datacenters:
        raise Refusal(
            "deprecated_api_endpoint", "datacenters are gone", {"announcement": NO_DATACENTERS}
        )
    return listing(call, "datacenters", datacenters(), sorts=("id", "name"), recommendation=4)


routes = [
    Route("GET", "/images", _list_images),
    Route("GET", "/datacenters", _list_datacenters),
    Route("GET", "/pricing", lambda _: Answer({"pricing": pricing()})),
    *_lookup("locations", "location", locations),
    *_lookup("server_types", "server_type", server_types, "architecture"),
    *_lookup("images", "image", images),
    *_lookup("datacenters", "datacenter", datacenters),
    *_lookup("load_balancer_types", "load_balancer_type", load_balancer_types),
    *_lookup("isos", "iso", list, "architecture"),
]

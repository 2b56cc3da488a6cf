"""Zones and records as Cloudflare answers them, and what the DNS server is told."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.sandbox.api.client import ACCOUNT, LocalCloud

ZONES = "/client/v4/zones"
A = {"type": "A", "name": "www.predrive.test", "content": "198.18.0.10", "ttl": 300}


@pytest.fixture
def records(cloud: LocalCloud) -> str:
    """The path of a new zone's records."""
    return f"{ZONES}/{cloud.zone()['id']}/dns_records"


def _published(cloud: LocalCloud) -> dict[str, Any]:
    found: dict[str, Any] = cloud.published["predrive.test"]
    return found


def test_a_record_is_answered_as_the_real_api_does(cloud: LocalCloud, records: str) -> None:
    response = cloud.call("POST", records, A)
    result = response.json()["result"]
    moment = result["created_on"]
    assert re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{6}Z", moment)
    assert response.status_code == 200
    assert response.json() == {
        "result": {
            "id": result["id"],
            "name": "www.predrive.test",
            "type": "A",
            "content": "198.18.0.10",
            "proxiable": True,
            "proxied": False,
            "ttl": 300,
            "settings": {},
            "meta": {},
            "comment": None,
            "tags": [],
            "created_on": moment,
            "modified_on": result["modified_on"],
        },
        "success": True,
        "errors": [],
        "messages": [],
    }
    assert re.fullmatch("[0-9a-f]{32}", result["id"])
    assert response.headers["api-version"] == "2025-08-27"
    assert "CF-Ray" in response.headers
    assert _published(cloud) == {"www.predrive.test A": [300, ["198.18.0.10"]]}


@pytest.mark.parametrize(
    ("body", "content", "published"),
    [
        ({"type": "AAAA", "content": "2001:DB8::0001"}, "2001:db8::1", "2001:db8::1"),
        ({"type": "CNAME", "content": "Hub.Predrive.test."}, "hub.predrive.test",
         "hub.predrive.test."),
        ({"type": "TXT", "content": "v=spf1 -all"}, "v=spf1 -all", '"v=spf1 -all"'),
        ({"type": "TXT", "content": '"v=spf1 -all"'}, '"v=spf1 -all"', '"v=spf1 -all"'),
        ({"type": "TXT", "content": 'say "hi"'}, 'say "hi"', '"say \\"hi\\""'),
        (
            {"type": "TXT", "content": "a" * 300},
            f'"{"a" * 255}" "{"a" * 45}"',
            f'"{"a" * 255}" "{"a" * 45}"',
        ),
        ({"type": "MX", "content": "mx.predrive.test", "priority": 0}, "mx.predrive.test",
         "0 mx.predrive.test."),
        ({"type": "MX", "content": ".", "priority": 0}, ".", "0 ."),
        ({"type": "NS", "content": "ns.other.test"}, "ns.other.test", "ns.other.test."),
        (
            {
                "type": "SRV",
                "data": {"priority": 10, "weight": 0, "port": 5222, "target": "talk.other.test"},
            },
            "0 5222 talk.other.test",
            "10 0 5222 talk.other.test.",
        ),
        (
            {"type": "CAA", "data": {"flags": "0", "tag": "issue", "value": "letsencrypt.org"}},
            '0 issue "letsencrypt.org"',
            '0 issue "letsencrypt.org"',
        ),
        (
            {"type": "HTTPS", "data": {"priority": 1, "target": ".", "value": 'alpn="h3,h2"'}},
            '1 . alpn="h3,h2"',
            "1 . alpn=h3,h2",
        ),
        (
            {
                "type": "TLSA",
                "data": {"usage": 3, "selector": 1, "matching_type": 1, "certificate": "ab01"},
            },
            "3 1 1 ab01",
            "3 1 1 ab01",
        ),
    ],
)  # fmt: skip
def test_content_is_normalised_for_the_api_and_for_the_zone(
    cloud: LocalCloud, records: str, body: dict[str, Any], content: str, published: str
) -> None:
    result = cloud.ok("POST", records, {"name": "x", "ttl": 1, **body})["result"]
    assert (result["name"], result["content"]) == ("x.predrive.test", content)
    assert _published(cloud) == {f"x.predrive.test {body['type']}": [300, [published]]}
    again = cloud.ok("PUT", f"{records}/{result['id']}", {"name": "x", "ttl": 1, **body})
    assert again["result"]["content"] == content


def test_flags_come_back_as_a_number_and_priority_at_the_top(
    cloud: LocalCloud, records: str
) -> None:
    caa = {"flags": "0", "tag": "issue", "value": "letsencrypt.org"}
    body = {"type": "CAA", "name": "@", "ttl": 1, "data": caa}
    assert cloud.ok("POST", records, body)["result"]["data"] == {**caa, "flags": 0}
    body = {"type": "MX", "name": "@", "ttl": 1, "content": "mx.predrive.test", "priority": 10}
    assert cloud.ok("POST", records, body)["result"]["priority"] == 10


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("@", "predrive.test"),
        ("predrive.test", "predrive.test"),
        ("WWW", "www.predrive.test"),
        ("www.predrive.test.", "www.predrive.test"),
        ("*.apps", "*.apps.predrive.test"),
        ("_xmpp._tcp", "_xmpp._tcp.predrive.test"),
    ],
)
def test_names_are_full_lower_case_and_undotted(
    cloud: LocalCloud, records: str, given: str, name: str
) -> None:
    assert cloud.ok("POST", records, {**A, "name": given})["result"]["name"] == name


def test_records_of_a_name_and_type_are_published_together(cloud: LocalCloud, records: str) -> None:
    first = cloud.ok("POST", records, A)["result"]
    second = cloud.ok("POST", records, {**A, "content": "198.18.0.11", "ttl": 120})["result"]
    both = [120, ["198.18.0.10", "198.18.0.11"]]
    assert _published(cloud) == {"www.predrive.test A": both}
    moved = {**A, "name": "web.predrive.test"}
    cloud.ok("PUT", f"{records}/{first['id']}", moved)
    assert _published(cloud) == {
        "web.predrive.test A": [300, ["198.18.0.10"]],
        "www.predrive.test A": [120, ["198.18.0.11"]],
    }
    cloud.ok("PATCH", f"{records}/{second['id']}", {"ttl": 600})
    assert _published(cloud)["www.predrive.test A"] == [600, ["198.18.0.11"]]
    gone = cloud.ok("DELETE", f"{records}/{second['id']}")
    assert gone["result"] == {"id": second["id"]}
    assert list(_published(cloud)) == ["web.predrive.test A"]


def test_an_address_becomes_an_alias_in_one_put(cloud: LocalCloud, records: str) -> None:
    record = cloud.ok("POST", records, A)["result"]
    alias = {"type": "CNAME", "name": "www", "content": "hub.predrive.test", "ttl": 1}
    cloud.ok("PUT", f"{records}/{record['id']}", alias)
    assert _published(cloud) == {"www.predrive.test CNAME": [300, ["hub.predrive.test."]]}


CNAME = {"type": "CNAME", "name": "www", "content": "hub.predrive.test", "ttl": 1}
TXT = {"type": "TXT", "name": "www", "content": "hello", "ttl": 1}


@pytest.mark.parametrize(
    ("held", "body", "code"),
    [
        (A, A, "81058"),
        (A, {**A, "name": "WWW"}, "81058"),
        (TXT, {**TXT, "content": '"hello"'}, "81058"),
        (A, CNAME, "81053"),
        (CNAME, A, "81053"),
        (CNAME, {**CNAME, "content": "other.predrive.test"}, "81053"),
        (CNAME, TXT, "81054"),
        (TXT, CNAME, "81054"),
        (None, {**A, "content": "not-an-address"}, "9007"),
        (None, {**A, "type": "AAAA"}, "9007"),
        (None, {**CNAME, "content": "a b"}, "9007"),
        (None, {**A, "name": "a b"}, "9000"),
        (None, {**A, "ttl": 5}, "9021"),
        (None, {**A, "ttl": 86401}, "9021"),
        (None, {**TXT, "proxied": True}, "9004"),
        (None, {**A, "content": "127.0.0.1", "proxied": True}, "9004"),
        (None, {**TXT, "content": "x" * 4097}, "9015"),
        (None, {"type": "MX", "name": "@", "content": "mx.predrive.test", "ttl": 1}, "9007"),
        (None, {"type": "SRV", "name": "_a._tcp", "content": "0 1 x", "ttl": 1}, "9007"),
    ],
)
def test_a_record_that_does_not_fit_is_refused_with_its_number(
    cloud: LocalCloud,
    records: str,
    held: dict[str, Any] | None,
    body: dict[str, Any],
    code: str,
) -> None:
    if held:
        cloud.ok("POST", records, held)
    before = cloud.published
    assert cloud.refused("POST", records, body) == (400, code)
    assert cloud.published == before
    assert len(cloud.ok("GET", records)["result"]) == (1 if held else 0)


def test_a_duplicate_is_refused_in_the_words_that_were_recorded(
    cloud: LocalCloud, records: str
) -> None:
    cloud.ok("POST", records, A)
    assert cloud.call("POST", records, A).json() == {
        "result": None,
        "success": False,
        "errors": [{"code": 81058, "message": "An identical record already exists."}],
        "messages": [],
    }


def test_what_is_proxied_has_the_automatic_ttl_and_answers_for_itself(
    cloud: LocalCloud, records: str
) -> None:
    result = cloud.ok("POST", records, {**A, "ttl": 1, "proxied": True})["result"]
    assert (result["proxied"], result["ttl"]) == (True, 1)
    assert _published(cloud) == {"www.predrive.test A": [300, ["198.18.0.10"]]}


def test_records_are_found_by_type_name_and_content(cloud: LocalCloud, records: str) -> None:
    for number in range(3):
        cloud.ok("POST", records, {**A, "content": f"198.18.0.{10 + number}"})
    cloud.ok("POST", records, TXT)
    query = {"type": "A", "name.exact": "www.predrive.test", "content": "198.18.0.11"}
    (found,) = cloud.ok("GET", records, **query)["result"]
    assert found["content"] == "198.18.0.11"
    page = cloud.ok("GET", records, per_page=3, page=2)
    assert page["result_info"] == {
        "page": 2,
        "per_page": 3,
        "count": 1,
        "total_count": 4,
        "total_pages": 2,
    }
    empty = cloud.ok("GET", records, name="nothing.predrive.test")
    assert (empty["result"], empty["result_info"]["total_pages"]) == ([], 1)


def test_a_batch_is_whole_or_nothing(cloud: LocalCloud, records: str) -> None:
    old = cloud.ok("POST", records, A)["result"]
    batch = {"deletes": [{"id": old["id"]}], "posts": [CNAME, {**A, "name": "hub"}]}
    results = cloud.ok("POST", f"{records}/batch", batch)["result"]
    assert [len(results[key]) for key in ("deletes", "patches", "puts", "posts")] == [1, 0, 0, 2]
    after = {
        "hub.predrive.test A": [300, ["198.18.0.10"]],
        "www.predrive.test CNAME": [300, ["hub.predrive.test."]],
    }
    assert _published(cloud) == after
    batch = {"posts": [{**A, "name": "new"}, {**A, "name": "hub"}]}
    assert cloud.refused("POST", f"{records}/batch", batch) == (400, "81058")
    assert _published(cloud) == after
    assert len(cloud.ok("GET", records)["result"]) == 2


def test_what_the_dns_server_refuses_is_not_stored_and_not_tried_again(
    cloud: LocalCloud, records: str
) -> None:
    cloud.ok("POST", records, A)
    cloud.fail(replace__TXT="the DNS server is down")
    response = cloud.call("POST", records, {**TXT, "name": "t"})
    cloud.mend()
    assert response.status_code == 500
    assert response.headers["x-should-retry"] == "false"
    message = "not published: the DNS server is down"
    assert response.json()["errors"] == [{"code": 10001, "message": message}]
    assert [row["type"] for row in cloud.ok("GET", records)["result"]] == ["A"]
    assert _published(cloud) == {"www.predrive.test A": [300, ["198.18.0.10"]]}


def test_a_change_published_by_half_is_taken_back(cloud: LocalCloud, records: str) -> None:
    record = cloud.ok("POST", records, A)["result"]
    cloud.fail(replace__TXT="the DNS server is down")
    body = {**TXT, "name": "www"}
    assert cloud.refused("PUT", f"{records}/{record['id']}", body) == (500, "10001")
    cloud.mend()
    assert _published(cloud) == {"www.predrive.test A": [300, ["198.18.0.10"]]}
    assert cloud.ok("GET", f"{records}/{record['id']}")["result"]["type"] == "A"


def test_a_missing_record_is_404_also_for_delete(cloud: LocalCloud, records: str) -> None:
    for method in ("GET", "DELETE", "PUT", "PATCH"):
        body = A if method in ("PUT", "PATCH") else None
        assert cloud.refused(method, f"{records}/{'0' * 32}", body) == (404, "81044")


def test_a_zone_below_test_is_active_at_once_and_others_wait(cloud: LocalCloud) -> None:
    zone = cloud.zone()
    assert (zone["status"], zone["activated_on"]) == ("active", zone["created_on"])
    assert len(zone["name_servers"]) == 2
    assert zone["account"]["id"] == ACCOUNT
    other = cloud.zone("predrive.eu")
    assert (other["status"], other["activated_on"]) == ("pending", None)
    assert cloud.published == {"predrive.test": {}, "predrive.eu": {}}
    page = cloud.ok("GET", ZONES, name="predrive.test", **{"account.id": ACCOUNT})
    assert [row["id"] for row in page["result"]] == [zone["id"]]
    assert cloud.ok("GET", ZONES, **{"account.id": "b" * 32})["result"] == []
    assert cloud.ok("GET", f"{ZONES}/{zone['id']}")["result"] == zone


def test_a_zone_is_paused_and_deleted_with_its_records(cloud: LocalCloud) -> None:
    zone = cloud.zone()
    path = f"{ZONES}/{zone['id']}"
    cloud.ok("POST", f"{path}/dns_records", A)
    assert cloud.ok("PATCH", path, {"paused": True})["result"]["paused"] is True
    assert cloud.ok("DELETE", path)["result"] == {"id": zone["id"]}
    assert cloud.published == {}
    assert cloud.refused("GET", path) == (404, "7003")
    assert cloud.refused("GET", f"{path}/dns_records") == (404, "7003")
    assert cloud.ok("GET", "/_estate/inventory")["dns_records"] == {"count": 0, "names": []}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"name": "predrive.test", "account": {"id": ACCOUNT}}, "1061"),
        ({"name": "not a domain", "account": {"id": ACCOUNT}}, "1049"),
        ({"name": "other.test"}, "1068"),
    ],
)
def test_a_zone_that_cannot_be_is_refused(
    cloud: LocalCloud, body: dict[str, Any], code: str
) -> None:
    cloud.zone()
    assert cloud.refused("POST", ZONES, body) == (400, code)


@pytest.mark.parametrize(
    ("authorization", "status", "code"),
    [
        (None, 400, 9106),
        ("Bearer short", 400, 6003),
        ("Bearer " + "x" * 40, 403, 9109),
    ],
)
def test_a_wrong_token_is_refused_in_its_own_way(
    cloud: LocalCloud, authorization: str | None, status: int, code: int
) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    answer = cloud.http.get(ZONES, headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (status, code)


def test_the_token_is_verified(cloud: LocalCloud) -> None:
    assert cloud.ok("GET", "/client/v4/user/tokens/verify")["result"]["status"] == "active"


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/dnssec"), ("PATCH", "/settings/ssl"), ("POST", "/rulesets")],
)
def test_a_call_that_is_not_emulated_is_not_tried_again(
    cloud: LocalCloud, method: str, path: str
) -> None:
    path = f"{ZONES}/{cloud.zone()['id']}{path}"
    response = cloud.call(method, path)
    assert response.status_code == 501
    assert response.headers["x-should-retry"] == "false"
    assert response.json()["errors"][0]["message"] == f"{method} {path} is not emulated"

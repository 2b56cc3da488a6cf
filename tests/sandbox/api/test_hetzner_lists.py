"""Lists: pages, order, filters, label selectors, and the waiting for actions."""

from __future__ import annotations

import pytest

from sandbox.hetzner.errors import Refusal
from sandbox.hetzner.labels import matches
from tests.sandbox.api.client import LocalCloud


def _groups(cloud: LocalCloud, count: int) -> list[int]:
    ids = []
    for number in range(count):
        body = {
            "name": f"group-{number:02}",
            "type": "spread",
            "labels": {"parity": "even" if number % 2 == 0 else "odd"},
        }
        ids.append(cloud.ok("POST", "/placement_groups", body)["placement_group"]["id"])
    return ids


def test_a_page_holds_25_and_tells_the_next(cloud: LocalCloud) -> None:
    ids = _groups(cloud, 27)
    answer = cloud.call("GET", "/placement_groups")
    page = answer.json()
    assert [row["id"] for row in page["placement_groups"]] == ids[:25]
    assert page["meta"]["pagination"] == {
        "page": 1,
        "per_page": 25,
        "previous_page": None,
        "next_page": 2,
        "last_page": 2,
        "total_entries": 27,
    }
    url = str(cloud.http.base_url).rstrip("/") + "/v1/placement_groups?page=2"
    assert answer.headers["Link"] == f'<{url}>; rel="next", <{url}>; rel="last"'
    second = cloud.ok("GET", "/placement_groups", page=2)
    assert [row["id"] for row in second["placement_groups"]] == ids[25:]
    assert second["meta"]["pagination"]["next_page"] is None
    assert second["meta"]["pagination"]["previous_page"] == 1


def test_a_page_never_holds_more_than_50(cloud: LocalCloud) -> None:
    _groups(cloud, 51)
    page = cloud.ok("GET", "/placement_groups", per_page=100)
    assert len(page["placement_groups"]) == 50
    assert page["meta"]["pagination"]["per_page"] == 50


def test_a_list_is_sorted_as_asked(cloud: LocalCloud) -> None:
    ids = _groups(cloud, 3)
    page = cloud.ok("GET", "/placement_groups", sort="name:desc")
    assert [row["id"] for row in page["placement_groups"]] == list(reversed(ids))
    refused = cloud.refused("GET", "/placement_groups", sort="colour")
    assert refused == (422, "invalid_input")


def test_a_list_is_filtered_by_name_and_by_labels(cloud: LocalCloud) -> None:
    ids = _groups(cloud, 4)
    for query, expected in [
        ({"name": "group-02"}, [ids[2]]),
        ({"name": "group"}, []),
        ({"label_selector": "parity=odd"}, [ids[1], ids[3]]),
        ({"label_selector": "parity!=odd,parity"}, [ids[0], ids[2]]),
        ({"label_selector": "!parity"}, []),
    ]:
        page = cloud.ok("GET", "/placement_groups", **query)
        assert [row["id"] for row in page["placement_groups"]] == expected


@pytest.mark.parametrize(
    ("selector", "matched"),
    [
        ("env=prod", True),
        ("env==prod", True),
        ("env = prod", True),
        ("env=dev", False),
        ("env!=dev", True),
        ("missing!=dev", True),
        ("env", True),
        ("missing", False),
        ("!missing", True),
        ("!env", False),
        ("env in (dev,prod)", True),
        ("env in (dev)", False),
        ("env notin (dev, test)", True),
        ("env notin (prod)", False),
        ("missing notin (prod)", True),
        ("env in (dev,prod),role=db", True),
        ("env=prod,role=web", False),
        ("example.com/team=core", True),
        ("empty=", True),
    ],
)
def test_a_label_selector_picks_by_its_grammar(selector: str, matched: bool) -> None:
    labels = {"env": "prod", "role": "db", "example.com/team": "core", "empty": ""}
    assert matches(selector, labels) is matched


@pytest.mark.parametrize("selector", ["=x", "a b", "env in prod", "-a=b", ""])
def test_a_malformed_selector_is_invalid_input(selector: str) -> None:
    with pytest.raises(Refusal) as caught:
        matches(selector, {"env": "prod"})
    assert caught.value.code == "invalid_input"


def test_every_action_asked_for_comes_back_though_some_are_done(cloud: LocalCloud) -> None:
    network = cloud.network()
    done = cloud.ok(
        "POST",
        f"/networks/{network['id']}/actions/add_subnet",
        {"type": "cloud", "network_zone": "eu-central"},
    )["action"]
    # Hetzner queues everything: the answer says running, whoever looks again sees the end.
    assert (done["status"], done["progress"], done["finished"]) == ("running", 0, None)
    cloud.hold()
    body = {"name": "data", "size": 10, "location": "nbg1"}
    running = cloud.ok("POST", "/volumes", body)["action"]
    query = {"id": [done["id"], running["id"]], "page": 1, "sort": ["status", "id"]}
    found = cloud.ok("GET", "/actions", **query)["actions"]
    assert [(action["id"], action["status"]) for action in found] == [
        (running["id"], "running"),
        (done["id"], "success"),
    ]
    cloud.let_go()
    (finished,) = cloud.wait_for(running)
    assert (finished["progress"], finished["error"]) == (100, None)
    assert finished["resources"] == [{"id": finished["resources"][0]["id"], "type": "volume"}]
    assert cloud.ok("GET", f"/actions/{running['id']}")["action"] == finished


def test_actions_are_listed_by_resource_and_never_all_at_once(cloud: LocalCloud) -> None:
    server, volume = cloud.server(), cloud.volume()
    assert cloud.refused("GET", "/actions") == (410, "deprecated_api_endpoint")
    commands = {
        path: sorted(action["command"] for action in cloud.ok("GET", path)["actions"])
        for path in (
            f"/servers/{server['id']}/actions",
            "/servers/actions",
            f"/volumes/{volume['id']}/actions",
            "/networks/actions",
        )
    }
    assert list(commands.values()) == [
        ["create_server", "start_server"],
        ["create_server", "start_server"],
        ["create_volume"],
        [],
    ]
    id = cloud.ok("GET", f"/volumes/{volume['id']}/actions")["actions"][0]["id"]
    one = cloud.ok("GET", f"/volumes/{volume['id']}/actions/{id}")["action"]
    assert one["command"] == "create_volume"
    other = f"/servers/{server['id']}/actions/{id}"
    assert cloud.refused("GET", other) == (404, "not_found")


def test_every_answer_tells_its_rate_limit_and_correlation(cloud: LocalCloud) -> None:
    first, second = cloud.call("GET", "/servers"), cloud.call("GET", "/servers")
    assert first.headers["RateLimit-Limit"] == "3600"
    assert 0 <= int(second.headers["RateLimit-Remaining"]) < 3600
    assert int(second.headers["RateLimit-Reset"]) > 0
    assert first.headers["X-Correlation-Id"] != second.headers["X-Correlation-Id"]
    assert first.headers["Content-Type"] == "application/json"


def test_the_catalogue_is_asked_by_name_and_id(cloud: LocalCloud) -> None:
    (found,) = cloud.ok("GET", "/server_types", name="cx23")["server_types"]
    assert (found["cores"], found["memory"], found["disk"]) == (2, 4, 40)
    assert [location["name"] for location in found["locations"]] == ["fsn1", "nbg1", "hel1"]
    assert cloud.ok("GET", f"/server_types/{found['id']}")["server_type"] == found
    query = {"name": "ubuntu-24.04", "architecture": "x86", "include_deprecated": "true"}
    (image,) = cloud.ok("GET", "/images", **query)["images"]
    assert (image["id"], image["rapid_deploy"]) == (161547269, True)
    assert cloud.ok("GET", "/images", name="debian-11")["images"] == []
    (old,) = cloud.ok("GET", "/images", name="debian-11", include_deprecated="true")["images"]
    assert old["deprecated"] is not None
    assert [row["name"] for row in cloud.ok("GET", "/locations", name="hil")["locations"]] == [
        "hil"
    ]
    assert cloud.ok("GET", "/isos")["isos"] == []
    assert cloud.ok("GET", "/datacenters", name="nbg1-dc3")["datacenters"][0]["id"] == 2
    assert len(cloud.ok("GET", "/load_balancer_types")["load_balancer_types"]) == 3
    prices = cloud.ok("GET", "/pricing")["pricing"]["server_types"]
    assert {row["name"] for row in prices} >= {"cx23", "cpx22", "cax11", "ccx13"}

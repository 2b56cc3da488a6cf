"""From nothing to HTTPS and back, with the real engine, plugins and containers, step by step.

The tests stand in the order of a system's life and share one; each leaves it as it found it, or as
its name says.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.clone import Clone
from tests.end_to_end.conftest import AWKWARD, AWKWARD_PASSWORD
from tests.end_to_end.visitor import HOST, Visitor

pytestmark = pytest.mark.end_to_end

CONTAINERS = ("predrive-api", "predrive-db", "predrive-nginx", "predrive-web")
SERVER = "hcloud:index/server:Server"


def container_ids(clone: Clone) -> dict[str, str]:
    lines = clone.on_server("docker ps -a --no-trunc --format '{{.Names}} {{.ID}}'").split("\n")
    return dict(line.split() for line in lines if line)


def server_id(clone: Clone) -> str:
    (server,) = [r for r in clone.resources() if r["type"].endswith(SERVER)]
    return str(server["id"])


def no_changes(clone: Clone, command: str = "up") -> None:
    options = ["--yes", "--expect-no-changes"]
    result = clone.run("pulumi", command, "-s", "dev", *options, check=False)
    assert result.code == 0, result.text


def test_a_preview_before_anything_exists_shows_every_resource(
    first_preview: dict[str, str],
) -> None:
    assert set(first_preview.values()) == {"create"}
    names = {name.rpartition("::")[2] for name in first_preview}
    assert {"drive", "pgdata", f"{HOST}-a", f"{HOST}-certificate", *CONTAINERS} <= names


def test_the_first_up_succeeds_in_one_go_and_ends_with_an_answer(up: str) -> None:
    assert f"https://{HOST}/health answers 200" in up
    assert "curl -sS --cacert" in up


def test_the_name_resolves_to_the_addresses_of_the_outputs(clone: Clone, visitor: Visitor) -> None:
    addresses = clone.outputs()["addresses"]["drive"]
    assert visitor.resolve(HOST, "A") == [addresses["ipv4"]]
    assert visitor.resolve(HOST, "AAAA") == [addresses["ipv6"]]


def test_health_over_verified_https_reports_database_and_s3(visitor: Visitor) -> None:
    reply = visitor.ask(f"https://{HOST}/health")
    assert reply.status == 200
    assert reply.json["status"] == "ok"
    assert {name: check["ok"] for name, check in reply.json["checks"].items()} == {
        "database": True,
        "s3": True,
    }


def test_plain_http_redirects_to_https(visitor: Visitor) -> None:
    reply = visitor.ask(f"http://{HOST}/some/page?x=1")
    assert (reply.status, reply.headers["location"]) == (301, f"https://{HOST}/some/page?x=1")


def test_the_web_build_is_served_at_the_root(visitor: Visitor) -> None:
    reply = visitor.ask(f"https://{HOST}/")
    assert reply.status == 200
    assert reply.headers["content-type"].startswith("text/html")
    assert reply.headers["strict-transport-security"] == "max-age=63072000"


def test_awkward_secrets_arrive_intact(clone: Clone) -> None:
    # Inside the container, byte by byte; the hash keeps the value out of this test's output.
    read = "docker exec predrive-api sh -c 'printf %s \"$JWT_SECRET\" | sha256sum'"
    assert clone.on_server(read).split()[0] == hashlib.sha256(AWKWARD.encode()).hexdigest()
    assert clone.outputs()["connections"]["predrive.db"]["password"] == AWKWARD_PASSWORD


def test_only_nginx_is_published(clone: Clone) -> None:
    ports = clone.on_server("docker ps --format '{{.Names}}|{{.Ports}}'").splitlines()
    published = {line.split("|")[0] for line in ports if "->" in line}
    assert published == {"predrive-nginx"}


def test_a_second_up_and_a_refresh_change_nothing(clone: Clone, up: str) -> None:
    no_changes(clone)
    no_changes(clone, "refresh")


def test_a_second_make_up_changes_nothing(clone: Clone, up: str) -> None:
    again = clone.run("estate", "sandbox", "up", "-s", "dev").text
    assert "unchanged" in again
    assert not any(word in again for word in ("created", "updated", "replaced", "deleted"))


def test_one_variable_replaces_its_container_and_nothing_else(clone: Clone, up: str) -> None:
    before = container_ids(clone)

    def edit(system: dict[str, Any]) -> None:
        api = system["stacks"]["predrive"]["services"]["api"]
        api["environment"]["LOG_LEVEL"] = "debug"

    clone.system(edit)
    assert clone.preview() == {"docker:index/container:Container::predrive-api": "replace"}
    clone.run("pulumi", "up", "-s", "dev", "--yes", "--skip-preview")
    after = container_ids(clone)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"predrive-api"}
    no_changes(clone)


def test_the_database_and_the_site_survive_that(clone: Clone, visitor: Visitor) -> None:
    assert visitor.ask(f"https://{HOST}/health").status == 200


def test_another_ssh_key_does_not_replace_the_server(clone: Clone, up: str, tmp_path: Path) -> None:
    before = server_id(clone)
    clone.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "key"))
    public = (tmp_path / "key.pub").read_text().strip()
    clone.run("pulumi", "config", "set", "-s", "dev", "--path", "estate:ssh_keys.alice", public)
    assert clone.preview() == {"command:remote:Command::drive-settle": "update"}
    clone.run("pulumi", "up", "-s", "dev", "--yes", "--skip-preview")
    assert server_id(clone) == before
    address = clone.outputs()["addresses"]["drive"]["ipv4"]
    login = clone.run(
        "ssh", "-F", "/dev/null", "-i", str(tmp_path / "key"), "-o", "BatchMode=yes",
        "-o", "UserKnownHostsFile=.estate/ssh/dev/known_hosts", "-o", "HostKeyAlias=drive",
        "-o", "IdentitiesOnly=yes", f"deploy@{address}", "hostname",
    )  # fmt: skip
    assert login.text.strip() == "drive"
    no_changes(clone)


def test_a_server_replaced_on_purpose_comes_back_with_its_rows(
    clone: Clone, visitor: Visitor
) -> None:
    before = server_id(clone)
    note = json.dumps({"text": "written before the replacement"})
    json_header = ("-H", "Content-Type: application/json", "-d", note)
    assert visitor.ask(f"https://{HOST}/api/notes", *json_header).status == 201
    clone.run("pulumi", "up", "-s", "dev", "--yes", "--skip-preview",
              "--replace", clone.urn(SERVER, "drive"))  # fmt: skip
    assert server_id(clone) != before
    assert set(container_ids(clone)) == set(CONTAINERS)
    notes = visitor.ask(f"https://{HOST}/api/notes").json["notes"]
    assert [item["text"] for item in notes] == ["written before the replacement"]
    no_changes(clone)
    no_changes(clone, "refresh")


def test_stopping_and_starting_the_local_cloud_keeps_everything(
    clone: Clone, visitor: Visitor
) -> None:
    before = container_ids(clone)
    clone.run("estate", "sandbox", "stop")
    clone.run("estate", "sandbox", "start")
    no_changes(clone)
    assert container_ids(clone) == before
    assert visitor.ask(f"https://{HOST}/health").status == 200
    notes = visitor.ask(f"https://{HOST}/api/notes").json["notes"]
    assert [item["text"] for item in notes] == ["written before the replacement"]


def test_destroy_leaves_only_what_is_protected_and_names_it(clone: Clone, up: str) -> None:
    refused = clone.run("pulumi", "destroy", "-s", "dev", "--yes", "--skip-preview", check=False)
    assert refused.code != 0
    assert "pgdata" in refused.text
    told = clone.run("estate", "sandbox", "down", "-s", "dev").text
    kept = told.partition("Kept, because it is protected:")[2]
    assert "pgdata (Volume) presuite-dev-pgdata" in kept
    assert clone.inventory() == {
        "volumes": ["presuite-dev-pgdata"],
        "zones": ["predrive.test"],
    }


def test_up_after_destroy_finds_the_rows_again(clone: Clone, up: str, visitor: Visitor) -> None:
    clone.run("estate", "sandbox", "up", "-s", "dev")
    notes = visitor.ask(f"https://{HOST}/api/notes").json["notes"]
    assert [item["text"] for item in notes] == ["written before the replacement"]

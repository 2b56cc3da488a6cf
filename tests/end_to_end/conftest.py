"""One clone with one local cloud for the whole run, removed at its end."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.end_to_end.clone import Clone
from tests.end_to_end.visitor import Visitor

# Everything that a shell, a URL, a YAML file or a percent sign could spoil.
AWKWARD = "a b'c\"d $HOME %40 @host /path #tag \\n\nsecond line"
# A PostgreSQL password is prepared by SASLprep (RFC 4013), which allows no control characters.
AWKWARD_PASSWORD = AWKWARD.replace("\n", " ")


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    clone = Clone(tmp_path_factory.mktemp("clone"))
    try:
        yield clone
    finally:
        clone.run("estate", "sandbox", "reset", "--yes")


@pytest.fixture(scope="session")
def first_preview(clone: Clone) -> dict[str, str]:
    """What a preview says before anything exists."""
    clone.run("estate", "sandbox", "start")
    clone.run("estate", "sandbox", "connect", "-s", "dev")
    secret = ("pulumi", "config", "set", "-s", "dev", "--secret")
    clone.run(*secret, "estate:predrive-jwt-secret", AWKWARD)
    clone.run(*secret, "estate:predrive-db-password", AWKWARD_PASSWORD)
    return clone.preview()


@pytest.fixture(scope="session")
def up(clone: Clone, first_preview: dict[str, str]) -> str:
    """What `make up` says when it brings everything up for the first time."""
    return clone.run("estate", "sandbox", "up", "-s", "dev").text


@pytest.fixture(scope="session")
def visitor(clone: Clone, up: str) -> Visitor:
    status = json.loads(clone.run("estate", "sandbox", "status", "--json").text)
    (dns,) = [part for part in status if part["name"] == "dns"]
    return Visitor(clone.folder, dns["address"].split(":")[0])

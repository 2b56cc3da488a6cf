"""Where a service stands decides its host names."""

from __future__ import annotations

import pytest

import services
from tests.services import manual


@pytest.mark.parametrize(
    ("name", "actual"),
    [
        ("predrive.eu", "predrive.test"),
        ("www.predrive.eu", "www.predrive.test"),
        ("a.mail.predrive.eu", "a.mail.test"),
        ("mail.predrive.eu", "mail.test"),
        ("notpredrive.eu", "notpredrive.eu"),
        ("other.eu", "other.eu"),
    ],
)
def test_a_host_name_is_put_into_the_innermost_zone_that_holds_it(name: str, actual: str) -> None:
    zones = {"predrive.eu": "predrive.test", "mail.predrive.eu": "mail.test"}
    assert manual.place("nginx", zones=zones).hostname(name) == actual


def test_a_kind_that_is_not_there_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="kind"):
        services.kind("kind")

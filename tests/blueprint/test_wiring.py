"""References become pieces of text; uses become an order; wrong ones are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from blueprint.draw import draw
from blueprint.parts import Offer, Secret, Value
from blueprint.wiring import StackWiring, WiringError, joined
from config import ConfigError
from tests.config import given

PASSWORD = Secret("db-password", "url")
OFFERS = {
    "db": Offer(values={"host": ("db",), "url": ("pg://", PASSWORD, "@db")}, network="db"),
    "files": Offer(values={"bucket": ("drive",)}),
    "web": Offer(files="web-files", network="web"),
    "api": Offer(values={"url": ("http://api",)}, http="api:80", network="api"),
}


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("", ()),
        ("plain", ("plain",)),
        ("${db.host}", ("db",)),
        ("a${db.host}b${files.bucket}", ("adbbdrive",)),
        ("${db.url}", ("pg://", PASSWORD, "@db")),
        ("<${db.url}/x>", ("<pg://", PASSWORD, "@db/x>")),
        ("${secret.jwt}", (Secret("jwt"),)),
        ("${secret.a}${secret.b}", (Secret("a"), Secret("b"))),
        ("$${db.host}", ("${db.host}",)),
        ("$${${db.host}}", ("${db}",)),
        ("cost: $5, $HOME, {x}", ("cost: $5, $HOME, {x}",)),
    ],
)
def test_a_template_becomes_pieces(template: str, value: Value) -> None:
    assert StackWiring("api", OFFERS).value(template) == value


@pytest.mark.parametrize(
    ("template", "error"),
    [
        ("${dbx.host}", "'dbx' is no service of this stack. Known: db, files, web"),
        ("${api.url}", "'api' refers to itself"),
        ("${db.uri}", "'${db.uri}': 'db' does not offer 'uri', but host, url"),
        ("${db}", "'${db}': 'db' does not offer '', but host, url"),
        ("${web.url}", "'${web.url}': 'web' does not offer 'url', but nothing"),
        ("${}", "'' is no service of this stack. Known: db, files, web"),
        ("${secret}", "'${secret}' names no secret. Write ${secret.my-name}"),
        ("${secret.}", "'${secret.}' names no secret. Write ${secret.my-name}"),
        ("${secret.a b}", "'${secret.a b}' names no secret. Write ${secret.my-name}"),
        ("${db.host", "'${db.host' has no end. Write $${ for a plain ${"),
    ],
)
def test_a_wrong_reference_is_told(template: str, error: str) -> None:
    with pytest.raises(WiringError) as refused:
        StackWiring("api", OFFERS).value(template)
    assert str(refused.value) == error


def test_each_use_is_waited_for_once_and_in_the_order_of_first_use() -> None:
    wiring = StackWiring("api", OFFERS)
    wiring.value("${files.bucket}")
    wiring.offer("web")
    wiring.value("${db.host} ${db.url}")
    wiring.offer("web")
    assert wiring.used == ["files", "web", "db"]
    assert wiring.after() == ("web", "db")


def test_neighbouring_text_is_one_piece() -> None:
    assert joined(["a", "", "b", Secret("s"), "", "c", "d"]) == ("ab", Secret("s"), "cd")


def test_a_wrong_reference_says_in_which_service_it_stands_and_all_are_told(
    tmp_path: Path,
) -> None:
    services = "stacks|predrive|services"
    content = {
        f"{services}|api|environment|URL": "${dbx.url}",
        f"{services}|nginx|hosts|predrive.eu|/api": "apx",
    }
    with pytest.raises(ConfigError) as refused:
        draw(given.settings(tmp_path, content=content))
    where = "config/systems/presuite.yaml > stacks > predrive > services"
    assert refused.value.findings == (
        f"{where} > api: 'dbx' is no service of this stack. Known: db, files, nginx, web.",
        f"{where} > nginx: 'apx' is no service of this stack. Known: api, db, files, web.",
    )

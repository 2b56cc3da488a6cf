"""Every page of the manual is true: it exists, its example builds, its tables are the code's."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic.fields import FieldInfo

import services
from blueprint.parts import Offer, Stack
from tests.services import manual

HEADINGS = ("What it is", "Example", "Keys", "Offers", "Needs", "Data and backup", "Security")

every_kind = pytest.mark.parametrize("kind", services.known())


def test_there_is_a_page_for_each_kind_and_no_other() -> None:
    assert sorted(path.stem for path in manual.FOLDER.glob("*.md")) == list(services.known())


@every_kind
def test_a_page_has_the_headings_of_all_pages(kind: str) -> None:
    page = manual.page(kind)
    assert (page.title, page.headings) == (f"# {kind}", HEADINGS)


@every_kind
def test_the_example_of_a_page_builds_a_share_of_its_stack(kind: str) -> None:
    assert manual.page(kind).entry["kind"] == kind
    share = manual.built(kind)
    assert isinstance(share, Stack)
    assert (share.name, share.server) == ("predrive", "drive")


@every_kind
def test_the_keys_of_a_page_are_the_keys_of_its_kind(kind: str) -> None:
    fields = services.kind(kind).Settings.model_fields
    written = {row[0].strip("`"): (row[1], row[2]) for row in manual.page(kind).rows["Keys"]}
    # ServiceSettings' own key comes first everywhere.
    assert written == {name: (_type(field), _default(field)) for name, field in fields.items()}
    assert next(iter(written)) == "kind"


@every_kind
def test_the_values_of_a_page_are_what_its_kind_offers(kind: str) -> None:
    page = manual.page(kind)
    offer: Offer = services.kind(kind).offers(manual.place(page.service), manual.settings(kind))
    assert [row[0].strip("`") for row in page.rows["Offers"]] == list(offer.values)


@every_kind
def test_a_key_that_no_kind_has_is_refused(kind: str) -> None:
    with pytest.raises(ValueError, match="extra_forbidden"):
        manual.settings(kind, colour="red")


def _type(field: FieldInfo) -> str:
    annotation = str(field.annotation).replace(" | None", "")
    if "dict[str, dict" in annotation or "dict[str, typing.Annotated" in annotation:
        return "services by path, by host name"
    return {
        "<class 'str'>": "text",
        "str": "text",
        "<class 'int'>": "whole number",
        "<class 'float'>": "number",
        "<class 'bool'>": "true or false",
        "dict[str, str]": "texts by name",
        "tuple[str, ...]": "list of texts",
    }[annotation]


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value: Any = field.get_default(call_default_factory=True)
    if value is None or value in ({}, ()):
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"

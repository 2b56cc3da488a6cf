"""What all stored resources share: being found, having a name of their own, being protected."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

from sandbox.cloud import Cloud
from sandbox.hetzner.actions import at_once
from sandbox.hetzner.errors import Refusal, not_found, not_unique
from sandbox.hetzner.fields import Fields
from sandbox.hetzner.wire import Call


class Row(Protocol):
    id: int
    name: str
    labels: dict[str, str]


class Protected(Protocol):
    id: int
    delete_protected: bool


R = TypeVar("R", bound=Row)


def find(cloud: Cloud, kind: type[R], id: int, noun: str) -> R:
    row = cloud.store.table(kind).get(id)
    if row is None:
        raise not_found(noun, id)
    return row


def refuse_taken_name(cloud: Cloud, kind: type[R], name: str, noun: str, own_id: int = 0) -> None:
    for row in cloud.store.table(kind).values():
        if row.name == name and row.id != own_id:
            raise not_unique(noun, "name")


def rename_and_label(call: Call, row: R, noun: str, fields: Fields, *, host: bool = False) -> None:
    """The part of a PUT that all resources have; what the body leaves out stays."""
    name = fields.name(required=False, host=host)
    labels = fields.labels()
    fields.check()
    if name:
        refuse_taken_name(call.cloud, type(row), name, noun, row.id)
        row.name = name
    if fields.has("labels"):
        row.labels = labels


def refuse_if_protected(row: Protected, noun: str) -> None:
    if row.delete_protected:
        raise Refusal("protected", f"{noun} deletion is protected")


def change_protection(call: Call, row: Protected, noun: str) -> dict[str, Any]:
    fields = call.fields
    protected = fields.flag("delete", row.delete_protected)
    fields.check()
    row.delete_protected = protected
    return at_once(call.cloud, "change_protection", (noun, row.id))

"""What every kind of service has: settings, what it offers, and its share of a Docker stack."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from blueprint.parts import Offer, Stack, Value

_DIGEST = "@sha256:[0-9a-f]{64}"
_IMAGE = rf"^([^\s:@/]+(:\d+)?/)?[^\s:@]+(:[\w.-]+({_DIGEST})?|{_DIGEST})$"


def _with_version(image: str) -> str:
    if not re.fullmatch(_IMAGE, image):
        raise ValueError(f"'{image}' is not an image with its version, such as nginx:1.28.0")
    return image


Image = Annotated[str, AfterValidator(_with_version), Field(json_schema_extra={"pattern": _IMAGE})]


class ServiceSettings(BaseModel):
    """The keys that every service has; a kind adds its own."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    kind: str


@dataclass(frozen=True)
class Acme:
    """Where certificates come from: an ACME directory URL and the account's address."""

    directory: str
    email: str


@dataclass(frozen=True)
class ObjectStore:
    """An S3 service: endpoint URL and region."""

    endpoint: str
    region: str


@dataclass(frozen=True)
class Place:
    """Where a service stands, and what its environment decides for it."""

    stack: str
    service: str
    server: str
    acme: Acme
    object_store: ObjectStore | None
    images: Mapping[str, str]
    """Repository to the repository that stands in its place, such as a private registry."""
    zones: Mapping[str, str]
    """Zone as the system names it to the zone in this environment."""

    def image(self, reference: str) -> str:
        """The image reference with its repository replaced where the environment says so."""
        # A colon before the last slash belongs to a registry's port.
        end = re.search(r"[:@][^/]*$", reference)
        repository = reference[: end.start()] if end else reference
        return self.images.get(repository, repository) + reference[len(repository) :]

    def hostname(self, name: str) -> str:
        """The host name in this environment's zones; of nested zones the inner one counts."""
        for zone, actual in sorted(self.zones.items(), key=lambda item: -len(item[0])):
            if name == zone or name.endswith(f".{zone}"):
                return name[: len(name) - len(zone)] + actual
        return name


class Wiring(Protocol):
    """How a service reaches what others offer; every use becomes a dependency."""

    def value(self, template: str) -> Value:
        """The text with each `${service.value}` and `${secret.name}` put in its place."""

    def offer(self, service: str) -> Offer:
        """All that another service of the system offers."""

    def after(self) -> tuple[str, ...]:
        """The containers of this stack that must be healthy before a user of them starts."""


class Kind(Protocol):
    """A module of this folder."""

    Settings: type[ServiceSettings]

    def offers(self, place: Place, settings: Any) -> Offer:
        """What the service gives to others; known from its own settings alone."""

    def stack(self, place: Place, settings: Any, wiring: Wiring) -> Stack:
        """The service's share of the stack that it stands in."""

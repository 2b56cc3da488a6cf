"""The shape of the `estate:` keys in `Pulumi.<stack>.yaml`: what one environment decides."""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _domain(text: str) -> str:
    try:
        name = text.strip().rstrip(".").encode("idna").decode().lower()
    except UnicodeError:
        raise ValueError(f"'{text}' is not a domain name") from None
    if not re.fullmatch(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*", name):
        raise ValueError(f"'{text}' is not a domain name such as example.org")
    return name


def _url(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s/]+(/\S*)?", text):
        raise ValueError(f"'{text}' is not an http(s) URL")
    return text.rstrip("/")


def _range(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError:
        raise ValueError(f"'{text}' is not an IP range such as 203.0.113.0/24") from None


def _public_key(text: str) -> str:
    if not re.fullmatch(r"(ssh-ed25519|ssh-rsa|ecdsa-sha2-\S+) [A-Za-z0-9+/=]+( .*)?", text):
        raise ValueError("is not an OpenSSH public key ('ssh-ed25519 AAAA…')")
    return text


Domain = Annotated[str, AfterValidator(_domain)]
Url = Annotated[str, AfterValidator(_url)]
IpRange = Annotated[str, AfterValidator(_range)]
PublicKey = Annotated[str, AfterValidator(_public_key)]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class ZoneSettings(_Shape):
    """The zone that stands for one of the system's; `id` saves the look-up by name."""

    name: Domain
    id: str | None = Field(default=None, pattern=r"^[0-9a-f]{32}$")


class AcmeSettings(_Shape):
    """The certificate authority's ACME directory and the address it may write to."""

    directory: Url
    email: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")


class S3Settings(_Shape):
    """The object store that buckets live in."""

    endpoint: Url
    region: str = Field(min_length=1)


class ServerSizes(_Shape):
    """What this environment chooses otherwise for a server of the system."""

    server_type: str | None = None
    location: str | None = None
    image: str | None = None


class PublicKeys(_Shape):
    """Public halves of the keys that `estate secrets init` makes; `hosts` by server."""

    deploy: PublicKey
    hosts: dict[str, PublicKey]


class Environment(_Shape):
    """All `estate:` keys that are not secrets."""

    system: str
    zones: dict[Domain, ZoneSettings]
    acme: AcmeSettings
    s3: S3Settings | None = None
    servers: dict[str, ServerSizes] = {}
    images: dict[str, str] = {}
    public_keys: PublicKeys | None = None
    ssh_keys: dict[str, PublicKey] = {}
    ssh_sources: tuple[IpRange, ...] = ("0.0.0.0/0", "::/0")
    dns_ttl_seconds: int = Field(default=300, ge=60, le=86400)
    delete_protection: bool = False

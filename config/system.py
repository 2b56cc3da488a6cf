"""The shape of `config/systems/<name>.yaml`: a system as its owner knows it."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.kind import ServiceSettings

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,40}$")]


def _ipv4_network(text: str) -> str:
    try:
        return str(IPv4Network(text))
    except ValueError:
        raise ValueError(f"'{text}' is not an IPv4 range such as 10.0.0.0/16") from None


def _ipv4_address(text: str) -> str:
    try:
        return str(IPv4Address(text))
    except ValueError:
        raise ValueError(f"'{text}' is not an IPv4 address such as 10.0.1.10") from None


Range = Annotated[str, AfterValidator(_ipv4_network)]
Address = Annotated[str, AfterValidator(_ipv4_address)]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class NetworkSettings(_Shape):
    """The private network that the system's servers share."""

    ip_range: Range
    subnet: Range
    zone: str = "eu-central"


class VolumeSettings(_Shape):
    """A Hetzner volume; its name is its key."""

    size_gb: int = Field(ge=10, le=10240)
    protect: bool = True


class ServerSettings(_Shape):
    """A Hetzner server; its name is its key."""

    server_type: str
    location: str
    image: str = "ubuntu-24.04"
    private_ip: Address
    volumes: dict[Name, VolumeSettings] = {}


class StackSettings(_Shape):
    """Services that share a server and a Docker network; `services` is validated kind by kind."""

    server: str
    services: dict[Name, Any] = Field(min_length=1)


class SystemShape(_Shape):
    """A system file before its services are known."""

    network: NetworkSettings
    servers: dict[Name, ServerSettings] = Field(min_length=1)
    stacks: dict[Name, StackSettings] = Field(min_length=1)


class System(_Shape):
    """A system: `services` maps `<stack>`, then `<service>`, to its kind's settings."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    name: str
    network: NetworkSettings
    servers: dict[str, ServerSettings]
    stack_servers: dict[str, str]
    services: dict[str, dict[str, ServiceSettings]]

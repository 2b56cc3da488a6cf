"""The providers' resource classes as their SDKs have them, without the seconds of importing those.

For the type checker `hcloud`, `docker` and the others are the SDKs themselves, so every call is
checked against them. At run time they are made here from the same names: an SDK loads all its
classes for one (pulumi_cloudflare alone takes two seconds and 120 MB), and every run of the program
would pay for it. docs/decisions/002-light-sdk-classes.md
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi

if TYPE_CHECKING:
    import pulumi_cloudflare as cloudflare
    import pulumi_docker as docker
    import pulumi_hcloud as hcloud
    from pulumi_command import remote

__all__ = ["cloudflare", "docker", "hcloud", "remote"]


def camel(name: str) -> str:
    """An SDK's Python name as the engine knows it: `ip_range` to `ipRange`."""
    first, *others = name.split("_")
    return first + "".join(other.title() for other in others)


class _Resource(pulumi.CustomResource):
    """A resource whose outputs are attributes under their Python names."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__[camel(name)]
        except KeyError:
            raise AttributeError(name) from None


@dataclass(frozen=True)
class _Shape:
    """What an SDK's class adds to the inputs that it is given."""

    outputs: tuple[str, ...] = ()
    secret_inputs: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()


def _resource(token: str, shape: _Shape) -> type[_Resource]:
    extra = pulumi.ResourceOptions(
        additional_secret_outputs=list(shape.secret_inputs) or None,
        replace_on_changes=list(shape.replace_on_changes) or None,
    )

    def __init__(
        self: _Resource,
        resource_name: str,
        args: Mapping[str, Any] | None = None,
        *,
        opts: pulumi.ResourceOptions | None = None,
        **inputs: Any,
    ) -> None:
        props = dict.fromkeys(map(camel, shape.outputs))
        props |= args if args is not None else _args(**inputs)
        for name in shape.secret_inputs:
            props[name] = pulumi.Output.secret(props[name])
        options = pulumi.ResourceOptions.merge(opts, extra)
        pulumi.CustomResource.__init__(self, token, resource_name, props, options)

    return type(token.rpartition(":")[2], (_Resource,), {"__init__": __init__})


def _args(**inputs: Any) -> dict[str, Any]:
    return {camel(name): value for name, value in inputs.items() if value is not None}


def _provider(package: str) -> Callable[..., pulumi.ProviderResource]:
    def provider(
        resource_name: str, *, opts: pulumi.ResourceOptions | None = None, **inputs: Any
    ) -> pulumi.ProviderResource:
        # A provider's configuration is text; whatever else it holds travels as JSON.
        texts = {
            name: value if isinstance(value, str | pulumi.Output) else json.dumps(value)
            for name, value in _args(**inputs).items()
        }
        return pulumi.ProviderResource(package, resource_name, texts, opts)

    return provider


class _Sdk:
    """Makes an SDK's names when they are asked for; `shapes` tells what is special."""

    def __init__(self, package: str, module: str = "index", **shapes: _Shape) -> None:
        self._package = package
        self._module = module
        self._shapes = shapes

    def __getattr__(self, name: str) -> Any:
        made: Any
        if name == "Provider":
            made = _provider(self._package)
        elif name.endswith("Args"):
            made = _args
        else:
            # Bridged providers have a module a resource, `index/server`; others have one for all.
            file = f"/{name[0].lower()}{name[1:]}" if self._module == "index" else ""
            token = f"{self._package}:{self._module}{file}:{name}"
            made = _resource(token, self._shapes.get(name, _Shape()))
        setattr(self, name, made)
        return made


if not TYPE_CHECKING:
    cloudflare = _Sdk("cloudflare")
    docker = _Sdk("docker")
    hcloud = _Sdk(
        "hcloud",
        PrimaryIp=_Shape(outputs=("ip_address",)),
        Volume=_Shape(outputs=("linux_device",)),
    )
    remote = _Sdk(
        "command",
        "remote",
        Command=_Shape(
            outputs=("stdout",),
            secret_inputs=("connection",),
            replace_on_changes=("triggers[*]",),
        ),
    )

"""From a stack's configuration and its system file to `Settings`, or to every error at once."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

import services
from config import strict_yaml
from config.environment import (
    AcmeSettings,
    Environment,
    PublicKeys,
    S3Settings,
    ServerSizes,
    ZoneSettings,
)
from config.errors import ConfigError, show, where, word
from config.system import (
    NetworkSettings,
    ServerSettings,
    StackSettings,
    System,
    SystemShape,
    VolumeSettings,
)
from services.kind import ServiceSettings

SYSTEMS = Path(__file__).parent / "systems"
_PREFIX = "estate:"

Shape = TypeVar("Shape", bound=BaseModel)


@dataclass(frozen=True)
class Settings:
    """All that a blueprint is drawn from. `secrets` are the names that have a value."""

    stack: str
    environment: Environment
    system: System
    secrets: frozenset[str]

    @property
    def stack_file(self) -> str:
        return f"Pulumi.{self.stack}.yaml"

    @property
    def system_file(self) -> str:
        return f"config/systems/{self.system.name}.yaml"


def load(
    stack: str,
    values: Mapping[str, Any],
    secret_keys: Collection[str],
    *,
    systems: Path = SYSTEMS,
) -> Settings:
    """Settings of a stack from its configuration (`project:key` to value), or a ConfigError.

    Objects may come as they are in YAML or as the JSON text that the engine hands over.
    """
    place = f"Pulumi.{stack}.yaml"
    secrets = {key.removeprefix(_PREFIX) for key in secret_keys if key.startswith(_PREFIX)}
    plain = {
        key.removeprefix(_PREFIX): _parsed(value)
        for key, value in values.items()
        if key.startswith(_PREFIX) and key not in secret_keys
    }
    findings: list[str] = []
    for key in [key for key in plain if _looks_secret(key)]:
        del plain[key]
        findings.append(
            f"{place} > config > estate:{key}: is not a key; if it is a secret, it stands here "
            f"in the open. Run: pulumi config set -s {stack} --secret estate:{key}"
        )
    environment = _environment(place, plain, findings)
    name = plain.get("system")
    system = None
    if isinstance(name, str):
        system = _system(place, name, systems, findings)
    if findings or environment is None or system is None:
        raise ConfigError(findings)
    return Settings(stack, environment, system, frozenset(secrets))


def _looks_secret(key: str) -> bool:
    # Secrets are named with hyphens, keys with underscores: `dns-ttl` is a slip, not a secret.
    return "-" in key and not get_close_matches(key, Environment.model_fields, n=1)


def _parsed(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _environment(place: str, plain: dict[str, Any], findings: list[str]) -> Environment | None:
    known = {
        "": Environment.model_fields,
        "acme": AcmeSettings.model_fields,
        "s3": S3Settings.model_fields,
        "public_keys": PublicKeys.model_fields,
        **{f"zones/{zone}": ZoneSettings.model_fields for zone in _keys(plain.get("zones"))},
        **{f"servers/{name}": ServerSizes.model_fields for name in _keys(plain.get("servers"))},
    }
    return _validate(Environment, plain, f"{place} > config", known, findings)


def _keys(value: Any) -> Iterable[str]:
    return value.keys() if isinstance(value, dict) else ()


def _validate(
    shape: type[Shape],
    value: Any,
    place: str,
    known: Mapping[str, Iterable[str]],
    findings: list[str],
) -> Shape | None:
    try:
        return shape.model_validate(value)
    except ValidationError as error:
        findings += word(error, place, dict(known))
        return None


def _system(place: str, name: str, systems: Path, findings: list[str]) -> System | None:
    file = systems / f"{name}.yaml"
    label = f"config/systems/{name}.yaml"
    if not file.is_file():
        names = ", ".join(sorted(path.stem for path in systems.glob("*.yaml"))) or "none"
        findings.append(f"{place} > config > estate:system: there is no {label}. Known: {names}.")
        return None
    try:
        raw = strict_yaml.parse(file.read_text())
    except yaml.YAMLError as error:
        findings.append(f"{label}: cannot be read: {' '.join(str(error).split())}.")
        return None
    stacks = raw.get("stacks") if isinstance(raw, dict) else None
    servers = raw.get("servers") if isinstance(raw, dict) else None
    known: dict[str, Iterable[str]] = {
        "": SystemShape.model_fields,
        "network": NetworkSettings.model_fields,
    }
    for server, content in (servers or {}).items() if isinstance(servers, dict) else ():
        known[f"servers/{server}"] = ServerSettings.model_fields
        for volume in _keys(content.get("volumes") if isinstance(content, dict) else None):
            known[f"servers/{server}/volumes/{volume}"] = VolumeSettings.model_fields
    for stack in _keys(stacks):
        known[f"stacks/{stack}"] = StackSettings.model_fields
    shape = _validate(SystemShape, raw, label, known, findings)
    parsed = _services(label, stacks, findings)
    if shape is None:
        return None
    return System(
        name=name,
        network=shape.network,
        servers=shape.servers,
        stack_servers={stack: settings.server for stack, settings in shape.stacks.items()},
        services=parsed,
    )


def _services(
    label: str, stacks: Any, findings: list[str]
) -> dict[str, dict[str, ServiceSettings]]:
    parsed: dict[str, dict[str, ServiceSettings]] = {}
    for stack, content in (stacks or {}).items() if isinstance(stacks, dict) else ():
        entries = content.get("services") if isinstance(content, dict) else None
        parsed[stack] = {}
        for name, raw in (entries or {}).items() if isinstance(entries, dict) else ():
            place = where(label, "stacks", stack, "services", name)
            if name == "secret":
                findings.append(f"{place}: '${{secret.…}}' means a secret. Choose another name.")
            settings = _service(place, raw, findings)
            if settings is not None:
                parsed[stack][name] = settings
    return parsed


def _service(place: str, raw: Any, findings: list[str]) -> ServiceSettings | None:
    if not isinstance(raw, dict) or "kind" not in raw:
        findings.append(f"{place}: 'kind' is missing. Known: {', '.join(services.known())}.")
        return None
    try:
        kind = services.kind(str(raw["kind"]))
    except KeyError:
        names = ", ".join(services.known())
        findings.append(f"{place} > kind: {show(raw['kind'])} is not a service. Known: {names}.")
        return None
    return _validate(kind.Settings, raw, place, {"": kind.Settings.model_fields}, findings)


__all__ = ["Settings", "load"]

"""A stack's settings and blueprint without the engine, from its file alone."""

from __future__ import annotations

from typing import Any

import yaml

from blueprint.draw import draw
from blueprint.parts import Blueprint
from cli.pulumi import ROOT
from config import ConfigError, Settings, load, strict_yaml


def of(stack: str) -> tuple[Settings, Blueprint]:
    """Settings and blueprint of a stack, or a ConfigError."""
    values = read(stack)
    secret = [key for key, value in values.items() if isinstance(value, dict) and "secure" in value]
    settings = load(stack, values, secret)
    return settings, draw(settings)


def read(stack: str) -> dict[str, Any]:
    """The `config` of a stack's file."""
    file = ROOT / f"Pulumi.{stack}.yaml"
    if not file.is_file():
        known = ", ".join(sorted(path.name.split(".")[1] for path in ROOT.glob("Pulumi.*.yaml")))
        raise ConfigError([f"{file.name}: there is no such file. Known stacks: {known}."])
    try:
        content = strict_yaml.parse(file.read_text()) or {}
    except yaml.YAMLError as error:
        text = " ".join(str(error).split())
        raise ConfigError([f"{file.name}: cannot be read: {text}."]) from None
    return dict(content.get("config") or {})

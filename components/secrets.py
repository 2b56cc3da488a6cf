"""Where pieces of text become one: the only place that reads secrets from the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

import pulumi

from blueprint.parts import Secret, Value

_PROJECT = "estate"


def render(value: Value, secrets: Mapping[str, str]) -> str:
    """The text of a value; `secrets` maps names to values. Encodes what stands in a URL."""
    return "".join(
        piece
        if isinstance(piece, str)
        else quote(secrets[piece.name], safe="")
        if piece.encoding == "url"
        else secrets[piece.name]
        for piece in value
    )


def joined(value: Value) -> pulumi.Input[str]:
    """The value as an input: plain text, or a secret output where a secret is part of it."""
    names = sorted({piece.name for piece in value if isinstance(piece, Secret)})
    if not names:
        return render(value, {})
    config = pulumi.Config(_PROJECT)
    secrets = pulumi.Output.all(*(config.require_secret(name) for name in names))
    return secrets.apply(lambda values: render(value, dict(zip(names, values, strict=True))))


def secret(part: Secret) -> pulumi.Output[str]:
    """One secret of the stack's configuration."""
    return pulumi.Config(_PROJECT).require_secret(part.name)

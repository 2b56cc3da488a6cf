"""How services reach each other: references become text in pieces, uses become an order."""

from __future__ import annotations

import re
from collections.abc import Mapping

from blueprint.parts import Offer, Secret, Value

_REFERENCE = re.compile(r"\$\$\{|\$\{([^}]*)(\}?)")
_SECRET = re.compile(r"secret\.[a-z0-9][a-z0-9-]*")


class WiringError(Exception):
    """A reference to nothing; says what was asked for and what there is."""


class StackWiring:
    """The wiring of one service: what it asked for is kept, for the order of starting."""

    def __init__(self, service: str, offers: Mapping[str, Offer]) -> None:
        self._service = service
        self._offers = offers
        self.used: list[str] = []

    def offer(self, service: str) -> Offer:
        if service == self._service:
            raise WiringError(f"'{service}' refers to itself")
        if service not in self._offers:
            raise WiringError(f"'{service}' is no service of this stack. Known: {self._others()}")
        if service not in self.used:
            self.used.append(service)
        return self._offers[service]

    def value(self, template: str) -> Value:
        pieces: list[str | Secret] = []
        position = 0
        for match in _REFERENCE.finditer(template):
            pieces.append(template[position : match.start()])
            position = match.end()
            if match.group(1) is None:
                pieces.append("${")  # `$${` is a plain `${`
            elif not match.group(2):
                raise WiringError(f"'{match.group()}' has no end. Write $${{ for a plain ${{")
            else:
                pieces.extend(self._referred(match.group(1)))
        pieces.append(template[position:])
        return joined(pieces)

    def after(self) -> tuple[str, ...]:
        waits = (self._offers[name].network for name in self.used)
        return tuple(name for name in waits if name is not None)

    def _referred(self, reference: str) -> Value:
        service, _, name = reference.partition(".")
        if service == "secret":
            if not _SECRET.fullmatch(reference):
                raise WiringError(f"'${{{reference}}}' names no secret. Write ${{secret.my-name}}")
            return (Secret(name),)
        values = self.offer(service).values
        if name not in values:
            known = ", ".join(sorted(values)) or "nothing"
            raise WiringError(
                f"'${{{reference}}}': '{service}' does not offer '{name}', but {known}"
            )
        return values[name]

    def _others(self) -> str:
        return ", ".join(sorted(set(self._offers) - {self._service})) or "none"


def joined(pieces: list[str | Secret]) -> Value:
    """The same text with neighbouring plain pieces made one and empty ones left out."""
    result: list[str | Secret] = []
    for piece in pieces:
        if isinstance(piece, str) and result and isinstance(result[-1], str):
            result[-1] += piece
        elif piece != "":
            result.append(piece)
    return tuple(result)

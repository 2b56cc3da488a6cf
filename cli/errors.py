"""How the command line tells what a user can mend: in red, whole, without a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.markup import escape

from cli.pulumi import PulumiFailed
from config import ConfigError

_errors = Console(stderr=True, highlight=False, soft_wrap=True)


@contextmanager
def readable_errors(*more: type[Exception]) -> Iterator[None]:
    """Ends the command with exit code 1 for a wrong configuration, a failed `pulumi`, or `more`."""
    told: tuple[type[Exception], ...] = (ConfigError, PulumiFailed, *more)
    try:
        yield
    except told as error:
        _errors.print(escape(str(error)), style="red")
        raise typer.Exit(1) from None

"""`estate sandbox`: the local cloud, and the stack that is rehearsed in it."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli import pulumi, rehearsal
from cli.errors import readable_errors
from sandbox import control
from sandbox.connection import Connection
from sandbox.home import SandboxError

app = typer.Typer(no_args_is_help=True, help=__doc__)
_output = Console(highlight=False, soft_wrap=True)

Progress = Callable[[str], None]
_TABLE_WIDTH = 120


def progress() -> Progress:
    """Prints each step with the time since the first: what, and how long so far."""
    started = time.monotonic()

    def say(text: str) -> None:
        _output.print(f"[dim]{time.monotonic() - started:7.1f} s[/dim]  {escape(text)}")
        sys.stdout.flush()

    return say


@app.command()
def start() -> None:
    """Start the local cloud: Hetzner's and Cloudflare's APIs, DNS, ACME, S3, a registry."""
    with readable_errors(SandboxError, rehearsal.NotReached):
        connection = control.start(pulumi.ROOT, progress())
    _output.print(f"Hetzner at {connection.hetzner_endpoint}")
    _output.print(f"Cloudflare at {connection.cloudflare_base_url}")


@app.command()
def stop() -> None:
    """Stop the local cloud; servers, volumes, records and certificates are kept."""
    with readable_errors(SandboxError, rehearsal.NotReached):
        control.stop(pulumi.ROOT, progress())


@app.command()
def reset(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove the local cloud of this clone with everything in it."""
    if not yes:
        typer.confirm(
            "Every server, volume and record of the local cloud goes. Continue?", abort=True
        )
    with readable_errors(SandboxError, rehearsal.NotReached):
        control.reset(pulumi.ROOT, progress())


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show each part of the local cloud: whether it answers, and where."""
    with readable_errors(SandboxError, rehearsal.NotReached):
        parts = control.status(pulumi.ROOT)
    if as_json:
        typer.echo(json.dumps([vars(part) for part in parts], indent=2))
    else:
        # Never cut: an address that ends in dots helps nobody.
        table = Table(box=None)
        for heading in ("part", "state", "address", "since"):
            table.add_column(heading, no_wrap=True, overflow="ignore")
        for part in parts:
            colour = "green" if part.healthy else "red"
            table.add_row(part.name, f"[{colour}]{part.state}[/]", part.address, part.since)
        Console(highlight=False, width=max(_output.width, _TABLE_WIDTH)).print(table)
    if not all(part.healthy for part in parts):
        raise typer.Exit(1)


@app.command()
def logs(
    part: Annotated[str | None, typer.Argument(help="A part or a server; all without.")] = None,
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, max=10_000)] = 100,
) -> None:
    """Show what a part of the local cloud, or a server's console, said last."""
    with readable_errors(SandboxError, rehearsal.NotReached):
        typer.echo(control.logs(pulumi.ROOT, part, lines))


@app.command()
def connect(
    stack: Annotated[str, typer.Option("--stack", "-s", help="The stack to join.")] = "dev",
) -> None:
    """Write the local cloud's addresses and tokens into a stack, and make the secrets it lacks."""
    with readable_errors(SandboxError, rehearsal.NotReached):
        _connect(stack, control.connection(pulumi.ROOT), progress())


def _connect(stack: str, connection: Connection, say: Progress) -> None:
    pulumi.prepare()
    pulumi.ensure_stack(stack)
    written = rehearsal.connect(stack, connection)
    made = rehearsal.secrets(stack)
    if written or made:
        say(f"    written into Pulumi.{stack}.yaml: {', '.join([*written, *made])}")


@app.command()
def up(
    stack: Annotated[str, typer.Option("--stack", "-s", help="The stack to rehearse.")] = "dev",
) -> None:
    """Start the local cloud and bring a stack up in it: what `make up` runs."""
    say = progress()
    with readable_errors(SandboxError, rehearsal.NotReached):
        say("1/4 the local cloud")
        connection = control.start(pulumi.ROOT, say)
        say(f"2/4 the stack '{stack}': addresses, tokens, secrets")
        _connect(stack, connection, say)
        say(f"3/4 pulumi up -s {stack}")
        pulumi.run(
            "up", "-s", stack, "--yes", "--skip-preview", "--color", _colour(), capture=False
        )
        say("4/4 does it answer?")
        answers = rehearsal.reach(stack, connection)
    for answer in answers:
        _output.print(
            f"\n[green]{answer.url}[/green] answers {answer.status}: {escape(answer.body)}"
        )
        _output.print(f"  {escape(answer.curl)}")
    _output.print('\nFor `pulumi` itself:  eval "$(bin/estate env)"')


@app.command()
def down(
    stack: Annotated[str, typer.Option("--stack", "-s", help="The stack to destroy.")] = "dev",
) -> None:
    """Destroy a stack in the local cloud; what is protected stays and is named."""
    with readable_errors(SandboxError, rehearsal.NotReached):
        kept = rehearsal.leave(stack)
    if kept:
        _output.print("\nKept, because it is protected:")
        for name in kept:
            _output.print(f"  {escape(name)}")
        _output.print("To give up its data: set `protect: false`, pulumi up, pulumi destroy.")


def _colour() -> str:
    return "always" if sys.stdout.isatty() else "never"

"""The commands of `estate`."""

from __future__ import annotations

import json
import os
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from shlex import quote
from typing import Annotated

import typer
from rich.console import Console

from blueprint.checks import check as check_blueprint
from cli import blueprints, pulumi, secret_values
from cli.errors import readable_errors
from config import ConfigError
from config.schema import stack_schema, system_schema

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
secrets_app = typer.Typer(no_args_is_help=True, help="The secrets of a stack.")
app.add_typer(secrets_app, name="secrets")
if find_spec("docker") and find_spec("uvicorn"):
    # The local cloud's own packages (requirements-dev.txt) are not on every machine.
    app.add_typer(import_module("cli.local_cloud").app, name="sandbox")

Stack = Annotated[str, typer.Option("--stack", "-s", help="The stack, such as dev or prod.")]
_output = Console(highlight=False, soft_wrap=True)


@app.command()
def env() -> None:
    """Print what a shell needs for `pulumi`: eval "$(bin/estate env)"."""
    pulumi.prepare()
    for name, value in pulumi.variables(os.environ).items():
        typer.echo(f"export {name}={quote(value)}")


@app.command()
def check(stack: Stack) -> None:
    """Check a stack's configuration without the engine, in a moment."""
    with readable_errors():
        settings, blueprint = blueprints.of(stack)
        findings = check_blueprint(settings, blueprint)
        if findings:
            raise ConfigError(findings)
    containers = sum(len(part.containers) for part in blueprint.stacks)
    _output.print(
        f"{stack}: {blueprint.system} on {len(blueprint.servers)} server(s), "
        f"{containers} containers, {len(blueprint.records)} DNS records. All checks pass."
    )


@app.command()
def schema(
    folder: Annotated[Path, typer.Argument(help="Where the two files go.")] = pulumi.ROOT
    / "docs"
    / "schema",
) -> None:
    """Write the JSON Schemas of stack and system files, for editors."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in (("stack", stack_schema()), ("system", system_schema())):
        file = folder / f"{name}.json"
        file.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")
        _output.print(f"wrote {file}")


@secrets_app.command("init")
def secrets_init(stack: Stack) -> None:
    """Make every secret that the stack lacks, encrypted into its file; existing ones stay."""
    pulumi.prepare()
    with readable_errors():
        pulumi.ensure_stack(stack)
        result = secret_values.init(stack)
    for name in result.made:
        _output.print(f"made   {name}")
    for name in result.kept:
        _output.print(f"kept   {name}")
    for name in result.given:
        command = f"pulumi config set -s {stack} --secret estate:{name}"
        _output.print(f"yours  {name}: only its issuer knows it. Run: {command}")

"""`python -m cli` is the command `estate`."""

from cli.main import app

app(prog_name="estate")

"""Measures in a clone of its own with a local cloud of its own, and writes the figures."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.bench import floor
from tests.bench.measure import Figure, Run, in_turn, once
from tests.components.program import configuration
from tests.end_to_end.clone import ROOT, Clone

TIMES = int(os.environ.get("BENCH_TIMES", "5"))
UPS = int(os.environ.get("BENCH_UPS", "3"))
_PYTHON = str(ROOT / ".venv" / "bin" / "python")
_EMPTY = """name: empty
runtime: {{name: python, options: {{toolchain: pip, virtualenv: {venv}}}}}
"""


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def evaluation(folder: Path) -> dict[str, Figure]:
    """The program against an empty one, both without an engine."""
    values = folder / "values.json"
    values.write_text(json.dumps(configuration("dev")))

    def run(which: str) -> Callable[[], Run]:
        command = [_PYTHON, "-m", "tests.bench.evaluate", which, str(values)]
        variables = {**os.environ, "PYTHONPATH": str(ROOT)}
        return lambda: once(command, folder, variables)

    return in_turn({"empty program": run("empty"), "our program": run("ours")}, 2 * TIMES, say)


def previews(clone: Clone, folder: Path) -> dict[str, Figure]:
    """A preview that finds nothing to do, against that of an empty program."""
    variables = clone.environment()
    empty = folder / "empty"
    empty.mkdir()
    (empty / "Pulumi.yaml").write_text(_EMPTY.format(venv=ROOT / ".venv"))
    (empty / "__main__.py").write_text('"""Nothing."""\n\nimport pulumi\n\npulumi.export("a", 1)\n')
    command = ["pulumi", "preview", "-s", "dev"]
    once(["pulumi", "stack", "init", "dev"], empty, variables)
    once(["pulumi", "up", "-s", "dev", "--yes"], empty, variables)
    return in_turn(
        {
            "preview, empty program": lambda: once(command, empty, variables),
            "preview, no changes": lambda: once(command, clone.folder, variables),
        },
        TIMES,
        say,
    )


def ups(clone: Clone) -> dict[str, Figure]:
    """`pulumi up` from nothing with warm images, against what the containers alone take."""
    variables = clone.environment()
    up = ["pulumi", "up", "-s", "dev", "--yes", "--skip-preview"]

    def from_nothing() -> Run:
        clone.run("estate", "sandbox", "down", "-s", "dev")
        return once(up, clone.folder, variables)

    return in_turn({"floor": lambda: floor.run(clone), "up from nothing": from_nothing}, UPS, say)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="estate-bench-") as name:
        folder = Path(name)
        say("program evaluation")
        figures = evaluation(folder)
        (folder / "clone").mkdir()
        clone = Clone(folder / "clone")
        try:
            say("the local cloud, and the first up")
            clone.run("estate", "sandbox", "up", "-s", "dev")
            say("previews")
            figures |= previews(clone, folder)
            say("ups")
            figures |= ups(clone)
        finally:
            clone.run("estate", "sandbox", "reset", "--yes")
    print(table(figures))


def table(figures: dict[str, Figure]) -> str:
    """Markdown: figures first, then the ratios that count."""
    lines = ["| | median s | fastest | slowest | largest process MB |", "|---|---|---|---|---|"]
    lines += [
        f"| {f.name} | {f.seconds:.2f} | {f.fastest:.2f} | {f.slowest:.2f} | {f.peak_mb:.0f} |"
        for f in figures.values()
    ]
    lines += ["", "| ratio of medians | |", "|---|---|"]
    for over, under in (
        ("our program", "empty program"),
        ("preview, no changes", "preview, empty program"),
        ("up from nothing", "floor"),
    ):
        ratio = figures[over].seconds / figures[under].seconds
        lines.append(f"| {over} / {under} | {ratio:.2f} |")
    cores = len(os.sched_getaffinity(0))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    lines += ["", f"Machine: {cores} cores, {memory:.0f} GB, Python {sys.version.split()[0]}."]
    return "\n".join(lines)


if __name__ == "__main__":
    main()

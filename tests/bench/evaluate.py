"""One evaluation of a program without an engine: `python -m tests.bench.evaluate ours|empty`."""

from __future__ import annotations

import asyncio
import json
import os
import runpy
import sys
from pathlib import Path
from typing import Any

import pulumi
import pulumi.runtime
from pulumi.runtime.stack import run_pulumi_func

ROOT = Path(__file__).resolve().parents[2]


class Silent(pulumi.runtime.Mocks):
    """Answers at once with what was asked."""

    def new_resource(
        self, args: pulumi.runtime.MockResourceArgs
    ) -> tuple[str | None, dict[str, Any]]:
        answers = {"ipAddress": "198.18.0.10", "linuxDevice": "/dev/sdb", "stdout": ""}
        return "1", {**answers, **args.inputs}

    def call(
        self, args: pulumi.runtime.MockCallArgs
    ) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        return {"zoneId": "0" * 32}, []


def main(which: str, values_file: str) -> None:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    values = json.loads(Path(values_file).read_text())
    texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in values.items()}
    secret = [key for key in texts if not isinstance(values[key], dict)]
    os.environ["PULUMI_CONFIG"] = json.dumps(texts)
    os.environ["PULUMI_CONFIG_SECRET_KEYS"] = json.dumps(
        [key for key in secret if key not in ("estate:system",)]
    )
    pulumi.runtime.set_all_config(texts)
    pulumi.runtime.set_mocks(Silent(), project="estate", stack="dev")

    def program() -> None:
        if which == "ours":
            runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")

    loop.run_until_complete(run_pulumi_func(program))
    loop.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])

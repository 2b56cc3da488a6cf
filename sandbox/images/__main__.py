"""`python -m sandbox.images`: build what is missing and list what there is."""

from __future__ import annotations

import sys

from sandbox import engine
from sandbox.home import SandboxError
from sandbox.images.build import build_all


def main() -> int:
    try:
        client = engine.ensure_docker(print)
        for name, tag in build_all(client, print).items():
            print(f"{name:16} {tag}")
    except SandboxError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

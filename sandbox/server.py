"""Starts the local cloud: `python -m sandbox.server --home .estate/sandbox --port 18080`."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

from sandbox import api
from sandbox.cloud import ApiDate
from sandbox.dns import Dns
from sandbox.machines import Machines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument(
        "--api-date",
        type=date.fromisoformat,
        default=ApiDate().today,
        help="which of Hetzner's announced changes have happened (default: %(default)s)",
    )
    options = parser.parse_args()
    home = options.home
    cloud = api.open_cloud(home, Machines(home), Dns(home), ApiDate(options.api_date))
    api.serve(cloud, options.port)


if __name__ == "__main__":
    main()

"""The local cloud's real server, on fake machines: `python -m … HOME PORT`."""

from __future__ import annotations

import sys
from pathlib import Path

from sandbox import api
from sandbox.cloud import ApiDate
from tests.sandbox.api.fakes import FakeDns, FakeMachines

if __name__ == "__main__":
    home = Path(sys.argv[1])
    cloud = api.open_cloud(home, FakeMachines(home), FakeDns(home), ApiDate())
    api.serve(cloud, int(sys.argv[2]))

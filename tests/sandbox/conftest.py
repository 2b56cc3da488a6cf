"""One local cloud for all tests that need containers, in its own folder, removed at the end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sandbox.ground import Ground


@pytest.fixture(scope="session")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    ground = Ground(tmp_path_factory.mktemp("ground"))
    try:
        ground.start()
        yield ground
    finally:
        ground.reset()


@pytest.fixture(scope="session")
def two_grounds(
    ground: Ground, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Ground, Ground]]:
    other = Ground(tmp_path_factory.mktemp("other"))
    try:
        other.start()
        yield ground, other
    finally:
        other.reset()

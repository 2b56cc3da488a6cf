"""The whole program, resource by resource, without an engine."""

from __future__ import annotations

import pytest

from tests.components import program


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> program.Registered:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("run"))
        return program.run("dev", program.configuration("dev"), patch).resources


def test_the_database_is_not_published(made: program.Registered) -> None:
    assert made[("docker:index/container:Container", "predrive-db")]["ports"] == []

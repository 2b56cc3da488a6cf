"""The four runs of the program, each made once: dev and prod, with nothing there and with all."""

from __future__ import annotations

import pytest

from tests.components.program import Recorder, configuration, run


def _recorded(stack: str, factory: pytest.TempPathFactory, *, preview: bool) -> Recorder:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(factory.mktemp("run"))
        return run(stack, configuration(stack), patch, preview=preview)


@pytest.fixture(scope="session")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Recorder:
    """`pulumi up -s dev`."""
    return _recorded("dev", tmp_path_factory, preview=False)


@pytest.fixture(scope="session")
def prod(tmp_path_factory: pytest.TempPathFactory) -> Recorder:
    """`pulumi up -s prod`."""
    return _recorded("prod", tmp_path_factory, preview=False)


@pytest.fixture(scope="session")
def dev_preview(tmp_path_factory: pytest.TempPathFactory) -> Recorder:
    """`pulumi preview -s dev` before the first `up`."""
    return _recorded("dev", tmp_path_factory, preview=True)


@pytest.fixture(scope="session")
def prod_preview(tmp_path_factory: pytest.TempPathFactory) -> Recorder:
    """`pulumi preview -s prod` before the first `up`."""
    return _recorded("prod", tmp_path_factory, preview=True)


@pytest.fixture(params=["dev", "prod", "dev_preview", "prod_preview"])
def made(request: pytest.FixtureRequest) -> Recorder:
    """Each of the four."""
    recorder: Recorder = request.getfixturevalue(request.param)
    return recorder

"""Our light classes ask for the same as the providers' own, which take seconds to import."""

from __future__ import annotations

import importlib
import subprocess
import sys
import warnings
from dataclasses import replace
from typing import Any

import pytest

from components import sdk
from tests.components.program import ROOT, Recorder, Secret, configuration, run

SDKS = {
    "hcloud": "pulumi_hcloud",
    "docker": "pulumi_docker",
    "cloudflare": "pulumi_cloudflare",
    "remote": "pulumi_command.remote",
}


@pytest.fixture(scope="module")
def by_the_sdks(tmp_path_factory: pytest.TempPathFactory) -> Recorder:
    """The dev stack, asked for through the providers' own classes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("run"))
        modules = [m for n, m in sys.modules.items() if n.startswith("components.")]
        for name, package in SDKS.items():
            ours = getattr(sdk, name)
            with warnings.catch_warnings():
                # An SDK builds its deprecated classes while it is imported.
                warnings.simplefilter("ignore", DeprecationWarning)
                theirs = importlib.import_module(package)
            for module in modules:
                if vars(module).get(name) is ours:
                    patch.setattr(module, name, theirs)
        return run("dev", configuration("dev"), patch)


def test_the_sdks_ask_for_the_same_resources(dev: Recorder, by_the_sdks: Recorder) -> None:
    assert dev.requests.keys() == by_the_sdks.requests.keys()
    for key, request in dev.requests.items():
        theirs = by_the_sdks.requests[key]
        assert request == replace(theirs, inputs=without_port(theirs.inputs)), key


def test_the_program_imports_no_sdk() -> None:
    imports = "from components import dns, foundation, outputs, server, stack, volume"
    told = "; print([n for n in sys.modules if n.startswith('pulumi_')])"
    result = subprocess.run(
        [sys.executable, "-c", f"import sys; {imports}{told}"],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout == "[]\n"


def without_port(inputs: dict[str, Any]) -> dict[str, Any]:
    """The SDK says SSH's usual port, which is the provider's own default."""
    connection = inputs.get("connection")
    if not isinstance(connection, Secret):
        return inputs
    assert connection.value["port"] == 22
    rest = {key: value for key, value in connection.value.items() if key != "port"}
    return {**inputs, "connection": Secret(rest)}

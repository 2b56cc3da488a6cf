"""The language host speaks the engine's protocol and starts programs in their own interpreter."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]
import pytest
from google.protobuf import empty_pb2, struct_pb2  # type: ignore[import-untyped]
from pulumi.runtime.proto import language_pb2, language_pb2_grpc

from toolchain import language_host

# Stands in for the exec script: shows what it was given, then ends as the program file says.
SCRIPT = """
import json, os, sys, time
folder = sys.argv[sys.argv.index("--pwd") + 1]
seen = {"argv": sys.argv[1:], "config": os.environ["PULUMI_CONFIG"],
        "secret": os.environ["PULUMI_CONFIG_SECRET_KEYS"], "venv": os.environ.get("VIRTUAL_ENV")}
open(os.path.join(folder, "seen.json"), "w").write(json.dumps(seen))
exec(open(os.path.join(folder, "__main__.py")).read())
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "exec.py").write_text(SCRIPT)
    (tmp_path / ".venv").symlink_to(Path(sys.prefix))
    return tmp_path


@pytest.fixture
def host(folder: Path) -> Iterator[Any]:
    server, port = language_host.serve(
        language_host.LanguageHost("127.0.0.1:1", str(folder / "exec.py"))
    )
    channel = grpc.insecure_channel(f"127.0.0.1:{port}")
    yield language_pb2_grpc.LanguageRuntimeStub(channel)
    channel.close()
    server.stop(grace=0)


def info(folder: Path, **options: str) -> language_pb2.ProgramInfo:
    given = struct_pb2.Struct()
    given.update(options)
    return language_pb2.ProgramInfo(
        root_directory=str(folder), program_directory=str(folder), entry_point=".", options=given
    )


def run(host: Any, folder: Path, program: str, **options: str) -> language_pb2.RunResponse:
    (folder / "__main__.py").write_text(program)
    request = language_pb2.RunRequest(
        project="p", stack="dev", pwd=str(folder), program=".", parallel=4, dryRun=True,
        monitor_address="127.0.0.1:2", organization="org", config={"p:size": "3", "p:key": "k"},
        configSecretKeys=["p:key"], info=info(folder, **(options or {"virtualenv": ".venv"})),
    )  # fmt: skip
    answer: language_pb2.RunResponse = host.Run(request)
    return answer


def test_a_program_gets_the_flags_and_the_configuration_of_its_run(host: Any, folder: Path) -> None:
    assert run(host, folder, "sys.exit(0)") == language_pb2.RunResponse()
    seen = json.loads((folder / "seen.json").read_text())
    assert seen == {
        "argv": [
            "--monitor", "127.0.0.1:2", "--engine", "127.0.0.1:1", "--project", "p",
            "--root_directory", str(folder), "--stack", "dev", "--pwd", str(folder),
            "--dry_run", "true", "--parallel", "4", "--organization", "org", ".",
        ],
        "config": '{"p:key": "k", "p:size": "3"}',
        "secret": '["p:key"]',
        "venv": str(folder / ".venv"),
    }  # fmt: skip


def test_the_handshake_gives_the_engines_address(host: Any, folder: Path) -> None:
    host.Handshake(language_pb2.LanguageHandshakeRequest(engine_address="127.0.0.1:9"))
    run(host, folder, "sys.exit(0)")
    assert '"--engine", "127.0.0.1:9"' in (folder / "seen.json").read_text()


@pytest.mark.parametrize(
    ("program", "answer"),
    [
        ("sys.exit(32)", language_pb2.RunResponse(bail=True)),
        (
            "sys.exit(3)",
            language_pb2.RunResponse(error="Program exited with non-zero exit code: 3"),
        ),
        (
            "os.kill(os.getpid(), 9)",
            language_pb2.RunResponse(error="Program was ended by the signal SIGKILL"),
        ),
    ],
)
def test_a_program_that_ends_badly_is_reported_once(
    host: Any, folder: Path, program: str, answer: language_pb2.RunResponse
) -> None:
    assert run(host, folder, program) == answer


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"virtualenv": "venv"},
            "Pulumi.yaml > runtime > options > virtualenv: there is no Python at "
            "{folder}/venv/bin/python. Run: pulumi install",
        ),
        (
            {"toolchain": "poetry"},
            "Pulumi.yaml > runtime > options > toolchain: got 'poetry'. Known: pip, uv.",
        ),
        (
            {"typechecker": "mypy"},
            "Pulumi.yaml > runtime > options > typechecker: this language host does not know it. "
            "Known: toolchain, virtualenv.",
        ),
    ],
)
def test_an_option_that_cannot_be_followed_is_refused_by_name(
    host: Any, folder: Path, options: dict[str, str], sentence: str
) -> None:
    assert run(host, folder, "", **options).error == sentence.format(folder=folder)


def test_the_installed_packages_name_their_plugins(host: Any, folder: Path) -> None:
    request = language_pb2.GetRequiredPackagesRequest(info=info(folder, virtualenv=".venv"))
    found = {one.name: one.version for one in host.GetRequiredPackages(request).packages}
    pins = (Path(__file__).resolve().parents[2] / "requirements.txt").read_text()
    assert found == {
        name: f"v{version}" for name, version in re.findall(r"(?m)^pulumi-(\w+)==([\d.]+)", pins)
    }


def test_the_interpreter_and_the_dependencies_are_the_programs(host: Any, folder: Path) -> None:
    about = host.About(language_pb2.AboutRequest(info=info(folder, virtualenv=".venv")))
    assert about.executable == str(folder / ".venv" / "bin" / "python")
    assert about.version == ".".join(map(str, sys.version_info[:3]))
    request = language_pb2.GetProgramDependenciesRequest(info=info(folder, virtualenv=".venv"))
    listed = {one.name: one.version for one in host.GetProgramDependencies(request).dependencies}
    assert listed["pulumi"] == host.GetPluginInfo(empty_pb2.Empty()).version


def test_a_cancel_ends_the_program(host: Any, folder: Path) -> None:
    answers: list[language_pb2.RunResponse] = []
    thread = threading.Thread(target=lambda: answers.append(run(host, folder, "time.sleep(60)")))
    thread.start()
    while not (folder / "seen.json").exists():
        time.sleep(0.02)
    host.Cancel(empty_pb2.Empty())
    thread.join()
    assert answers == [language_pb2.RunResponse(error="Program was ended by the signal SIGTERM")]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_the_host_without_a_word(folder: Path, number: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-P", language_host.__file__, "--executor", "exec.py", "127.0.0.1:1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ},
    )
    assert process.stdout is not None
    assert int(process.stdout.readline()) > 0
    process.send_signal(number)
    _, complaint = process.communicate()
    assert (process.returncode, complaint) == (0, "")


def test_a_host_whose_engine_is_killed_ends_too(folder: Path) -> None:
    command = [sys.executable, "-P", str(language_host.__file__), "--executor", "exec.py"]
    engine = subprocess.Popen(
        [sys.executable, "-c", f"import subprocess; subprocess.run({command!r})"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert engine.stdout is not None
    assert int(engine.stdout.readline()) > 0
    engine.kill()
    # The host holds the other end: this ends when it does.
    assert engine.stdout.read() == ""

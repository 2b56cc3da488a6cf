"""The language host: starts Python programs for the engine, in the interpreter they name."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]
from google.protobuf import empty_pb2  # type: ignore[import-untyped]
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

# The exec script's way to say "I have told the user already".
EXIT_BAIL = 32
OPTIONS = {"virtualenv", "toolchain"}
PARENT_SECONDS = 1.0
# What the engine's own servers allow: stack configurations and dependency lists can be large.
MESSAGE_BYTES = 400 * 1024 * 1024

# Run inside the program's interpreter: where it keeps packages, and which it has.
FOLDER = "import sysconfig; print(sysconfig.get_path('purelib'))"
PACKAGES = """
import importlib.metadata, json
found = [(d.metadata["Name"], d.version) for d in importlib.metadata.distributions()]
print(json.dumps(sorted(found, key=lambda one: one[0].lower())))
"""


class ProgramError(Exception):
    """Says in the user's words why a program cannot be started."""


def options_of(info: language_pb2.ProgramInfo) -> dict[str, str]:
    """The runtime options of Pulumi.yaml; an option that nothing here obeys is refused by name."""
    options = {name: str(value) for name, value in dict(info.options).items() if value is not None}
    if unknown := sorted(set(options) - OPTIONS):
        raise ProgramError(
            f"Pulumi.yaml > runtime > options > {unknown[0]}: this language host does not know it. "
            f"Known: {', '.join(sorted(OPTIONS))}."
        )
    if options.get("toolchain", "pip") not in ("pip", "uv"):
        raise ProgramError(
            f"Pulumi.yaml > runtime > options > toolchain: got {options['toolchain']!r}. "
            "Known: pip, uv."
        )
    return options


def environment_folder(info: language_pb2.ProgramInfo) -> Path | None:
    """The virtual environment that Pulumi.yaml names; uv has one without being told."""
    options = options_of(info)
    named = options.get("virtualenv") or (".venv" if options.get("toolchain") == "uv" else "")
    return Path(info.root_directory or ".") / named if named else None


def interpreter(info: language_pb2.ProgramInfo) -> str:
    folder = environment_folder(info)
    if folder is None:
        return shutil.which("python3") or sys.executable
    python = folder / "bin" / "python"
    if not python.exists():
        raise ProgramError(
            f"Pulumi.yaml > runtime > options > virtualenv: there is no Python at {python}. "
            "Run: pulumi install"
        )
    return str(python)


def child_environment(info: language_pb2.ProgramInfo) -> dict[str, str]:
    environment = dict(os.environ)
    # Prints must reach the user while the program runs, not when it ends.
    environment["PYTHONUNBUFFERED"] = "1"
    if folder := environment_folder(info):
        environment["VIRTUAL_ENV"] = str(folder)
        environment["PATH"] = f"{folder / 'bin'}{os.pathsep}{environment.get('PATH', '')}"
        environment.pop("PYTHONHOME", None)
    return environment


def ask(info: language_pb2.ProgramInfo, question: str) -> str:
    """What the program's interpreter prints when it runs these lines."""
    python = interpreter(info)
    answer = subprocess.run(
        [python, "-c", question],
        capture_output=True,
        text=True,
        check=False,
        env=child_environment(info),
    )
    if answer.returncode != 0:
        last = (answer.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise ProgramError(f"{python}: could not be asked for its packages: {last}")
    return answer.stdout.strip()


def plugins_of(site_packages: list[Path]) -> list[plugin_pb2.PackageDependency]:
    """What the installed packages' pulumi-plugin.json files ask for."""
    wanted = []
    for file in sorted(
        one for folder in site_packages for one in folder.glob("*/pulumi-plugin.json")
    ):
        plugin = json.loads(file.read_text())
        if plugin.get("resource"):
            wanted.append(
                plugin_pb2.PackageDependency(
                    name=plugin.get("name") or file.parent.name.removeprefix("pulumi_"),
                    kind="resource",
                    version="v" + str(plugin.get("version", "")).removeprefix("v"),
                    server=plugin.get("server", ""),
                )
            )
    return wanted


def site_packages_of(info: language_pb2.ProgramInfo) -> list[Path]:
    interpreter(info)  # refuses a missing environment
    if folder := environment_folder(info):
        return sorted(folder.glob("lib/python3*/site-packages"))
    return [Path(ask(info, FOLDER))]


def run_command(
    python: str, script: str, engine: str, request: language_pb2.RunRequest
) -> list[str]:
    flags = {
        "monitor": request.monitor_address,
        "engine": engine,
        "project": request.project,
        "root_directory": request.info.root_directory,
        "stack": request.stack,
        "pwd": request.pwd,
        "dry_run": "true" if request.dryRun else "false",
        "parallel": str(request.parallel),
        "organization": request.organization,
    }
    given = [word for name, value in flags.items() if value for word in (f"--{name}", value)]
    return [python, "-u", script, *given, request.program or ".", *request.args]


def run_environment(request: language_pb2.RunRequest) -> dict[str, str]:
    environment = child_environment(request.info)
    environment["PULUMI_CONFIG"] = json.dumps(dict(request.config), sort_keys=True)
    environment["PULUMI_CONFIG_SECRET_KEYS"] = json.dumps(list(request.configSecretKeys))
    return environment


def verdict(code: int) -> language_pb2.RunResponse:
    if code == 0:
        return language_pb2.RunResponse()
    if code == EXIT_BAIL:
        return language_pb2.RunResponse(bail=True)
    if code < 0:
        name = signal.Signals(-code).name
        return language_pb2.RunResponse(error=f"Program was ended by the signal {name}")
    return language_pb2.RunResponse(error=f"Program exited with non-zero exit code: {code}")


class Children:
    """The processes under way, so that an interrupt ends them too."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()

    def start(self, command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        process: subprocess.Popen[bytes] = subprocess.Popen(command, **options)
        with self._lock:
            self._running.add(process)
        return process

    def finish(self, process: subprocess.Popen[bytes]) -> int:
        code = process.wait()
        with self._lock:
            self._running.discard(process)
        return code

    def end(self) -> None:
        with self._lock:
            for process in self._running:
                if process.poll() is None:
                    process.terminate()


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """`LanguageRuntime` as programs need it; the calls for plugins and SDKs are UNIMPLEMENTED."""

    def __init__(self, engine: str, script: str) -> None:
        self.engine = engine
        self.script = script
        self.children = Children()

    def Handshake(
        self, request: language_pb2.LanguageHandshakeRequest, context: grpc.ServicerContext
    ) -> language_pb2.LanguageHandshakeResponse:
        self.engine = request.engine_address or self.engine
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(
        self, request: empty_pb2.Empty, context: grpc.ServicerContext
    ) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=importlib.metadata.version("pulumi"))

    def GetRequiredPackages(
        self, request: language_pb2.GetRequiredPackagesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetRequiredPackagesResponse:
        with refusing(context):
            wanted = plugins_of(site_packages_of(request.info))
            return language_pb2.GetRequiredPackagesResponse(packages=wanted)

    def RuntimeOptionsPrompts(
        self, request: language_pb2.RuntimeOptionsRequest, context: grpc.ServicerContext
    ) -> language_pb2.RuntimeOptionsResponse:
        return language_pb2.RuntimeOptionsResponse()

    def About(
        self, request: language_pb2.AboutRequest, context: grpc.ServicerContext
    ) -> language_pb2.AboutResponse:
        with refusing(context):
            return language_pb2.AboutResponse(
                executable=interpreter(request.info),
                version=ask(request.info, "import platform; print(platform.python_version())"),
            )

    def GetProgramDependencies(
        self, request: language_pb2.GetProgramDependenciesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetProgramDependenciesResponse:
        with refusing(context):
            listed = [
                language_pb2.DependencyInfo(name=name, version=version)
                for name, version in json.loads(ask(request.info, PACKAGES))
            ]
            return language_pb2.GetProgramDependenciesResponse(dependencies=listed)

    def InstallDependencies(
        self, request: language_pb2.InstallDependenciesRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.InstallDependenciesResponse]:
        with refusing(context):
            folder = environment_folder(request.info)
            steps = []
            if folder and not (folder / "bin" / "python").exists():
                steps.append([sys.executable, "-m", "venv", str(folder)])
            python = str(folder / "bin" / "python") if folder else sys.executable
            if (Path(request.directory) / "requirements.txt").exists():
                steps.append([python, "-m", "pip", "install", "-r", "requirements.txt"])
        for step in steps:
            process = self.children.start(
                step, cwd=request.directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            )
            for line in process.stdout or ():
                yield language_pb2.InstallDependenciesResponse(stdout=line)
            if code := self.children.finish(process):
                context.abort(
                    grpc.StatusCode.INTERNAL, f"{' '.join(step)}: ended with exit code {code}"
                )

    def Run(
        self, request: language_pb2.RunRequest, context: grpc.ServicerContext
    ) -> language_pb2.RunResponse:
        try:
            python = interpreter(request.info)
            process = self.children.start(
                run_command(python, self.script, self.engine, request),
                cwd=request.pwd or None,
                env=run_environment(request),
            )
        except (ProgramError, OSError) as problem:
            return language_pb2.RunResponse(error=str(problem))
        # The engine gave up on the call: the program must not go on without it.
        context.add_callback(process.terminate)
        return verdict(self.children.finish(process))

    def Cancel(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> empty_pb2.Empty:
        self.children.end()
        return empty_pb2.Empty()


class refusing:
    """Turns a ProgramError into the call's own failure, so that the user reads its sentence."""

    def __init__(self, context: grpc.ServicerContext) -> None:
        self._context = context

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, problem: object, trace: object) -> None:
        if isinstance(problem, ProgramError):
            self._context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(problem))


def serve(host: LanguageHost) -> tuple[grpc.Server, int]:
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=8),
        options=[
            ("grpc.max_receive_message_length", MESSAGE_BYTES),
            ("grpc.max_send_message_length", MESSAGE_BYTES),
        ],
    )
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def main() -> int:
    parser = argparse.ArgumentParser(prog="pulumi-language-python")
    parser.add_argument("--executor", required=True, help="the script that runs a program")
    parser.add_argument("engine", nargs="?", default="", help="the engine's gRPC address")
    # The engine may pass logging and tracing flags; they change nothing here.
    arguments, _ = parser.parse_known_args()
    host = LanguageHost(arguments.engine, arguments.executor)
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    server, port = serve(host)
    print(port, flush=True)
    engine = os.getppid()
    # An engine that is killed tells nobody; its host and program must not stay behind.
    while not ended.wait(PARENT_SECONDS) and os.getppid() == engine:
        pass
    host.children.end()
    server.stop(grace=1).wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())

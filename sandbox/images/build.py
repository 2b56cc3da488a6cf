"""Builds the images that are missing, parents first, two at a time."""

from __future__ import annotations

import fcntl
import io
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import docker

from sandbox.home import SandboxError
from sandbox.images import base_system, host
from sandbox.images.catalogue import Recipe, recipes, tag

Progress = Callable[[str], None]


class BuildError(SandboxError):
    """An image could not be built; the message says which step and what it printed."""


def build_all(client: docker.DockerClient, progress: Progress) -> dict[str, str]:
    """Build what is missing; answers each recipe's name with its tag."""
    by_name = recipes()
    tags = {name: tag(recipe, by_name) for name, recipe in by_name.items()}
    if not missing(client, tags):
        return tags
    with _one_builder_at_a_time():
        todo = [by_name[name] for name in missing(client, tags)]
        started = time.monotonic()
        progress(f"images: {len(todo)} to build: {', '.join(recipe.name for recipe in todo)}")
        builder = _Builder(client, tags, progress)
        for level in _levels(todo, by_name):
            with ThreadPoolExecutor(max_workers=2) as pool:
                list(pool.map(builder.build, level))
        progress(f"images: built in {time.monotonic() - started:.0f} s")
    return tags


def missing(client: docker.DockerClient, tags: dict[str, str]) -> list[str]:
    present = {name for image in client.images.list() for name in image.tags}
    return [name for name, wanted in tags.items() if wanted not in present]


def _levels(todo: list[Recipe], by_name: dict[str, Recipe]) -> Iterator[list[Recipe]]:
    """Recipes whose parents are done, wave by wave, the slow ones (Go, the server) first."""
    left = {recipe.name for recipe in todo}
    while left:
        ready = sorted(name for name in left if by_name[name].parent not in left)
        ready.sort(key=lambda name: not by_name[name].go and name != "server")
        yield [by_name[name] for name in ready]
        left -= set(ready)


@contextmanager
def _one_builder_at_a_time() -> Iterator[None]:
    path = Path(tempfile.gettempdir()) / f"estate-images-{os.getuid()}.lock"
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


class _Builder:
    def __init__(self, client: docker.DockerClient, tags: dict[str, str], progress: Progress):
        self._client = client
        self._tags = tags
        self._progress = progress
        self._go = threading.Lock()  # one Go build already uses every core

    def build(self, recipe: Recipe) -> None:
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="estate-image-") as scratch:
            extra = Path(scratch)
            self._go_programs(recipe, extra)
            self._wheels(recipe, extra)
            if recipe.parent is None:
                parent = base_system.provide(self._client, self._progress)
                for name, content in host.files().items():
                    path = extra / "host" / name
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(content)
                (extra / "host").mkdir(exist_ok=True)
            else:
                parent = self._tags[recipe.parent]
            self._docker_build(recipe, parent, extra)
        self._progress(f"images: {recipe.name} in {time.monotonic() - started:.0f} s")

    def _go_programs(self, recipe: Recipe, extra: Path) -> None:
        for program in recipe.go:
            target = extra / "bin" / program.output
            with self._go:
                _run(
                    recipe,
                    [
                        "go",
                        "build",
                        "-trimpath",
                        "-ldflags",
                        f"-s -w {program.ldflags}".strip(),
                        "-o",
                        str(target),
                        program.package,
                    ],
                    cwd=recipe.folder,
                    env={**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly"},
                )

    def _wheels(self, recipe: Recipe, extra: Path) -> None:
        if recipe.wheels is None:
            return
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
        command += ["--require-hashes", "--only-binary=:all:", "--python-version=3.11"]
        command += ["--platform=manylinux2014_x86_64", "--platform=any"]
        command += ["--target", str(extra / "site"), "-r", str(recipe.folder / recipe.wheels)]
        _run(recipe, command, cwd=recipe.folder, env=dict(os.environ))

    def _docker_build(self, recipe: Recipe, parent: str, extra: Path) -> None:
        labels = {"estate.recipe": recipe.name, **recipe.labels}
        if recipe.stands_for:
            labels["estate.stand-in"] = f"{recipe.really}; stands for {recipe.stands_for}"
        said: list[str] = []
        for line in self._client.api.build(
            fileobj=_context(recipe, extra),
            custom_context=True,
            tag=self._tags[recipe.name],
            buildargs={"BASE": parent, **host.proxies()},
            labels=labels,
            rm=True,
            forcerm=True,
            decode=True,
        ):
            said.append(str(line.get("stream", "")))
            if "error" in line:
                tail = "".join(said)[-2000:]
                raise BuildError(f"image {recipe.name} > {line['error']}\n{tail}")


def _context(recipe: Recipe, extra: Path) -> io.BytesIO:
    """The recipe's folder and what was made for it, owned by root whoever runs this."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for root, paths in (
            (recipe.folder, recipe.files()),
            (extra, sorted(extra.rglob("*"))),
        ):
            for path in paths:
                member = tar.gettarinfo(str(path), str(path.relative_to(root)))
                member.uid = member.gid = 0
                member.uname = member.gname = "root"
                if member.isreg():
                    with path.open("rb") as content:
                        tar.addfile(member, content)
                else:
                    tar.addfile(member)
    archive.seek(0)
    return archive


def _run(recipe: Recipe, command: list[str], *, cwd: Path, env: dict[str, str]) -> None:
    try:
        done = subprocess.run(
            command, cwd=cwd, env=env, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise BuildError(
            f"image {recipe.name} > {command[0]}: not found. Install it (Go 1.26 builds the local "
            "cloud's S3 and ACME servers) and start again."
        ) from None
    if done.returncode != 0:
        tail = re.sub(r"//[^/\s@]+@", "//***@", done.stderr[-2000:])  # credentials of a mirror
        raise BuildError(f"image {recipe.name} > {' '.join(command[:3])} failed:\n{tail}")

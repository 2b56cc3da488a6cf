"""The sandbox's container registry, and the stand-in images that it answers for."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import docker
import httpx
from docker.errors import ImageNotFound
from docker.models.images import Image

from sandbox import containers
from sandbox.home import DOMAIN, Home
from sandbox.images.catalogue import Recipe, recipes
from sandbox.services.service import Service, http_answers
from sandbox.underneath import MachineError

_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


def service(home: Home) -> Service:
    return Service(
        name="registry",
        image="registry",
        address=home.registry_address,
        url=f"http://registry.{DOMAIN}:5000",
        answers=http_answers(f"{home.mirror_url}/v2/"),
        volumes={"registry": "/var/lib/docker-registry"},
        published=5000,  # Docker pushes without TLS to a loopback address alone
    )


def publish(
    client: docker.DockerClient,
    home: Home,
    tags: dict[str, str],
    root: bytes,
    progress: Callable[[str], None],
) -> None:
    """Push each stand-in under the names that it answers to, where it is not there already."""

    def publish_one(recipe: Recipe) -> None:
        image = _trusting(client, home, recipe, tags[recipe.name], root)
        for name in recipe.answers_to:
            path, _, version = name.partition(":")
            path = path if "/" in path else f"library/{path}"
            if _published(home, path, version) != image.id:
                progress(f"registry: {name} ({recipe.really})")
                _push(client, home, image, path, version)

    first, *others = (recipe for recipe in recipes().values() if recipe.answers_to)
    publish_one(first)  # alone: it brings the layers that all have in common
    with ThreadPoolExecutor(max_workers=3) as pool:
        list(pool.map(publish_one, others))


def _trusting(
    client: docker.DockerClient, home: Home, recipe: Recipe, tag: str, root: bytes
) -> Image:
    """The image with the sandbox's root among those it trusts, as real images trust real roots."""
    digest = hashlib.sha256(tag.encode() + root).hexdigest()[:12]
    own = f"{home.name('image', recipe.name)}:{digest}"
    try:
        return client.images.get(own)
    except ImageNotFound:
        user = client.images.get(tag).attrs["Config"].get("User") or "root"
    dockerfile = (
        f"FROM {tag}\nUSER root\n"
        "COPY sandbox.crt /usr/local/share/ca-certificates/sandbox.crt\n"
        f"RUN update-ca-certificates\nUSER {user}\n"
    )
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as tar:
        for name, content in {"Dockerfile": dockerfile.encode(), "sandbox.crt": root}.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o644
            tar.addfile(member, io.BytesIO(content))
    context.seek(0)
    with containers.explained(f"image {recipe.name}"):
        image, _ = client.images.build(
            fileobj=context, custom_context=True, tag=own, labels=home.labels, rm=True, forcerm=True
        )
    return image


def _published(home: Home, path: str, version: str) -> str | None:
    """Id of the image that the registry has under this name."""
    with httpx.Client(timeout=30, trust_env=False) as client:
        answer = client.get(
            f"{home.mirror_url}/v2/{path}/manifests/{version}", headers={"Accept": _MANIFEST}
        )
    if answer.status_code != 200:
        return None
    return str(answer.json()["config"]["digest"])


def _push(
    client: docker.DockerClient,
    home: Home,
    image: Image,
    path: str,
    version: str,
) -> None:
    registry = client.containers.get(home.name("registry"))
    port = registry.attrs["NetworkSettings"]["Ports"]["5000/tcp"][0]["HostPort"]
    repository = f"127.0.0.1:{port}/{path}"
    image.tag(repository, version)
    try:
        for line in client.images.push(repository, tag=version, stream=True, decode=True):
            if "error" in line:
                raise MachineError(f"registry > push {path}:{version}: {line['error']}")
    finally:
        client.images.remove(f"{repository}:{version}", noprune=True)

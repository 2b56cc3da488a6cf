"""Files from an image (a web build), copied into a volume that a web server serves."""

from __future__ import annotations

from pydantic import Field

from blueprint.parts import Container, DockerVolume, Mount, Offer, Stack
from services.kind import Image, Place, ServiceSettings, Wiring


class Settings(ServiceSettings):
    """`path` is the folder inside the image."""

    image: Image
    path: str = Field(default="/dist", pattern=r"^/[\w./-]+$")


def _volume(place: Place) -> str:
    return f"{place.stack}-{place.service}"


def offers(place: Place, settings: Settings) -> Offer:
    return Offer(files=_volume(place), network=place.service)


def stack(place: Place, settings: Settings, wiring: Wiring) -> Stack:
    # New files first, then what is gone: a page is whole while it is replaced.
    copy = (
        f"cp -a {settings.path}/. /files/ && cd /files && find . -mindepth 1 | "
        f'while read -r name; do [ -e "{settings.path}/$name" ] || rm -rf "$name"; done'
    )
    return Stack(
        name=place.stack,
        server=place.server,
        volumes=(DockerVolume(_volume(place)),),
        containers=(
            Container(
                name=place.service,
                image=place.image(settings.image),
                memory_mb=64,
                cpus=0.5,
                command=("sh", "-c", copy),
                mounts=(Mount(_volume(place), "/files"),),
                capabilities=("CHOWN", "DAC_OVERRIDE", "FOWNER"),
                user="0:0",
                once=True,
            ),
        ),
    )

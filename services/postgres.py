"""PostgreSQL with one database, its data on a volume of the server."""

from __future__ import annotations

import re

from pydantic import Field, field_validator

from blueprint.parts import Container, DockerVolume, Health, Mount, Offer, Secret, Stack
from services.kind import Place, ServiceSettings, Wiring

PORT = 5432
_UID = 999  # the user `postgres` of the official image


_OWN_FOLDER_PER_VERSION = 18


def _major(version: str) -> str:
    return re.split(r"[.-]", version, maxsplit=1)[0]


class Settings(ServiceSettings):
    """`version` is the image's tag; `volume` names a volume of the server."""

    version: str
    database: str = Field(pattern=r"^[a-z_][a-z0-9_]*$")
    user: str | None = Field(default=None, pattern=r"^[a-z_][a-z0-9_]*$")
    password: str | None = Field(default=None, description="name of the secret")
    volume: str
    parameters: dict[str, str] = Field(default_factory=dict)
    memory_mb: int = Field(default=512, ge=64)
    cpus: float = Field(default=1.0, gt=0)

    @field_validator("version")
    @classmethod
    def _is_a_known_layout(cls, version: str) -> str:
        # From 18 on the image keeps its data elsewhere (docker-library/postgres #1400): a mount at
        # the old place would lose the database with its container.
        if not _major(version).isdigit():
            raise ValueError("is not a PostgreSQL version such as 16.10")
        return version


def _secret(place: Place, settings: Settings) -> str:
    return settings.password or f"{place.stack}-{place.service}-password"


def offers(place: Place, settings: Settings) -> Offer:
    user = settings.user or settings.database
    password = _secret(place, settings)
    address = f"@{place.service}:{PORT}/{settings.database}"
    return Offer(
        values={
            "host": (place.service,),
            "port": (str(PORT),),
            "database": (settings.database,),
            "user": (user,),
            "password": (Secret(password),),
            "url": (f"postgresql://{user}:", Secret(password, "url"), address),
        },
        network=place.service,
    )


def stack(place: Place, settings: Settings, wiring: Wiring) -> Stack:
    user = settings.user or settings.database
    data = "/var/lib/postgresql/data"
    if int(_major(settings.version)) >= _OWN_FOLDER_PER_VERSION:
        data = "/var/lib/postgresql"
    parameters = (("-c", f"{name}={value}") for name, value in sorted(settings.parameters.items()))
    return Stack(
        name=place.stack,
        server=place.server,
        volumes=(DockerVolume(settings.volume, volume=settings.volume, uid=_UID),),
        containers=(
            Container(
                name=place.service,
                image=place.image(f"postgres:{settings.version}"),
                memory_mb=settings.memory_mb,
                cpus=settings.cpus,
                command=("postgres", *(word for pair in parameters for word in pair)),
                environment={
                    "POSTGRES_DB": (settings.database,),
                    "POSTGRES_USER": (user,),
                    "POSTGRES_PASSWORD": (Secret(_secret(place, settings)),),
                },
                mounts=(Mount(settings.volume, data),),
                tmpfs={"/tmp": "mode=1777", "/var/run/postgresql": "mode=1777"},  # noqa: S108
                health=Health(("CMD", "pg_isready", "-q", "-U", user, "-d", settings.database)),
                user=f"{_UID}:{_UID}",
                # A shutdown that is cut short means crash recovery at the next start.
                stop_timeout_seconds=60,
                stop_signal="SIGINT",
            ),
        ),
    )

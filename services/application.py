"""A container image of one's own that answers HTTP: API, web application, worker with a port."""

from __future__ import annotations

from pydantic import Field

from blueprint.parts import Container, Health, Offer, Stack
from services.kind import Image, Place, ServiceSettings, Wiring


class Settings(ServiceSettings):
    """`environment` may refer to others by `${service.value}` and `${secret.name}`."""

    image: Image
    port: int = Field(ge=1, le=65535)
    health: str | None = Field(default="/health", pattern=r"^/")
    health_command: tuple[str, ...] | None = None
    environment: dict[str, str] = Field(default_factory=dict)
    command: tuple[str, ...] = ()
    user: str | None = None
    read_only: bool = True
    memory_mb: int = Field(default=256, ge=16)
    cpus: float = Field(default=1.0, gt=0)
    stop_timeout_seconds: int = Field(default=15, ge=1)


def offers(place: Place, settings: Settings) -> Offer:
    address = f"{place.service}:{settings.port}"
    return Offer(
        values={
            "host": (place.service,),
            "port": (str(settings.port),),
            "url": (f"http://{address}",),
        },
        http=address,
        network=place.service,
    )


def _health(settings: Settings) -> Health | None:
    if settings.health_command:
        return Health(settings.health_command)
    if settings.health is None:
        return None
    url = f"http://127.0.0.1:{settings.port}{settings.health}"
    # busybox and GNU wget both know these two flags; curl is not in every image.
    return Health(("CMD", "wget", "-q", "-O", "/dev/null", url))


def stack(place: Place, settings: Settings, wiring: Wiring) -> Stack:
    environment = {name: wiring.value(text) for name, text in settings.environment.items()}
    return Stack(
        name=place.stack,
        server=place.server,
        containers=(
            Container(
                name=place.service,
                image=place.image(settings.image),
                memory_mb=settings.memory_mb,
                cpus=settings.cpus,
                command=settings.command,
                environment=environment,
                tmpfs={"/tmp": "mode=1777"},  # noqa: S108
                health=_health(settings),
                user=settings.user,
                read_only=settings.read_only,
                stop_timeout_seconds=settings.stop_timeout_seconds,
                after=wiring.after(),
            ),
        ),
    )

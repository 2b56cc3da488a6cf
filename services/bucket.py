"""A bucket at an S3 service; it stands on no server, the one of its stack only creates it."""

from __future__ import annotations

from pydantic import Field

from blueprint.parts import Bucket, Offer, Secret, Stack
from services.kind import ObjectStore, Place, ServiceSettings, Wiring


class Settings(ServiceSettings):
    """`access_key` and `secret_key` are names of secrets."""

    bucket: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")
    access_key: str = "s3-access-key"
    secret_key: str = "s3-secret-key"  # noqa: S105


def _store(place: Place) -> ObjectStore:
    if place.object_store is None:
        raise ValueError("needs an S3 service. Set estate:s3 (endpoint, region) in the stack")
    return place.object_store


def offers(place: Place, settings: Settings) -> Offer:
    store = _store(place)
    return Offer(
        values={
            "endpoint": (store.endpoint,),
            "region": (store.region,),
            "bucket": (settings.bucket,),
            "access_key": (Secret(settings.access_key, given=True),),
            "secret_key": (Secret(settings.secret_key, given=True),),
        }
    )


def stack(place: Place, settings: Settings, wiring: Wiring) -> Stack:
    store = _store(place)
    return Stack(
        name=place.stack,
        server=place.server,
        buckets=(
            Bucket(
                name=settings.bucket,
                endpoint=store.endpoint,
                region=store.region,
                access_key=Secret(settings.access_key, given=True),
                secret_key=Secret(settings.secret_key, given=True),
            ),
        ),
    )

"""An application: its environment, its health check, whom it waits for."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from blueprint.parts import Container, Health, Offer, Secret
from services import application
from tests.services import manual


def test_the_container_of_the_manual_is_whole() -> None:
    assert manual.built("application").containers == (
        Container(
            name="api",
            image="presuite/predrive-api:1.0.0",
            memory_mb=256,
            cpus=1.0,
            environment={
                "NODE_ENV": ("production",),
                "DATABASE_URL": (
                    "postgresql://predrive:",
                    Secret("predrive-db-password", "url"),
                    "@db:5432/predrive",
                ),
                "JWT_SECRET": (Secret("predrive-jwt-secret"),),
                "S3_BUCKET": ("predrive",),
            },
            tmpfs={"/tmp": "mode=1777"},  # noqa: S108
            health=Health(("CMD", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:3000/health")),
            stop_timeout_seconds=15,
            after=("db",),
        ),
    )


def test_it_offers_its_address_inside_the_stack() -> None:
    offer = application.offers(manual.place("api"), manual.settings("application", port=8080))
    assert offer == Offer(
        values={"host": ("api",), "port": ("8080",), "url": ("http://api:8080",)},
        http="api:8080",
        network="api",
    )


@pytest.mark.parametrize(
    ("keys", "health"),
    [
        (
            {"health": "/live?deep=1"},
            Health(("CMD", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:3000/live?deep=1")),
        ),
        ({"health": None}, None),
        ({"health_command": ["CMD", "true"]}, Health(("CMD", "true"))),
        ({"health": None, "health_command": ["CMD", "true"]}, Health(("CMD", "true"))),
    ],
)
def test_the_health_check_is_the_command_or_the_path(
    keys: dict[str, Any], health: Health | None
) -> None:
    (container,) = manual.built("application", **keys).containers
    assert container.health == health


def test_it_waits_for_each_service_that_it_refers_to_once_and_for_no_bucket() -> None:
    environment = {"A": "${db.host}:${db.port}", "B": "${files.endpoint}", "C": "$${db.host}"}
    (container,) = manual.built("application", environment=environment).containers
    assert container.environment == {
        "A": ("db:5432",),
        "B": ("https://s3.test",),
        "C": ("${db.host}",),
    }
    assert container.after == ("db",)


@pytest.mark.parametrize("image", ["presuite/api", "registry.test:5000/api", "api:", "a b:1", ""])
def test_an_image_without_a_version_is_refused(image: str) -> None:
    with pytest.raises(ValidationError, match="is not an image with its version"):
        manual.settings("application", image=image)


@pytest.mark.parametrize(
    ("reference", "image"),
    [
        ("presuite/api:1.0.0", "mirror.test/api:1.0.0"),
        ("presuite/api@sha256:" + "0" * 64, "mirror.test/api@sha256:" + "0" * 64),
        ("presuite/api:1@sha256:" + "0" * 64, "mirror.test/api:1@sha256:" + "0" * 64),
        ("registry.test:5000/web:2", "mirror.test/web:2"),
        ("other/api:1.0.0", "other/api:1.0.0"),
        ("registry.test:5000/api:1", "registry.test:5000/api:1"),
    ],
)
def test_an_image_comes_from_where_the_environment_says(reference: str, image: str) -> None:
    images = {"presuite/api": "mirror.test/api", "registry.test:5000/web": "mirror.test/web"}
    share = manual.built("application", at=manual.place("api", images=images), image=reference)
    assert share.containers[0].image == image


def test_a_number_among_the_variables_is_refused() -> None:
    with pytest.raises(ValidationError, match="valid string"):
        manual.settings("application", environment={"PORT": 3000})

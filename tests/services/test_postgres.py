"""PostgreSQL: where its data lies, what it offers, how it stops."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from blueprint.parts import Container, DockerVolume, Health, Mount, Offer, Secret
from services import postgres
from tests.services import manual


def test_the_container_of_the_manual_is_whole() -> None:
    share = manual.built("postgres")
    assert share.volumes == (DockerVolume("pgdata", volume="pgdata", uid=999),)
    assert share.containers == (
        Container(
            name="db",
            image="postgres:16.10",
            memory_mb=512,
            cpus=1.0,
            command=("postgres",),
            environment={
                "POSTGRES_DB": ("predrive",),
                "POSTGRES_USER": ("predrive",),
                "POSTGRES_PASSWORD": (Secret("predrive-db-password"),),
            },
            mounts=(Mount("pgdata", "/var/lib/postgresql/data"),),
            tmpfs={"/tmp": "mode=1777", "/var/run/postgresql": "mode=1777"},  # noqa: S108
            health=Health(("CMD", "pg_isready", "-q", "-U", "predrive", "-d", "predrive")),
            user="999:999",
            stop_timeout_seconds=60,
            stop_signal="SIGINT",
        ),
    )


@pytest.mark.parametrize(
    ("version", "path"),
    [
        ("9.6.24", "/var/lib/postgresql/data"),
        ("16", "/var/lib/postgresql/data"),
        ("16.10", "/var/lib/postgresql/data"),
        ("17-bookworm", "/var/lib/postgresql/data"),
        ("17.6-alpine", "/var/lib/postgresql/data"),
        ("18", "/var/lib/postgresql"),
        ("18.1", "/var/lib/postgresql"),
        ("18-alpine", "/var/lib/postgresql"),
        ("19.0", "/var/lib/postgresql"),
    ],
)
def test_the_data_lies_where_the_image_of_that_version_keeps_it(version: str, path: str) -> None:
    (container,) = manual.built("postgres", version=version).containers
    assert container.image == f"postgres:{version}"
    assert container.mounts == (Mount("pgdata", path),)


@pytest.mark.parametrize("version", ["latest", "", "v16", "bookworm"])
def test_a_version_that_does_not_tell_the_place_of_the_data_is_refused(version: str) -> None:
    with pytest.raises(ValidationError, match="is not a PostgreSQL version"):
        manual.settings("postgres", version=version)


def test_the_url_holds_the_password_by_name_to_be_percent_encoded() -> None:
    offer = postgres.offers(manual.place("db"), manual.settings("postgres"))
    assert offer == Offer(
        values={
            "host": ("db",),
            "port": ("5432",),
            "database": ("predrive",),
            "user": ("predrive",),
            "password": (Secret("predrive-db-password"),),
            "url": (
                "postgresql://predrive:",
                Secret("predrive-db-password", "url"),
                "@db:5432/predrive",
            ),
        },
        network="db",
    )


def test_user_and_password_may_be_named_otherwise() -> None:
    chosen = manual.settings("postgres", user="owner", password="shared-password")
    offer = postgres.offers(manual.place("db"), chosen)
    assert offer.values["url"] == (
        "postgresql://owner:",
        Secret("shared-password", "url"),
        "@db:5432/predrive",
    )
    (container,) = manual.built("postgres", user="owner", password="shared-password").containers
    assert container.environment == {
        "POSTGRES_DB": ("predrive",),
        "POSTGRES_USER": ("owner",),
        "POSTGRES_PASSWORD": (Secret("shared-password"),),
    }


def test_parameters_are_given_in_a_stable_order() -> None:
    parameters = {"work_mem": "8MB", "max_connections": "200"}
    (container,) = manual.built("postgres", parameters=parameters).containers
    assert container.command == (
        "postgres",
        "-c",
        "max_connections=200",
        "-c",
        "work_mem=8MB",
    )


@pytest.mark.parametrize("name", ["Drive", "1drive", "pre-drive", "drive'; DROP", ""])
def test_a_database_name_that_would_need_quotes_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="should match pattern"):
        manual.settings("postgres", database=name)


def test_the_image_comes_from_where_the_environment_says() -> None:
    at = manual.place("db", images={"postgres": "registry.test:5000/postgres"})
    (container,) = manual.built("postgres", at=at).containers
    assert container.image == "registry.test:5000/postgres:16.10"

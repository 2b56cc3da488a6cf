"""What the catalogue of images says, without building any."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sandbox.images import host
from sandbox.images.catalogue import FOLDER, recipes, tag

ALL = recipes()


def test_every_image_that_answers_to_a_name_says_what_it_stands_for() -> None:
    assert [name for name, it in ALL.items() if it.answers_to and not it.stands_for] == []


def test_no_name_is_answered_by_two_images() -> None:
    names = [name for recipe in ALL.values() for name in recipe.answers_to]
    assert sorted(names) == sorted(set(names))


def test_the_images_that_predrive_needs_are_there() -> None:
    names = {name for recipe in ALL.values() for name in recipe.answers_to}
    assert {
        "postgres:16.10",
        "nginx:1.28.0",
        "goacme/lego:v4.26.0",
        "presuite/predrive-api:1.0.0",
        "presuite/predrive-web:1.0.0",
    } <= names


def test_parents_come_before_their_children() -> None:
    order = list(ALL)
    late = [
        r.name for r in ALL.values() if r.parent and order.index(r.parent) > order.index(r.name)
    ]
    assert late == []


@pytest.mark.parametrize(
    ("changed", "others_too"),
    [("postgres/Dockerfile", []), ("base/Dockerfile", sorted(set(ALL) - {"postgres"}))],
)
def test_a_changed_recipe_changes_its_tag_and_its_childrens(
    changed: str, others_too: list[str], tmp_path: Path
) -> None:
    folder = tmp_path / "images"
    shutil.copytree(FOLDER, folder)
    before = {name: tag(recipe, recipes(folder)) for name, recipe in recipes(folder).items()}
    with (folder / changed).open("a") as file:
        file.write("# changed\n")
    after = {name: tag(recipe, recipes(folder)) for name, recipe in recipes(folder).items()}
    differing = sorted(name for name in before if before[name] != after[name])
    assert differing == sorted(["postgres", *others_too])


def test_every_wheel_is_pinned_by_version_and_hash() -> None:
    lines = [
        line
        for recipe in ALL.values()
        if recipe.wheels
        for line in (recipe.folder / recipe.wheels).read_text().splitlines()
    ]
    assert lines
    assert [line for line in lines if "==" not in line or "--hash=sha256:" not in line] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("deb http://a.test/debian bookworm main", ["deb http://a.test/debian bookworm main"]),
        ("# deb http://a.test/debian bookworm main", []),
        ("deb-src http://a.test/debian bookworm main", []),
        (
            "deb [arch=amd64 trusted=yes] http://a.test/debian bookworm main contrib",
            ["deb http://a.test/debian bookworm main contrib"],
        ),
        ("deb [signed-by=/etc/apt/keyrings/else.gpg] http://b.test/x bookworm stable", []),
    ],
)
def test_of_one_line_sources_debians_own_are_taken(text: str, expected: list[str]) -> None:
    assert host._one_line_sources(text) == expected


def test_of_deb822_sources_every_suite_becomes_a_line() -> None:
    text = (
        "Types: deb\nURIs: http://a.test/debian\nSuites: bookworm bookworm-updates\n"
        "Components: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n\n"
        "Types: deb\nURIs: http://b.test/else\nSuites: bookworm\nComponents: stable\n"
        "Signed-By: /etc/apt/keyrings/else.gpg\n"
    )
    assert host._deb822_sources(text) == [
        "deb http://a.test/debian bookworm main",
        "deb http://a.test/debian bookworm-updates main",
    ]

"""What the documentation names exists: links, commands, keys, and errors as they really read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer
from pydantic import BaseModel

from blueprint.checks import check
from blueprint.draw import draw
from config import ConfigError
from config.environment import Environment
from config.system import NetworkSettings, ServerSettings, StackSettings, VolumeSettings
from tests import house
from tests.config import given

PAGES = tuple(name for name in house.files(".md") if name != "LICENSE.md")
DECISIONS = tuple(name for name in PAGES if name.startswith("docs/decisions/"))
# Linked before they are written; a name goes from here with the commit that brings its page.
NOT_YET: set[str] = set()

SERVICES = "stacks|predrive|services"
EXAMPLES: list[dict[str, Any]] = [
    {
        "content": {
            "servers|drive|server_tipe": "cx23",
            "servers|drive|server_type": given.ABSENT,
            f"{SERVICES}|db|version": 16,
            f"{SERVICES}|web|kind": "static",
        },
        "values": {"estate:s3-access-key": "in the open"},
        "secrets": given.SECRETS[:-2],
    },
    {"content": {f"{SERVICES}|api|environment|DATABASE_URL": "${db.uri}"}},
    {
        "content": {f"{SERVICES}|db|memory_mb": 4000, f"{SERVICES}|db|volume": "pg"},
        "values": {"estate:servers": {"drive": {"location": "ash"}}},
        "secrets": ["deploy-key", "host-key-drive", "predrive-jwt-secret", "s3-secret-key"],
    },
]


def text(name: str) -> str:
    return (house.ROOT / name).read_text()


def code(content: str) -> list[str]:
    """What is written as code: lines of blocks, and spans."""
    blocks = re.findall(r"^```(?:sh|bash|console)\n(.*?)^```", content, re.DOTALL | re.MULTILINE)
    prose = re.sub(r"^```.*?^```", "", content, flags=re.DOTALL | re.MULTILINE)
    lines = [re.sub(r"(^|\s)#.*", "", line) for block in blocks for line in block.splitlines()]
    return lines + [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose)]


def broken_links(name: str, content: str) -> list[str]:
    """Links to files or headings that are not there."""
    found = []
    for target in re.findall(r"(?<!`)\[[^\]]*\]\(([^)\s]+)\)", content):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, heading = target.partition("#")
        file = (house.ROOT / name).parent / path if path else house.ROOT / name
        relative = str(Path(*file.parts).resolve().relative_to(house.ROOT))
        if not file.exists():
            if relative not in NOT_YET:
                found.append(f"{name} links to {target}")
        elif heading and heading not in anchors(file.read_text()):
            found.append(f"{name} links to {target}")
    return found


def anchors(content: str) -> set[str]:
    """A page's headings as they are linked to."""
    headings = re.findall(r"^#+ (.*)$", content, re.MULTILINE)
    return {
        re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings
    }


def unknown_commands(name: str, lines: list[str]) -> list[str]:
    """Targets of `make` and commands of `estate` that are not there, and options they lack."""
    found = []
    for line in lines:
        for target in re.findall(r"(?:^|[\s;&|(])make ([a-z][a-z-]*)", line):
            if target not in targets():
                found.append(f"{name} names make {target}")
        for words in re.findall(r"(?:^|[\s;&|(\"])(?:bin/)?estate ([a-z][^;&|)\"#.…]*)", line):
            wrong = unknown_word(words.split())
            if wrong:
                found.append(f"{name} names estate {words.strip()}: {wrong}")
    return found


def targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", text("Makefile"), re.MULTILINE))


def unknown_word(words: list[str]) -> str | None:
    """The first of the words of an `estate` command that it does not know."""
    from cli.main import app

    command: Any = typer.main.get_command(app)
    for word in words:
        if hasattr(command, "commands"):
            if word not in command.commands:
                return word
            command = command.commands[word]
        elif word.startswith("-") and not any(word in p.opts for p in command.params):
            return word
    return None


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    assert broken_links(name, text(name)) == []


@pytest.mark.parametrize("name", PAGES)
def test_commands_exist(name: str) -> None:
    assert unknown_commands(name, code(text(name))) == []


def test_commands_in_the_programs_words_exist() -> None:
    found = []
    for name in house.files(".py", ".yaml"):
        if house.room(name) in (*house.PROGRAM, "cli") or name.startswith("Pulumi."):
            lines = re.findall(r"(?:Run: |`)((?:bin/)?estate [^`\"\n]+)", text(name))
            found += unknown_commands(name, [re.sub(r"\{[^}]*\}", "x", line) for line in lines])
    assert found == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_begins_with_its_only_title(name: str) -> None:
    prose = re.sub(r"^```.*?^```", "", text(name), flags=re.DOTALL | re.MULTILINE)
    assert prose.startswith("# ")
    assert len(re.findall(r"^# ", prose, re.MULTILINE)) == 1


@pytest.mark.parametrize("name", DECISIONS)
def test_a_decision_is_numbered_and_says_situation_choice_and_price(name: str) -> None:
    number = re.fullmatch(r"docs/decisions/(\d{3})-[a-z0-9-]+\.md", name)
    assert number is not None
    assert text(name).startswith(f"# {number[1]}: ")
    parts = re.findall(r"^\*\*(\w+)\.\*\*", text(name), re.MULTILINE)
    assert parts == ["Situation", "Choice", "Price"]
    assert len(text(name).splitlines()) <= 50
    assert [other[:18] for other in DECISIONS].count(name[:18]) == 1


def rows(page: str, heading: str) -> dict[str, tuple[str, ...]]:
    """The table below a heading, by its first column."""
    section = text(page).partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0].strip("`"): tuple(row[1:]) for row in cells if not row[0].startswith("--")}


def fields(model: type[BaseModel], prefix: str = "") -> dict[str, str]:
    """A model's keys, each with what the manual says where it is left out."""
    return {
        f"{prefix}{name}": "required" if field.is_required() else str(field.default)
        for name, field in model.model_fields.items()
    }


def test_every_key_of_a_stack_is_in_the_manual_and_no_other() -> None:
    table = rows("docs/configuration.md", "The stack: Pulumi.&lt;stack&gt;.yaml")
    ours = {key: row for key, row in table.items() if ":" not in key and key != "key"}
    assert list(ours) == list(Environment.model_fields)
    required = {key for key, default in fields(Environment).items() if default == "required"}
    assert {key for key, row in ours.items() if row[1] == "required"} == required


def test_every_key_of_a_system_is_in_the_manual_and_no_other() -> None:
    table = rows("docs/configuration.md", "The system: config/systems/&lt;name&gt;.yaml")
    del table["key"]
    keys = {
        **fields(NetworkSettings, "network."),
        **fields(ServerSettings, "servers.<name>."),
        **fields(VolumeSettings, "servers.<name>.volumes.<name>."),
        **fields(StackSettings, "stacks.<name>."),
    }
    del keys["servers.<name>.volumes"]
    keys["stacks.<name>.services.<name>"] = keys.pop("stacks.<name>.services")
    assert {key: row[1].strip("`") for key, row in table.items()} == {
        key: default.lower() if default in ("True", "False") else default
        for key, default in keys.items()
    }


def test_errors_in_the_manual_are_what_really_comes(tmp_path: Path) -> None:
    section = text("docs/configuration.md").partition("\n## Errors\n")[2]
    written = re.findall(r"^```text\n(.*?)^```", section, re.DOTALL | re.MULTILINE)
    for block, example in zip(written, EXAMPLES, strict=True):
        assert sorted(block.splitlines()) == sorted(findings(tmp_path, example))


def findings(folder: Path, example: dict[str, Any]) -> list[str]:
    try:
        settings = given.settings(folder, **example)
        return check(settings, draw(settings))
    except ConfigError as error:
        return list(error.findings)


def test_every_room_is_in_the_architecture() -> None:
    written = {key.rstrip("/") for key in rows("docs/architecture.md", "Rooms")}
    here = {house.room(name) for name in house.files(".py")}
    assert here - {name for name in written if "/" not in name} == set()


@pytest.mark.parametrize(
    ("content", "complaints"),
    [
        ("[a](docs/architecture.md) [b](docs/architecture.md#rooms) [c](https://x.test/y)", []),
        ("[a](docs/nowhere.md)", ["README.md links to docs/nowhere.md"]),
        ("[a](docs/architecture.md#cellar)", ["README.md links to docs/architecture.md#cellar"]),
    ],
)
def test_a_look_at_links_finds_a_broken_one(content: str, complaints: list[str]) -> None:
    assert broken_links("README.md", content) == complaints


@pytest.mark.parametrize(
    ("content", "complaints"),
    [
        ("`make up`, `estate check -s dev`, `estate:system`", []),
        ("`make cofee`", ["x names make cofee"]),
        ("```sh\nbin/estate brew -s dev\n```\n", ["x names estate brew -s dev: brew"]),
        ("`estate secrets drink`", ["x names estate secrets drink: drink"]),
        ("`estate check --hot`", ["x names estate check --hot: --hot"]),
    ],
)
def test_a_look_at_commands_finds_one_that_is_not_there(
    content: str, complaints: list[str]
) -> None:
    assert unknown_commands("x", code(content)) == complaints

"""The house keeps its own rules, and each rule finds what it is there to find."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import BaseModel

import services
from config.environment import Environment
from config.system import SystemShape
from tests import house

Rule = Callable[[str, str], list[str]]

PYTHON = house.files(".py")
MODULES = house.files(".py", ".go")
IN_THE_PROGRAM = tuple(
    name
    for name in house.files()
    if house.room(name) in (*house.PROGRAM, "__main__.py", "Pulumi.yaml", "Pulumi.prod.yaml")
)
DATA = tuple(name for name in PYTHON if house.room(name) in house.DATA)
PROGRAM_PYTHON = tuple(name for name in PYTHON if name in IN_THE_PROGRAM)
STACKS_AND_SYSTEMS = tuple(
    name for name in house.files(".yaml") if name.startswith(("Pulumi.", "config/systems/"))
)

RULES: dict[str, tuple[Rule, tuple[str, ...]]] = {
    "a room imports only what it may know": (house.forbidden_imports, PYTHON),
    "no module is longer than anybody reads": (house.too_long, MODULES),
    "a module says what it is for": (house.without_docstring, PYTHON),
    "the program knows no local cloud": (house.names_the_local_cloud, IN_THE_PROGRAM),
    "data holds nothing that is known later": (house.later_values, DATA),
    "no key is true or false to YAML": (house.boolean_keys, STACKS_AND_SYSTEMS),
    "apply only formats": (house.decisions_in_apply, PROGRAM_PYTHON),
}

BROKEN: list[tuple[Rule, str, str, list[str]]] = [
    (
        house.forbidden_imports,
        "blueprint/parts.py",
        "import re\nimport pydantic\n",
        ["blueprint/parts.py imports pydantic"],
    ),
    (
        house.forbidden_imports,
        "services/x.py",
        "from services.postgres import PORT\nfrom blueprint.parts import Stack\n",
        ["services/x.py imports services.postgres.PORT"],
    ),
    (
        house.forbidden_imports,
        "services/x.py",
        "from blueprint import draw\n",
        ["services/x.py imports blueprint.draw"],
    ),
    (
        house.forbidden_imports,
        "config/x.py",
        "def f():\n    from blueprint.parts import Stack\n",
        ["config/x.py imports blueprint.parts.Stack"],
    ),
    (
        house.forbidden_imports,
        "blueprint/draw.py",
        "import pulumi\nimport config\n",
        ["blueprint/draw.py imports pulumi"],
    ),
    (
        house.forbidden_imports,
        "components/x.py",
        "import pulumi\nimport pulumi_hcloud\nfrom config import load\nfrom . import y\n",
        [
            "components/x.py imports pulumi_hcloud",
            "components/x.py imports config.load",
            "components/x.py imports ..y",
        ],
    ),
    (
        house.forbidden_imports,
        "sandbox/x.py",
        "import docker\nimport importlib\nimportlib.import_module('config.load')\n",
        ["sandbox/x.py imports config.load"],
    ),
    (
        house.forbidden_imports,
        "toolchain/x.py",
        "from cli.pulumi import ROOT\n",
        ["toolchain/x.py imports cli.pulumi.ROOT"],
    ),
    (
        house.forbidden_imports,
        "__main__.py",
        "import sandbox.control\n",
        ["__main__.py imports sandbox.control"],
    ),
    (house.too_long, "x.go", "\n" * 401, ["x.go has 401 lines, at most 400"]),
    (house.too_long, "x.go", "\n" * 400, []),
    (house.too_long, "__main__.py", "\n" * 41, ["__main__.py has 41 lines, at most 40"]),
    (house.without_docstring, "x.py", "import re\n", ["x.py has no docstring"]),
    (house.without_docstring, "x.py", "", []),
    (
        house.names_the_local_cloud,
        "x.py",
        "if 'x':\n    use(Sandbox)  # sandbox\n",
        ["x.py:2 says 'Sandbox'", "x.py:2 says 'sandbox'"],
    ),
    (
        house.later_values,
        "x.py",
        "def f(a: pulumi.Input[str]) -> 'x': ...\n\nOutput = 1\n",
        ["x.py:3 has Output", "x.py:1 has pulumi.Input"],
    ),
    (
        house.boolean_keys,
        "x.yaml",
        "a:\n  - on: 1\n    'no': 2\n    Yes: {off: on}\n",
        ["x.yaml:2 has the key 'on'", "x.yaml:4 has the key 'Yes'", "x.yaml:4 has the key 'off'"],
    ),
    (
        house.decisions_in_apply,
        "x.py",
        "a = o.apply(lambda v: render(v))\nb = o.apply(lambda v: v if v else '')\n",
        ["x.py:2 has IfExp inside of apply"],
    ),
    (
        house.decisions_in_apply,
        "x.py",
        "def f(v):\n    for x in v:\n        Server(x)\n\no.apply(f)\no.apply(int)\n",
        ["x.py:5 has For inside of apply"],
    ),
    (
        house.decisions_in_apply,
        "x.py",
        "o.apply(lambda v: [Server(x) for x in v])\n",
        ["x.py:1 has ListComp inside of apply"],
    ),
]


def text(name: str) -> str:
    return (house.ROOT / name).read_text()


@pytest.mark.parametrize("rule", RULES)
def test_everywhere(rule: str) -> None:
    complaints, names = RULES[rule]
    assert names, "the rule looks at nothing"
    assert [complaint for name in names for complaint in complaints(name, text(name))] == []


@pytest.mark.parametrize(("rule", "name", "source", "complaints"), BROKEN)
def test_a_rule_finds_what_breaks_it(
    rule: Rule, name: str, source: str, complaints: list[str]
) -> None:
    assert rule(name, source) == complaints


def test_every_rule_is_shown_to_find_something() -> None:
    shown = {rule for rule, _, _, complaints in BROKEN if complaints}
    assert shown == {rule for rule, _ in RULES.values()}


def test_every_file_of_the_program_is_looked_at() -> None:
    rooms = {house.room(name) for name in IN_THE_PROGRAM}
    assert {"blueprint", "services", "config", "components", "__main__.py"} <= rooms
    assert {"Pulumi.yaml", "Pulumi.prod.yaml", "config/systems/presuite.yaml"} <= set(
        IN_THE_PROGRAM
    )


def test_no_key_of_the_models_is_true_or_false_to_yaml() -> None:
    models: list[type[BaseModel]] = [SystemShape, Environment]
    models += [services.kind(kind).Settings for kind in services.known()]
    fields = {field for model in models for field in model.model_fields}
    assert fields & house.BOOLEAN_WORDS == set()


def test_no_file_names_a_folder_of_this_machine() -> None:
    folders = house.places(house.ROOT, sys.base_prefix, Path.home())
    assert str(house.ROOT) in folders
    assert [c for name in readable() for c in house.machine_paths(name, text(name), folders)] == []


def test_no_file_names_a_package_registry() -> None:
    names = house.registry_hosts()
    assert [c for name in readable() for c in house.hosts_in(name, text(name), names)] == []


def test_a_look_for_machine_paths_finds_them_as_they_are_written() -> None:
    folders = house.places(Path("/home/anna/estate"), "/opt/py", Path("/home/anna"))
    assert folders == ("/home/anna", "/home/anna/estate", "/home/anna/shared", "/opt/py")
    for line in ("cd /home/anna/estate", "path='/home/anna'", "/home/anna/estate/bin:", "=/opt/py"):
        assert house.machine_paths("x", line, folders), line
    for line in ("/home/annabel", "~/opt/python", "a/opt/py", "/opt/pypy"):
        assert house.machine_paths("x", line, folders) == [], line


def test_a_look_for_registries_finds_them_in_settings_and_in_files() -> None:
    said = "index-url='https://me:key@Pypi.Corp.test/simple'\ndeb http://deb.corp.test bookworm\n"
    assert house.hosts(said) == {"Pypi.Corp.test", "deb.corp.test"}
    assert house.hosts("http://127.0.0.1:3128 http://localhost:80 https://github.com/x") == set()
    assert house.hosts_in("x", "FROM deb.corp.test/image", ["deb.corp.test"]) == [
        "x names a package registry"
    ]


def readable() -> list[str]:
    """Every committed file that is text."""
    found = []
    for name in house.files():
        content = (house.ROOT / name).read_bytes()
        if b"\0" not in content and not re.fullmatch(r".*\.(png|gz|zip)", name):
            found.append(name)
    return found

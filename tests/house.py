"""The rules of the house that can be told from the text of files: each gives its complaints."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
LONGEST_MODULE = 400
LONGEST_PROGRAM = 40
PROGRAM = ("blueprint", "services", "config", "components", "policy", "preview", "recovery")
APART = ("sandbox", "toolchain")
DATA = ("blueprint", "services", "config")
BOOLEAN_WORDS = {"on", "off", "yes", "no", "y", "n"}

# What a room may import besides the standard library: a name stands for all below it.
MAY_KNOW: dict[str, tuple[str, ...]] = {
    "blueprint/parts.py": (),
    "blueprint": ("blueprint", "config", "services"),
    "services": ("blueprint.parts", "services.kind", "pydantic"),
    "config": ("config", "services", "pydantic", "yaml"),
    "components": ("blueprint.parts", "components", "pulumi", "yaml"),
    "__main__.py": ("blueprint", "components", "config", "pulumi"),
}
# The providers' SDKs take seconds to import: one module stands in for them.
MAY_KNOW["components/sdk.py"] = (
    "pulumi",
    "pulumi_cloudflare",
    "pulumi_command",
    "pulumi_docker",
    "pulumi_hcloud",
)


@cache
def files(*endings: str) -> tuple[str, ...]:
    """Everything that is or would be committed, by path below the root."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    return tuple(
        name
        for name in sorted(listed)
        if (ROOT / name).is_file() and (not endings or name.endswith(endings))
    )


def room(name: str) -> str:
    """The first folder of a path, or the file itself where it lies at the root."""
    return name.partition("/")[0]


def imported(source: str) -> Iterator[str]:
    """Every module that a source imports, also where the name is handed to `import_module`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield from (f"{module}.{alias.name}" for alias in node.names)
        elif (
            isinstance(node, ast.Call)
            and ast.unparse(node.func).rpartition(".")[2] in ("import_module", "__import__")
            and node.args
            and isinstance(node.args[0], ast.Constant)
        ):
            yield str(node.args[0].value)


def forbidden_imports(name: str, source: str) -> list[str]:
    """What a file imports that its room may not know."""
    known = MAY_KNOW.get(name, MAY_KNOW.get(room(name)))
    found = []
    for module in imported(source):
        top = module.partition(".")[0]
        if room(name) in APART:
            wrong = top in (*PROGRAM, "cli")
        elif known is None:
            wrong = False
        else:
            wrong = top not in sys.stdlib_module_names and not any(
                module == allowed or module.startswith(f"{allowed}.") for allowed in known
            )
        if wrong:
            found.append(f"{name} imports {module}")
    return found


def too_long(name: str, text: str) -> list[str]:
    """A module, or the program, with more lines than anybody reads."""
    most = LONGEST_PROGRAM if name == "__main__.py" else LONGEST_MODULE
    lines = len(text.splitlines())
    return [f"{name} has {lines} lines, at most {most}"] if lines > most else []


def without_docstring(name: str, source: str) -> list[str]:
    """A module that does not say what it is for."""
    tree = ast.parse(source)
    return [f"{name} has no docstring"] if tree.body and not ast.get_docstring(tree) else []


def names_the_local_cloud(name: str, text: str) -> list[str]:
    """The program knows of no other cloud than the one that its configuration names."""
    return [
        f"{name}:{number} says '{word}'"
        for number, line in enumerate(text.splitlines(), 1)
        for word in re.findall("sandbox", line, re.IGNORECASE)
    ]


def later_values(name: str, source: str) -> list[str]:
    """An `Output` or `Input` in a room of plain data."""
    return [
        f"{name}:{node.lineno} has {ast.unparse(node)}"
        for node in ast.walk(ast.parse(source))
        if (isinstance(node, ast.Name) and node.id in ("Output", "Input"))
        or (isinstance(node, ast.Attribute) and node.attr in ("Output", "Input"))
    ]


def boolean_keys(name: str, text: str) -> list[str]:
    """A YAML key that YAML 1.1 takes for true or false."""
    return [
        f"{name}:{node.start_mark.line + 1} has the key '{node.value}'"
        for node in _keys(yaml.compose(text, Loader=yaml.SafeLoader))
        if node.style is None and str(node.value).lower() in BOOLEAN_WORDS
    ]


def _keys(node: yaml.Node | None) -> Iterator[yaml.ScalarNode]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                yield key
            yield from _keys(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _keys(item)


_DECISIONS = (
    ast.If,
    ast.IfExp,
    ast.For,
    ast.While,
    ast.Match,
    ast.Try,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
)


def decisions_in_apply(name: str, source: str) -> list[str]:
    """An `apply` that does more than format: a condition, or a loop."""
    tree = ast.parse(source)
    functions = {n.name: n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
    found = []
    for call in ast.walk(tree):
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
            continue
        if call.func.attr != "apply" or not call.args:
            continue
        given: ast.AST = call.args[0]
        if isinstance(given, ast.Name) and given.id in functions:
            given = functions[given.id]
        for node in ast.walk(given):
            if isinstance(node, _DECISIONS):
                found.append(f"{name}:{call.lineno} has {type(node).__name__} inside of apply")
    return found


def places(root: Path, interpreter: str, home: Path) -> tuple[str, ...]:
    """Folders that only this machine has."""
    usual = {"/", "/tmp", "/root", "/home", "/srv", "/opt", "/usr", "/usr/local"}  # noqa: S108
    found = {str(root), str(root.parent), str(root.parent / "shared"), interpreter, str(home)}
    return tuple(sorted(found - usual))


def machine_paths(name: str, text: str, folders: Iterable[str]) -> list[str]:
    """A folder of this machine in a file."""
    return [
        f"{name} has {folder}"
        for folder in folders
        if re.search(rf"(?<![\w.~/-]){re.escape(folder)}(?![\w.-])", text)
    ]


def registry_hosts() -> frozenset[str]:
    """Hosts of package registries, as this machine's own clients are set to them."""
    settings = ("PROXY", "INDEX_URL", "REGISTRY")
    said = [value for key, value in os.environ.items() if key.upper().endswith(settings)]
    for command in (
        [sys.executable, "-m", "pip", "config", "list"],
        ["go", "env", "GOPROXY", "GOSUMDB"],
        ["npm", "config", "get", "registry"],
    ):
        if shutil.which(command[0]):
            result = subprocess.run(command, capture_output=True, text=True, check=False)
            said.append(result.stdout)
    apt = Path("/etc/apt")
    for file in (*apt.glob("sources.list"), *apt.glob("sources.list.d/*")):
        said.append(file.read_text(errors="replace"))
    return hosts("\n".join(said))


def hosts(text: str) -> frozenset[str]:
    """The hosts of all URLs in a text, except what everybody's machine is called."""
    found = set(re.findall(r"https?://(?:[^/\s@]*@)?([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)", text))
    return frozenset(h for h in found if not re.fullmatch(r"[\d.]+|localhost|github\.com", h))


def hosts_in(name: str, text: str, names: Iterable[str]) -> list[str]:
    """A host of a package registry in a file; the host itself is not repeated."""
    return [f"{name} names a package registry" for host in names if host in text]

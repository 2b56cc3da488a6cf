"""Reads the shape of a resource twice: from the installed SDK's classes, and from a schema."""

from __future__ import annotations

import collections.abc
import inspect
import json
import types
import typing
from pathlib import Path
from typing import Any

import pulumi
from pulumi import _types

Shape = dict[str, str]


def sdk_inputs(arguments: type, prefix: str = "") -> Shape:
    """`{"networks[].ip": "string", …}`; a required property ends in an exclamation mark."""
    shape: Shape = {}
    names = _types.input_type_py_to_pulumi_names(arguments)
    # Input[…] names its own Output[T] by text.
    words = {"Output": pulumi.Output, "T": typing.TypeVar("T")}
    hints = typing.get_type_hints(arguments.__init__, localns=words)  # type: ignore[misc]
    for name, parameter in inspect.signature(arguments).parameters.items():
        required = "!" if parameter.default is inspect.Parameter.empty else ""
        add_python(shape, prefix + names.get(name, name), hints[name], required)
    return shape


def add_python(shape: Shape, path: str, hint: Any, required: str = "") -> None:
    hint = bare(hint)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is collections.abc.Sequence:
        shape[path] = "array" + required
        add_python(shape, path + "[]", arguments[0])
    elif origin is collections.abc.Mapping:
        shape[path] = "map" + required
        add_python(shape, path + "{}", arguments[1])
    elif _types.is_input_type(hint):
        shape[path] = "object" + required
        shape.update(sdk_inputs(hint, path + "."))
    else:
        words = {str: "string", bool: "boolean", int: "number", float: "number"}
        shape[path] = words.get(hint, "any") + required


def bare(hint: Any) -> Any:
    """Takes Optional and Input away."""
    while typing.get_origin(hint) in (typing.Union, types.UnionType):
        first = [
            one
            for one in typing.get_args(hint)
            if one is not type(None)
            and typing.get_origin(one) not in (collections.abc.Awaitable, pulumi.Output)
        ]
        hint = first[0]
    return hint


def sdk_outputs(resource: type) -> set[str]:
    getters = [
        one.fget for _, one in inspect.getmembers(resource, lambda m: isinstance(m, property))
    ]
    return {
        getattr(one, "_pulumi_name", one.__name__)
        for one in getters
        if one.__name__ not in ("urn", "id", "pulumi_resource_type", "pulumi_resource_name")
    }


def schema_inputs(schema: dict[str, Any], properties: dict[str, Any], required: list[str],
                  prefix: str = "") -> Shape:  # fmt: skip
    shape: Shape = {}
    for name, each in properties.items():
        add_schema(schema, shape, prefix + name, each, "!" if name in required else "")
    return shape


def add_schema(
    schema: dict[str, Any], shape: Shape, path: str, spec: dict[str, Any], required: str = ""
) -> None:
    if "$ref" in spec:
        if not spec["$ref"].startswith("#/types/"):
            shape[path] = "any" + required
            return
        spec = schema["types"][spec["$ref"].removeprefix("#/types/")]
        if "properties" in spec:
            shape[path] = "object" + required
            inner = schema_inputs(schema, spec["properties"], spec.get("required", []), path + ".")
            shape.update(inner)
            return
    kind = spec.get("type", "any")
    if kind == "array":
        shape[path] = "array" + required
        add_schema(schema, shape, path + "[]", spec["items"])
    elif kind == "object":
        shape[path] = "map" + required
        add_schema(schema, shape, path + "{}", spec["additionalProperties"])
    else:
        shape[path] = {"integer": "number"}.get(kind, kind) + required


def differences(schema_file: Path, token: str, resource: type, arguments: type) -> set[str]:
    """One line for each property that SDK and schema do not agree on."""
    schema = json.loads(schema_file.read_text())
    spec = schema["resources"][token]
    ours = schema_inputs(schema, spec["inputProperties"], spec.get("requiredInputs", []))
    theirs = sdk_inputs(arguments)
    found = {
        f"{path}: SDK {theirs.get(path, 'without')}, plugin {ours.get(path, 'without')}"
        for path in ours.keys() | theirs.keys()
        if ours.get(path) != theirs.get(path)
    }
    outputs = sdk_outputs(resource) ^ set(spec["properties"])
    return found | {f"output {name}" for name in outputs if name not in ours.keys() ^ theirs.keys()}

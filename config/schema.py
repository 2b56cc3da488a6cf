"""The JSON Schema that editors use, made from the models: `estate schema`."""

from __future__ import annotations

from typing import Any

import services
from config.environment import Environment
from config.system import SystemShape


def system_schema() -> dict[str, Any]:
    """The schema of `config/systems/*.yaml`, with every kind of service."""
    schema = SystemShape.model_json_schema()
    definitions = schema.setdefault("$defs", {})
    branches = []
    for name in services.known():
        settings = services.kind(name).Settings.model_json_schema()
        definitions.update(settings.pop("$defs", {}))
        settings["properties"]["kind"] = {"const": name, "title": "Kind"}
        definitions[f"service_{name}"] = settings
        branches.append(
            {
                "if": {"properties": {"kind": {"const": name}}},
                "then": {"$ref": f"#/$defs/service_{name}"},
            }
        )
    definitions["StackSettings"]["properties"]["services"]["patternProperties"] = {
        "^[a-z][a-z0-9-]{0,40}$": {
            "type": "object",
            "required": ["kind"],
            "properties": {"kind": {"enum": list(services.known())}},
            "allOf": branches,
        }
    }
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "A system of estate"
    return schema


def stack_schema() -> dict[str, Any]:
    """The schema of `Pulumi.<stack>.yaml`; keys of other projects and secrets are left free."""
    shape = Environment.model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A stack of estate",
        "type": "object",
        "properties": {
            "config": {
                "type": "object",
                "properties": {
                    f"estate:{name}": value for name, value in shape["properties"].items()
                },
                "required": [f"estate:{name}" for name in shape["required"]],
            }
        },
        "$defs": shape.get("$defs", {}),
    }

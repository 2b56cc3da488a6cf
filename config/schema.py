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
    _close(schema)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "A system of estate"
    return schema


def _close(schema: Any) -> None:
    # A name that no pattern allows is an error, as it is to the models.
    if isinstance(schema, dict):
        if "patternProperties" in schema:
            schema.setdefault("additionalProperties", False)
        for value in schema.values():
            _close(value)


def stack_schema() -> dict[str, Any]:
    """The schema of `Pulumi.<stack>.yaml`; what is no key of ours can only be a secret."""
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
                "patternProperties": {
                    f"^estate:(?!({'|'.join(shape['properties'])})$)": {
                        "type": "object",
                        "required": ["secure"],
                        "properties": {"secure": {"type": "string"}},
                        "additionalProperties": False,
                    }
                },
                "required": [f"estate:{name}" for name in shape["required"]],
            }
        },
        "$defs": shape.get("$defs", {}),
    }

"""YAML in which a key stands once: the parser's own habit is to let the last one win silently."""

from __future__ import annotations

from typing import Any

import yaml

# libyaml where the wheel has it: ten times as fast, the same language.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _StrictLoader(_Loader):  # type: ignore[misc]
    """Refuses a mapping with the same key twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        lines: dict[Any, int] = {}
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            line = key_node.start_mark.line + 1
            if isinstance(key, str) and key in lines:
                raise yaml.YAMLError(f"'{key}' stands twice, in line {lines[key]} and {line}")
            if isinstance(key, str):
                lines[key] = line
        return dict(super().construct_mapping(node, deep))


def parse(text: str) -> Any:
    """The document's content; yaml.YAMLError where it is not YAML, or says a thing twice."""
    try:
        return yaml.load(text, _StrictLoader)  # noqa: S506 - a SafeLoader, see above
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise yaml.YAMLError(f"{place}{error.problem}") from None

"""Holds every answer against the provider's own description of it."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import jsonschema

SPECS = Path(__file__).resolve().parents[3].parent / "shared" / "specs"
HETZNER = SPECS / "hetzner-cloud-openapi.json"
CLOUDFLARE = SPECS / "cloudflare-dns-openapi.json"
NEWER_THAN_DESCRIPTION = ("/dns_records/batch",)
BASES = {"/v1": HETZNER, "/client/v4": CLOUDFLARE}


def are_present() -> bool:
    return HETZNER.exists() and CLOUDFLARE.exists()


def check(response: httpx.Response) -> None:
    """AssertionError where the answer is not what the description says."""
    request = response.request
    path = request.url.path
    base = next((base for base in BASES if path.startswith(base + "/")), None)
    if base is None or response.status_code in (401, 501) or not are_present():
        return
    if path.endswith(NEWER_THAN_DESCRIPTION):
        return
    found = _operation(BASES[base], request.method, path.removeprefix(base))
    assert found is not None, f"the provider has no call {request.method} {path}"
    if response.status_code == 204:
        assert "204" in found["responses"], f"{request.method} {path} does not answer 204"
        assert response.content == b""
        return
    assert response.headers["Content-Type"].startswith("application/json")
    schema = _schema(BASES[base], found, response)
    validator = jsonschema.Draft4Validator(schema | {"components": _components(BASES[base])})
    problems = [
        f"{'/'.join(str(part) for part in problem.absolute_path)}: {problem.message[:300]}"
        for problem in validator.iter_errors(response.json())
    ]
    assert problems == [], f"{request.method} {path} {response.status_code}"


def _schema(spec: Path, operation: dict[str, Any], response: httpx.Response) -> dict[str, Any]:
    responses = {key.lower(): value for key, value in operation["responses"].items()}
    status = str(response.status_code)
    if spec == CLOUDFLARE and status != "200":
        # Its 4xx schemas demand `success` true and false at once; the second half is meant.
        return {"$ref": "#/components/schemas/dns-records_api-response-common-failure"}
    described = responses.get(status) or responses.get(f"{status[0]}xx")
    assert described, f"{operation.get('operationId')} does not answer {status}"
    converted: dict[str, Any] = _convert(described["content"]["application/json"]["schema"])
    return converted


@cache
def _document(spec: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(spec.read_text())
    return document


@cache
def _components(spec: Path) -> dict[str, Any]:
    converted: dict[str, Any] = _convert(_document(spec)["components"])
    if spec == CLOUDFLARE:
        # Recorded answers of 2025 have `comment: null`; this description, of 2024, forbids it.
        for schema in converted["schemas"].values():
            for part in [schema, *schema.get("allOf", [])]:
                if "comment" in part.get("properties", {}):
                    part["properties"]["comment"] = {"type": ["string", "null"]}
    return converted


def _convert(node: Any) -> Any:
    """OpenAPI 3.0's `nullable` is not JSON Schema's."""
    if isinstance(node, list):
        return [_convert(part) for part in node]
    if not isinstance(node, dict):
        return node
    plain = {key: _convert(value) for key, value in node.items() if key != "nullable"}
    if node.get("nullable") is True:
        return {"anyOf": [plain, {"type": "null"}]}
    return plain


@cache
def _operation(spec: Path, method: str, path: str) -> dict[str, Any] | None:
    # A path with fewer placeholders is the more exact one.
    for template, item in sorted(
        _document(spec)["paths"].items(), key=lambda entry: str(entry[0]).count("{")
    ):
        if method.lower() in item and re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), path):
            operation: dict[str, Any] = item[method.lower()]
            return operation
    return None

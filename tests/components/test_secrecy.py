"""A secret reaches the engine marked as one, wherever it is part of something, and nowhere else."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from blueprint.parts import Secret as Name
from components.secrets import render
from tests.components.program import SECRETS, Recorder, Secret

# Of keys only the middle line tells one from another.
TELLING = {
    name: value.splitlines()[1] if "KEY-----" in value else value for name, value in SECRETS.items()
}
WHERE_SECRETS_MAY_BE = {
    ("hcloud:index/server:Server", "userData"),
    ("docker:index/container:Container", "envs"),
    ("command:remote:Command", "connection"),
    ("command:remote:Command", "stdin"),
}


def test_no_secret_stands_in_the_open(made: Recorder) -> None:
    for key, request in made.requests.items():
        assert_open(request.inputs, str(key))
    assert_open(made.outputs, "outputs")


def test_secrets_are_in_these_inputs_alone(made: Recorder) -> None:
    found = {
        (kind, name)
        for (kind, _), request in made.requests.items()
        for name, value in request.inputs.items()
        if hidden(value)
    }
    assert found <= WHERE_SECRETS_MAY_BE
    assert ("hcloud:index/server:Server", "userData") in found


def test_the_clouds_tokens_are_the_providers_business_alone(made: Recorder) -> None:
    everything = json.dumps(
        [uncovered(request.inputs) for request in made.requests.values()]
        + [uncovered(made.outputs)]
    )
    assert SECRETS["hcloud:token"] not in everything
    assert SECRETS["cloudflare:apiToken"] not in everything


def test_no_secret_is_on_a_command_line(made: Recorder) -> None:
    for (kind, name), request in made.requests.items():
        if kind == "command:remote:Command":
            assert isinstance(request.inputs["create"], str), name
            assert not {"update", "delete", "environment"} & request.inputs.keys(), name


def test_a_look_for_secrets_finds_one_in_the_open() -> None:
    for value in TELLING.values():
        with pytest.raises(AssertionError):
            assert_open({"deep": [{"envs": f"A={value}"}]}, "planted")
        with pytest.raises(AssertionError):
            assert_open({"deep": quote(value, safe="")}, "planted")
        assert_open({"deep": [Secret(f"A={value}")]}, "covered")


def test_text_is_joined_and_only_what_is_part_of_a_url_is_encoded() -> None:
    value = ("a:", Name("x"), "@", Name("x", "url"), "/", Name("y", "url"))
    assert render(value, {"x": "p@/é %", "y": ""}) == "a:p@/é %@p%40%2F%C3%A9%20%25/"


def assert_open(value: Any, where: str) -> None:
    """Nothing of a secret is in what is not marked as one, plain or percent-encoded."""
    text = "\n".join(texts(value))
    for name, telling in TELLING.items():
        assert telling not in text, f"{name} stands in the open in {where}"
        assert quote(telling, safe="") not in text, f"{name} stands in the open in {where}"


def texts(value: Any) -> list[str]:
    """Every text in it that is not marked as secret."""
    if isinstance(value, Secret):
        return []
    if isinstance(value, dict):
        return [text for pair in value.items() for part in pair for text in texts(part)]
    if isinstance(value, list):
        return [text for item in value for text in texts(item)]
    return [str(value)]


def hidden(value: Any) -> bool:
    """Whether something in it is marked as secret."""
    if isinstance(value, dict):
        return any(hidden(inner) for inner in value.values())
    if isinstance(value, list):
        return any(hidden(inner) for inner in value)
    return isinstance(value, Secret)


def uncovered(value: Any) -> Any:
    """The same with every mark taken off."""
    if isinstance(value, Secret):
        return uncovered(value.value)
    if isinstance(value, dict):
        return {key: uncovered(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [uncovered(inner) for inner in value]
    return value

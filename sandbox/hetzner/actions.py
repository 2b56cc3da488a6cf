"""Actions: the provider's promise to do something, and what became of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sandbox.cloud import Cloud, now
from sandbox.hetzner.errors import Refusal, invalid, not_found
from sandbox.hetzner.wire import Answer, Call, Route, listing
from sandbox.underneath import MachineError

log = logging.getLogger("sandbox.hetzner")

# More than any client asks for again; the rest is forgotten, oldest first.
REMEMBERED = 500


@dataclass
class Resource:
    id: int
    type: str


@dataclass
class Failure:
    code: str
    message: str


@dataclass
class Action:
    id: int
    command: str
    resources: list[Resource]
    started: str
    status: str = "running"
    progress: int = 0
    finished: str | None = None
    error: Failure | None = None


@dataclass(frozen=True)
class Step:
    """`work` runs on machines without the lock; `then` and `otherwise` change the state."""

    action_id: int
    work: Callable[[], None]
    then: Callable[[], None] = field(default=lambda: None)
    otherwise: Callable[[], None] = field(default=lambda: None)


def begin(cloud: Cloud, command: str, *resources: tuple[str, int]) -> Action:
    table = cloud.store.table(Action)
    action = Action(
        id=cloud.store.next_id(Action),
        command=command,
        resources=[Resource(id=id, type=type) for type, id in resources],
        started=now(),
    )
    table[action.id] = action
    for old in [a.id for a in table.values() if a.status != "running"][:-REMEMBERED]:
        del table[old]
    return action


def at_once(cloud: Cloud, command: str, *resources: tuple[str, int]) -> dict[str, Any]:
    """An action without work on a machine: done, but answered as `running`, as Hetzner does."""
    action = begin(cloud, command, *resources)
    answer = asdict(action)
    finish(action)
    return answer


def finish(action: Action, failure: Failure | None = None) -> None:
    action.status = "error" if failure else "success"
    action.error = failure
    action.progress = 100
    action.finished = now()


def carry_out(cloud: Cloud, *steps: Step) -> None:
    """One after the other, off the request; when one fails, the rest fail with it."""
    cloud.store.afterwards(lambda: cloud.jobs.submit(lambda: _run(cloud, steps)))


def _run(cloud: Cloud, steps: Sequence[Step]) -> None:
    failure: Failure | None = None
    for step in steps:
        if failure is None:
            failure = _attempt(step)
        with cloud.store.change():
            (step.otherwise if failure else step.then)()
            action = cloud.store.table(Action).get(step.action_id)
            if action:  # forgotten by a reset meanwhile
                finish(action, failure)


def _attempt(step: Step) -> Failure | None:
    try:
        step.work()
    except MachineError as problem:
        log.warning("action %s failed: %s", step.action_id, problem)
        return Failure("action_failed", str(problem))
    except Exception as problem:
        log.exception("action %s failed", step.action_id)
        return Failure("action_failed", f"{type(problem).__name__} in the local cloud, see its log")
    return None


def is_locked(cloud: Cloud, type: str, id: int) -> bool:
    wanted = Resource(id=id, type=type)
    return any(
        action.status == "running" and wanted in action.resources
        for action in cloud.store.table(Action).values()
    )


def refuse_if_locked(cloud: Cloud, type: str, id: int) -> None:
    if is_locked(cloud, type, id):
        raise Refusal("locked", f"cannot perform operation because {type} is locked")


def abandon(cloud: Cloud) -> None:
    """What ran when the local cloud was stopped is not running any more."""
    for action in cloud.store.table(Action).values():
        if action.status == "running":
            finish(action, Failure("action_failed", "the local cloud was stopped meanwhile"))


def routes_of(plural: str, type: str) -> list[Route]:
    """The action listings every resource has."""

    def of_all(call: Call) -> Answer:
        return _list(call, [a for a in _all(call) if _concerns(a, type)])

    def of_one(call: Call) -> Answer:
        return _list(call, [a for a in _all(call) if _concerns(a, type, call.id)])

    def one_of_one(call: Call) -> Answer:
        action = _find(call, call.number("action_id"))
        if not _concerns(action, type, call.id):
            raise not_found("action", action.id)
        return Answer({"action": asdict(action)})

    return [
        Route("GET", f"/{plural}/actions", of_all),
        Route("GET", f"/{plural}/actions/{{id}}", show),
        Route("GET", f"/{plural}/{{id}}/actions", of_one),
        Route("GET", f"/{plural}/{{id}}/actions/{{action_id}}", one_of_one),
    ]


def index(call: Call) -> Answer:
    if not call.asked("id"):
        raise Refusal(
            "deprecated_api_endpoint",
            "listing all actions is no longer possible, ask for them by id",
            {
                "announcement": "https://docs.hetzner.cloud/changelog#2023-07-20-actions-list"
                "-endpoint-is-deprecated"
            },
        )
    return _list(call, _all(call))


def show(call: Call) -> Answer:
    return Answer({"action": asdict(_find(call, call.id))})


def _list(call: Call, chosen: Sequence[Action]) -> Answer:
    for text in call.asked("id"):
        if not text.isdecimal():
            raise invalid(id="must be an integer")
    return listing(
        call,
        "actions",
        [asdict(action) for action in chosen],
        filters=("id", "status"),
        sorts=("id", "command", "status", "progress", "started", "finished"),
    )


def _all(call: Call) -> list[Action]:
    return list(call.cloud.store.table(Action).values())


def _find(call: Call, id: int) -> Action:
    action = call.cloud.store.table(Action).get(id)
    if action is None:
        raise not_found("action", id)
    return action


def _concerns(action: Action, type: str, id: int | None = None) -> bool:
    return any(r.type == type and id in (None, r.id) for r in action.resources)


routes = [Route("GET", "/actions", index), Route("GET", "/actions/{id}", show)]

"""Whole processes, timed in turn: wall seconds and the peak memory of the largest process."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

_MB = 1024


@dataclass(frozen=True)
class Run:
    """One finished run."""

    seconds: float
    peak_mb: float


@dataclass(frozen=True)
class Figure:
    """The middle of several runs."""

    name: str
    seconds: float
    fastest: float
    slowest: float
    peak_mb: float


def once(command: Sequence[str], folder: Path, environment: dict[str, str]) -> Run:
    """Runs a command to its end; a failure is an error, with what it said."""
    started = time.perf_counter()
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout is not None
        said = process.stdout.read()
        # wait4 tells of this process and those that it waited for, and of nobody else.
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {said.decode()}")
    return Run(time.perf_counter() - started, usage.ru_maxrss / _MB)


def figure(name: str, runs: Sequence[Run]) -> Figure:
    """Median time and largest memory of some runs."""
    seconds = [run.seconds for run in runs]
    return Figure(
        name,
        statistics.median(seconds),
        min(seconds),
        max(seconds),
        max(run.peak_mb for run in runs),
    )


def in_turn(
    named: dict[str, Callable[[], Run]], times: int, say: Callable[[str], None]
) -> dict[str, Figure]:
    """Runs each in turn, several times after a warm-up, so that a drifting machine hits all."""
    runs: dict[str, list[Run]] = {name: [] for name in named}
    for turn in range(times + 1):
        for name, run in named.items():
            result = run()
            if turn:
                runs[name].append(result)
        say(f"  turn {turn} of {times}")
    return {name: figure(name, done) for name, done in runs.items()}

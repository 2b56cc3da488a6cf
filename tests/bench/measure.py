"""Whole processes, timed in turn: wall seconds and the peak memory of the largest process."""

from __future__ import annotations

import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

_KB_PER_MB = 1024
_SAMPLE_SECONDS = 0.05


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


@dataclass
class _Watch:
    """The largest resident set of a process and its descendants, each by itself (VmHWM)."""

    root: int
    peak_kb: int = 0
    ended: threading.Event = field(default_factory=threading.Event)

    def follow(self) -> None:
        while not self.ended.wait(_SAMPLE_SECONDS):
            for pid in _family(self.root):
                self.peak_kb = max(self.peak_kb, _high_water_kb(pid))


def _family(root: int) -> list[int]:
    """A process and all below it, from /proc."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError, IndexError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                parents.setdefault(int(fields[1]), []).append(int(entry.name))
    family = [root]
    for pid in family:
        family += parents.get(pid, [])
    return family


def _high_water_kb(pid: int) -> int:
    with suppress(OSError, IndexError):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        found = (int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
        return next(found, 0)  # a process that has ended, but not yet been waited for, has none
    return 0


def once(command: Sequence[str], folder: Path, environment: dict[str, str]) -> Run:
    """Runs a command to its end; a failure is an error, with what it said."""
    started = time.perf_counter()
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        watch = _Watch(process.pid)
        follower = threading.Thread(target=watch.follow)
        follower.start()
        said, _ = process.communicate()
        seconds = time.perf_counter() - started
        watch.ended.set()
        follower.join()
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {said.decode()}")
    return Run(seconds, watch.peak_kb / _KB_PER_MB)


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

"""Work on machines that outlives the request which asked for it: a few threads, no timers."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Lock

log = logging.getLogger("sandbox.jobs")


class Jobs:
    def __init__(self, threads: int = 8) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="job")
        self._lock = Lock()
        self._open: set[Future[None]] = set()

    def submit(self, work: Callable[[], None]) -> None:
        with self._lock:
            future = self._pool.submit(self._run, work)
            self._open.add(future)
        future.add_done_callback(self._close)

    def pending(self) -> int:
        with self._lock:
            return len(self._open)

    def drain(self) -> None:
        """Return when nothing is under way, what was begun meanwhile included."""
        while True:
            with self._lock:
                under_way = list(self._open)
            if not under_way:
                return
            wait(under_way)

    def stop(self) -> None:
        """Finish what runs; what has not begun is taken up again after the next start."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception:
            log.exception("a job failed without telling anybody")

    def _close(self, future: Future[None]) -> None:
        with self._lock:
            self._open.discard(future)

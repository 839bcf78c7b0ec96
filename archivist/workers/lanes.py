"""Lanes that work on one page at a time each, and the hands that feed them."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class WorkerLost(Exception):
    """The worker that had a page ended before the page came back; `slow` says that its time was up."""

    def __init__(self, slow: bool) -> None:
        super().__init__(slow)
        self.slow = slow


class Lane(Protocol):
    """Works on one task at a time."""

    def run(self, work: Callable[[T], R], task: T) -> R:
        """Return what `work` makes of `task` and raise what it raises; WorkerLost where it never came back."""

    def close(self) -> None:
        """Let go of what works here; a task under way is given up."""


class Workers:
    """So many lanes, each with one page at a time; `threads` is how many threads a page may use there.

    A lane whose worker ended goes on with another, so that workers never end as a whole.
    """

    def __init__(self, lanes: Sequence[Lane], threads: int = 1, release: Callable[[], None] = lambda: None) -> None:
        """Work on `lanes`; `release` is called when they are closed."""
        self.count, self.threads = len(lanes), threads
        self._lanes, self._release = lanes, release
        self._free: SimpleQueue[Lane] = SimpleQueue()
        for lane in lanes:
            self._free.put(lane)
        self._hands = ThreadPoolExecutor(self.count, thread_name_prefix="worker")

    def submit(self, work: Callable[[T], R], task: T) -> Future[R]:
        """Have `work` done on `task` when a lane is free.

        The future raises what `work` raises, WorkerLost where the worker ended, ArchivistError where all have gone.
        """
        return self._hands.submit(self._run, work, task)

    def _run(self, work: Callable[[T], R], task: T) -> R:
        lane = self._free.get()
        try:
            return lane.run(work, task)
        finally:
            self._free.put(lane)

    def close(self) -> None:
        """Give up what is under way and let the workers go."""
        self._hands.shutdown(wait=False, cancel_futures=True)
        for lane in self._lanes:
            lane.close()
        self._hands.shutdown()
        self._release()


def answer(work: Callable[[T], R], task: T) -> tuple[bool, Any]:
    """Return whether `work` came to an end with `task`, and what it made of it, or what it raised."""
    _let_tesseract_be_single()
    try:
        return True, work(task)
    except Exception as error:
        return False, error


def _let_tesseract_be_single() -> None:
    # Tesseract's own threads wait for each other: on two cores they take three times the processor's time and longer.
    os.environ.setdefault("OMP_THREAD_LIMIT", "1")

"""A lane that is a process of this machine."""

import os
import signal
from collections.abc import Callable
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from threading import Lock, Thread, Timer
from time import monotonic
from typing import TypeVar

from archivist.errors import ArchivistError
from archivist.language import gettext as _
from archivist.limits import Limited, Limits
from archivist.workers.lanes import WorkerLost, answer

T = TypeVar("T")
R = TypeVar("R")

#: How long a process is waited for that should have ended itself: one that was stopped cannot.
_GRACE = 5.0
#: How long a process may take to start.
_START = 120.0


class Process:
    """One process of this machine, begun when it is needed and anew after it has ended; it ends with this one."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._running, self._changing = Lock(), Lock()
        self._living: tuple[BaseProcess, Connection] | None = None
        self._closed = False

    def run(self, work: Callable[[T], R], task: T) -> R:
        """Return what `work` makes of `task`; WorkerLost, ArchivistError where no process can be started."""
        with self._running:
            process, pipe = self._begun()
            began = monotonic()
            watch = _Watch(process, self._limits.seconds + _GRACE)
            came = False
            try:
                pipe.send((work, task))
                done, result = pipe.recv()
                came = True
            except (EOFError, OSError) as error:
                raise WorkerLost(monotonic() - began >= self._limits.seconds) from error
            finally:
                # What else broke off, as Ctrl-C does, left the answer of an old task in the pipe.
                if watch.over() or not came:
                    self._end()
        if done:
            return result  # type: ignore[no-any-return]
        raise result

    def close(self) -> None:
        """End the process, whatever it is at."""
        with self._changing:
            self._closed = True
            if self._living:
                self._living[0].kill()
        # A task under way has lost its process and returns at once.
        with self._running:
            self._end()

    def _begun(self) -> tuple[BaseProcess, Connection]:
        if self._living and self._living[0].is_alive():
            return self._living
        self._end()
        # A fresh interpreter each: forking a process that has started threads can hang.
        context = get_context("spawn")
        here, there = context.Pipe()
        process = context.Process(target=_serve, args=(there, self._limits), daemon=True)
        with self._changing:
            if self._closed:
                raise WorkerLost(False)
            process.start()
            self._living = process, here
        # So that the end of the process is the end of the pipe.
        there.close()
        try:
            if not here.poll(_START):
                raise TimeoutError
            here.recv()
        except (EOFError, OSError) as error:
            self._end()
            if self._closed:
                raise WorkerLost(False) from error
            raise ArchivistError(_("a process to read pages in did not start; is there memory enough?")) from error
        return process, here

    def _end(self) -> None:
        with self._changing:
            living, self._living = self._living, None
        if living:
            process, pipe = living
            process.kill()
            process.join()
            process.close()
            pipe.close()


class _Watch:
    """Kills a process when its time is up, unless it is over before."""

    def __init__(self, process: BaseProcess, seconds: float) -> None:
        self._process = process
        self._struck = False
        self._timer = Timer(seconds, self._strike)
        self._timer.daemon = True
        self._timer.start()

    def over(self) -> bool:
        """Watch no longer, and return whether the process was killed."""
        self._timer.cancel()
        self._timer.join()
        return self._struck

    def _strike(self) -> None:
        self._struck = True
        self._process.kill()


def _serve(pipe: Connection, limits: Limits) -> None:
    """Work on what comes through `pipe`, one task after the other, until it is closed."""
    # Ctrl-C is for the parent to answer.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()
    pipe.send(None)
    while True:
        try:
            work, task = pipe.recv()
        except EOFError:
            return
        pipe.send(answer(Limited(work, limits), task))
        # Not kept until the next one comes.
        del work, task


def _end_with_parent() -> None:
    if parent := parent_process():
        parent.join()
        os._exit(1)

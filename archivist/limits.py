"""What one page may cost: seconds and memory, enforced in the process that reads it."""

import errno
import faulthandler
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from typing import Generic, TypeVar

try:
    import resource
except ImportError:  # pragma: no cover - Windows knows no such limit
    resource = None  # type: ignore[assignment]

T = TypeVar("T")
R = TypeVar("R")

#: The sixth number counts the pages of memory that hold data (Linux, proc(5)).
_STATM = Path("/proc/self/statm")
#: What libraries written in C say instead of raising MemoryError.
_SAID = ("bad_alloc", "bad allocation", "Insufficient memory", "Failed to allocate", "Cannot allocate memory")
#: Readers, the clock and the memory limit belong to the process, whatever number of threads it was given.
_alone = RLock()


@dataclass(frozen=True, slots=True)
class Limits:
    """What a page may take: `seconds` of time, and bytes of `memory` besides what its process has already."""

    seconds: float
    memory: int


@dataclass(frozen=True, slots=True)
class Limited(Generic[T, R]):
    """`work` within `limits`, one task at a time in each process.

    A task that takes too long ends the process: only that stops a library that never comes back. One that asks for
    too much memory is refused it, which `out_of_memory` recognises in what it raises.
    """

    work: Callable[[T], R]
    limits: Limits

    def __call__(self, task: T) -> R:
        """Return what `work` makes of `task`."""
        with _alone, _time(self.limits.seconds), _memory(self.limits.memory):
            return self.work(task)


def out_of_memory(error: BaseException) -> bool:
    """Return whether `error`, or what it came from, says that a page was refused memory."""
    link: BaseException | None = error
    while link is not None:
        if isinstance(link, MemoryError) or (isinstance(link, OSError) and link.errno == errno.ENOMEM):
            return True
        if any(words in str(link) for words in _SAID):
            return True
        link = link.__cause__ or link.__context__
    return False


@contextmanager
def _time(seconds: float) -> Iterator[None]:
    # The only clock of the standard library that runs in code which never lets go of the interpreter.
    with open(os.devnull, "w", encoding="ascii") as nowhere:  # noqa: PTH123 - os.devnull is no path on Windows
        faulthandler.dump_traceback_later(seconds, exit=True, file=nowhere)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()


@contextmanager
def _memory(most: int) -> Iterator[None]:
    if resource is None or not _STATM.exists():
        yield
        return
    before, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = int(_STATM.read_text("ascii").split()[5]) * resource.getpagesize() + most
    allowed = [bound for bound in (before, hard) if bound != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_DATA, (min([wanted, *allowed]), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (before, hard))

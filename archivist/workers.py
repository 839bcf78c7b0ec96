"""Where pages are worked on: processes of this machine, or those of a Dask cluster; one page at a time each.

A page whose worker ends (killed, out of memory, beyond its time) comes back as WorkerLost, and the others go on.
"""

import json
import logging
import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from gettext import gettext as _
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from platform import node
from queue import SimpleQueue
from threading import Lock, Thread, Timer
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

from archivist import recipes
from archivist.errors import ArchivistError, NotInstalled, UnreadableScan
from archivist.limits import Limited, Limits
from archivist.settings import cores

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["Lane", "Limits", "Porter", "WorkerLost", "Workers", "start"]

T = TypeVar("T")
R = TypeVar("R")

#: How long a process is waited for that should have ended itself: one that was stopped cannot.
_GRACE = 5.0
#: What one scan may cost that is only looked at.
_LOOK = Limits(60, 2 << 30)
#: How long a scheduler may take to answer, and how often it is asked whether it has workers still.
_PATIENCE, _INTERVAL = 20, 15


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


def start(where: int | str, limits: Limits) -> Workers:
    """Return workers that hold each page to `limits`: `where` many processes here, or those of a Dask scheduler.

    Raises NotInstalled where Dask is missing, ArchivistError where its scheduler (`tcp://host:8786`, `tls://…`) cannot
    be reached, has no workers, or has some that would not read as this program does.
    """
    if isinstance(where, int):
        return Workers([_Process(limits) for _number in range(where)], max(cores() // where, 1))
    return _on_dask(where, limits)


class Porter:
    """A process that looks first at what came from elsewhere, so that no damaged scan can harm the one that writes."""

    def __init__(self) -> None:
        self._process = _Process(_LOOK)

    def look(self, data: bytes) -> tuple[str, int]:
        """Return media type and number of pages of the scan `data`; a ScanError where it cannot be used."""
        try:
            return self._look(data)
        except WorkerLost:
            # It may have been the porter that was ended, not the scan that ended it.
            try:
                return self._look(data)
            except WorkerLost as error:
                if error.slow:
                    text = _("its pages could not be counted within {seconds:.0f} seconds; copy or scan it again")
                    raise UnreadableScan(text.format(seconds=_LOOK.seconds)) from error
                text = _("it ends the program that opens it; it is damaged or made to do harm, copy or scan it again")
                raise UnreadableScan(text) from error

    def _look(self, data: bytes) -> tuple[str, int]:
        return self._process.run(_kind_and_pages, data)

    def close(self) -> None:
        """End the process."""
        self._process.close()


def _kind_and_pages(data: bytes) -> tuple[str, int]:
    from archivist.image.open import media_type, page_count

    return media_type(data), page_count(data)


class _Process:
    """One process of this machine, begun when it is needed and anew after it has ended; it ends with this one."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._running, self._changing = Lock(), Lock()
        self._living: tuple[BaseProcess, Connection] | None = None
        self._closed = False

    def run(self, work: Callable[[T], R], task: T) -> R:
        with self._running:
            process, pipe = self._begun()
            began = monotonic()
            watch = _Watch(process, self._limits.seconds + _GRACE)
            try:
                pipe.send((work, task))
                done, answer = pipe.recv()
            except (EOFError, OSError) as error:
                self._end()
                raise WorkerLost(monotonic() - began >= self._limits.seconds) from error
            finally:
                if watch.over():
                    self._end()
        if done:
            return answer  # type: ignore[no-any-return]
        raise answer

    def close(self) -> None:
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
            here.recv()
        except (EOFError, OSError) as error:
            self._end()
            if self._closed:
                raise WorkerLost(False) from error
            text = _("a process to read pages in ended at its start (with {code}); is there memory enough?")
            raise ArchivistError(text.format(code=process.exitcode)) from error
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
        pipe.send(_answer(Limited(work, limits), task))
        # Not kept until the next one comes.
        del work, task


def _answer(work: Callable[[T], R], task: T) -> tuple[bool, Any]:
    _let_tesseract_be_single()
    try:
        return True, work(task)
    except Exception as error:
        return False, error


def _let_tesseract_be_single() -> None:
    # Tesseract's own threads wait for each other: on two cores they take three times the processor's time and longer.
    os.environ.setdefault("OMP_THREAD_LIMIT", "1")


def _end_with_parent() -> None:
    if parent := parent_process():
        parent.join()
        os._exit(1)


def _on_dask(address: str, limits: Limits) -> Workers:
    try:
        from distributed import Client
    except ImportError as error:
        text = _("workers at {address} need the package dask: pip install 'archivist[dask]'")
        raise NotInstalled(text.format(address=address)) from error
    try:
        client = Client(address, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        text = _("the Dask scheduler {address} cannot be reached ({reason}); is it running, and is the address right?")
        raise ArchivistError(text.format(address=address, reason=error)) from error
    try:
        machines = _alike(client, address)
        client.run_on_scheduler(_give_up_at_once)
    except BaseException:
        client.close()
        raise
    cluster = _Cluster(client, address, limits)
    threads = min(cores // machines.count((name, cores)) for name, cores in machines)
    return Workers([cluster] * len(machines), max(threads, 1), cluster.leave)


def _alike(client: "Client", address: str) -> list[tuple[str, int]]:
    """Return name and cores of the machine of each worker; ArchivistError unless all read as this program does."""
    try:
        client.wait_for_workers(1, timeout=_PATIENCE)
    except OSError as error:
        text = _("the Dask scheduler {address} has no workers; start some: dask worker {address} --nthreads 1")
        raise ArchivistError(text.format(address=address)) from error
    here = _about()
    machines = []
    for worker, there in client.run(_about, on_error="return").items():
        if isinstance(there, Exception):
            text = _("the Dask worker {worker} cannot run archivist ({reason}); install it there as it is here")
            raise ArchivistError(text.format(worker=worker, reason=there)) from there
        if there.says != here.says:
            text = _(
                "the Dask worker {worker} would not read as this program does: {differences}; "
                "install the same on both, then start the worker again"
            )
            raise ArchivistError(text.format(worker=worker, differences=_differences(there.says, here.says)))
        machines.append((there.machine, there.cores))
    return machines


class _About(NamedTuple):
    """What decides how a page is read somewhere, as JSON, and name and cores of that machine."""

    says: str
    machine: str
    cores: int


def _about() -> _About:
    return _About(recipes.reading(second_reader=True).says, node(), cores())


def _differences(there: str, here: str) -> str:
    theirs, ours = _parts(there), _parts(here)
    names = sorted(name for name in theirs | ours if theirs.get(name) != ours.get(name))
    text = _("{name} is {there}, here {here}")
    return "; ".join(
        text.format(name=name, there=theirs.get(name, "-")[:20], here=ours.get(name, "-")[:20]) for name in names
    )


def _parts(says: str) -> dict[str, str]:
    groups = json.loads(says).items()
    return {
        name: value for group, of in groups for name, value in (of if isinstance(of, dict) else {group: of}).items()
    }


def _give_up_at_once(dask_scheduler: Any = None) -> None:
    # By default it would give a page that ends its worker to three others before it says so.
    dask_scheduler.allowed_failures = 0


class _Cluster:
    """A Dask cluster as a lane, as often as it has workers; which of them has a page, the scheduler decides."""

    def __init__(self, client: "Client", address: str, limits: Limits) -> None:
        self._client, self._address, self._limits = client, address, limits
        self._executor: Executor = client.get_executor(pure=False, retries=0)
        self._closed: Future[None] = Future()

    def run(self, work: Callable[[T], R], task: T) -> R:
        from distributed import KilledWorker

        began = monotonic()
        try:
            if self._client.status != "running":
                raise ConnectionError(self._client.status)
            future = self._executor.submit(_answer, Limited(work, self._limits), task)
            either: list[Future[Any]] = [future, self._closed]
            vain = 0
            while not wait(either, _INTERVAL, FIRST_COMPLETED).done and vain < 2:
                # A worker that ended is begun anew by its nanny in the meantime.
                vain = 0 if self._client.nthreads() else vain + 1
            done, answer = future.result(timeout=0)
        except KilledWorker as error:
            raise WorkerLost(monotonic() - began >= self._limits.seconds) from error
        except Exception as error:
            # What `work` raises comes back as an answer, so this is the cluster itself.
            text = _(
                "the Dask scheduler {address} or the last of its workers has gone ({reason}); what was read until then "
                "is kept: start it again, then run the same command again"
            )
            reason = str(error) or type(error).__name__
            raise ArchivistError(text.format(address=self._address, reason=reason)) from error
        if done:
            return answer  # type: ignore[no-any-return]
        raise answer

    def close(self) -> None:
        if not self._closed.done():
            self._closed.set_result(None)

    def leave(self) -> None:
        """Give up what is under way, and be quiet about a scheduler that has gone: that was said already."""
        log = logging.getLogger("distributed.client")
        before = log.level
        log.setLevel(before if self._client.status == "running" else logging.CRITICAL + 1)
        try:
            with suppress(Exception):
                self._executor.shutdown(wait=False)
            self._client.close()
        finally:
            log.setLevel(before)

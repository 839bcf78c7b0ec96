"""Lanes that are the workers of a Dask cluster."""

import json
import logging
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import suppress
from platform import node
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from archivist import recipes
from archivist.errors import ArchivistError, NotInstalled
from archivist.language import gettext as _
from archivist.limits import Limited, Limits
from archivist.settings import cores
from archivist.workers.lanes import WorkerLost, Workers, answer

if TYPE_CHECKING:
    from distributed import Client

T = TypeVar("T")
R = TypeVar("R")

#: How long a scheduler may take to answer, and how often it is asked whether it has workers still.
_PATIENCE, _INTERVAL = 20, 15


def on_dask(address: str, limits: Limits) -> Workers:
    """Return the workers of the scheduler at `address`; see `start` for what is raised."""
    try:
        from distributed import Client
    except ImportError as error:
        text = _("workers at {address} need the package dask: pip install 'archivist[dask]'")
        raise NotInstalled(text.format(address=address)) from error
    client = None
    try:
        client = Client(address, timeout=_PATIENCE, set_as_default=False)
        machines = _alike(client, address)
        client.run_on_scheduler(_give_up_at_once)
        cluster = _Cluster(client, address, limits)
    except BaseException as error:
        if client:
            client.close()
        if isinstance(error, ArchivistError) or not isinstance(error, Exception):
            raise
        text = _(
            "the Dask scheduler {address} cannot be used ({reason}); is it running, is the address right, and is "
            "archivist installed there as it is here?"
        )
        raise ArchivistError(text.format(address=address, reason=error)) from error
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
            future = self._executor.submit(answer, Limited(work, self._limits), task)
            either: list[Future[Any]] = [future, self._closed]
            vain = 0
            while not wait(either, _INTERVAL, FIRST_COMPLETED).done and vain < 2:
                # A worker that ended is begun anew by its nanny in the meantime.
                vain = 0 if self._client.nthreads() else vain + 1
            done, result = future.result(timeout=0)
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
            return result  # type: ignore[no-any-return]
        raise result

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

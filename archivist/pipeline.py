"""From a box to the catalogue: workers read pages, the parent alone writes."""

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from gettext import gettext as _
from multiprocessing import get_context, parent_process
from pathlib import Path, PurePosixPath
from threading import Thread, current_thread, main_thread
from types import FrameType

from archivist.box import Bundle, gather, place
from archivist.catalog import Catalog
from archivist.entry import Entries, Held, Stack, unchanged
from archivist.errors import DescribingFailed, ReadingFailed, ScanError, TooManyFailures, UnreadableScan
from archivist.image.open import SUFFIXES, media_type, misnamed, page_count
from archivist.model import Failure, Page
from archivist.reading import Reading, Task, process, recipe
from archivist.settings import Settings, cores
from archivist.store import Store

#: A batch is judged by its failures only when it has shown this many pages.
_ENOUGH_TO_JUDGE = 50
_Key = tuple[str, int]


def local_workers(count: int) -> Executor:
    """Return `count` processes of this machine, which end when this one does."""
    # A fresh interpreter each: forking a process that has started threads can hang.
    return ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=_begin_worker)


def _begin_worker() -> None:
    # Ctrl-C is for the parent to answer.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Tesseract's own threads wait for each other: on two cores they take three times the processor's time and longer.
    os.environ.setdefault("OMP_THREAD_LIMIT", "1")
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    if parent := parent_process():
        parent.join()
        os._exit(1)


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a batch stands: pages done of those known so far, and what has just happened to which scan."""

    done: int
    total: int
    scan: str
    what: str


@dataclass(frozen=True, slots=True)
class Report:
    """How a batch ended: pages read and skipped as already read, items made or changed, failures by cause."""

    read: int
    skipped: int
    items: int
    failed: Mapping[str, int]


@dataclass
class _Open:
    """A bundle some of whose pages are still being read."""

    bundle: Bundle
    tasks: list[Task]
    pages: dict[_Key, tuple[Page, ...]] = field(default_factory=dict)
    waiting: set[_Key] = field(default_factory=set)
    #: Whether a page of it was read in this run, whether one could not be used.
    fresh: bool = False
    failed: bool = False


class Batch:
    """One run over boxes of scans, by a pool of workers; what was read is kept page by page."""

    def __init__(
        self,
        catalog: Catalog,
        store: Store,
        settings: Settings,
        tell: Callable[[Progress], None],
        start: Callable[[int], Executor] = local_workers,
    ) -> None:
        """Prepare a run that writes to `catalog` and `store`; `start` gives an executor with so many workers."""
        self._catalog, self._store, self._settings = catalog, store, settings
        self._tell, self._start = tell, start
        self._threads = max(cores() // settings.workers, 1)
        self._second = settings.second_reader == "doubtful"
        self._recipe = recipe(self._second)
        self._entries = Entries(catalog)
        self._read = self._skipped = self._judged = self._items = self._total = 0
        self._failed: Counter[str] = Counter()
        self._failed_sources: set[str] = set()
        self._failed_before: set[str] = set()
        self._undescribed: set[str] = set()
        self._open: list[_Open] = []
        self._flights: dict[Future[Reading | Failure], tuple[Executor, Task]] = {}
        self._suspects: list[Task] = []
        self._pool: Executor | None = None
        self._asked_to_stop = False

    def run(self, paths: Iterable[Path]) -> Report:
        """Read what lies under `paths` and return the counts.

        Raises TooManyFailures where too large a share fails, NotInstalled where a reader is missing. What was read
        until then is kept, and a later run over the same paths goes on from there. Ctrl-C is heeded between two pages.
        """
        paths = list(paths)
        # Paths may overlap.
        found = list({(type(entry), entry.source): entry for entry in gather(paths, SUFFIXES)}.values())
        self._total = sum(len(entry.paths) if isinstance(entry, Bundle) else 1 for entry in found)
        before = [failure for failure, _at in self._catalog.failures()]
        self._failed_before = {failure.source for failure in before}
        self._undescribed = {failure.source for failure in before if failure.stage == "describe"}
        try:
            with self._interruptible():
                for entry in found:
                    self._heed()
                    if isinstance(entry, Failure):
                        # What is no scan says nothing of how well scans are read.
                        self._fail(entry, judged=False)
                    else:
                        self._begin(entry)
                while self._flights or self._suspects:
                    self._heed()
                    self._land()
        finally:
            if self._pool:
                self._pool.shutdown(wait=False, cancel_futures=True)
        self._forget_mended(paths)
        return Report(self._read, self._skipped, self._items, dict(self._failed))

    @contextmanager
    def _interruptible(self) -> Iterator[None]:
        """Let Ctrl-C wait for the page at hand, a second one not.

        It could come inside a library that takes it for an error of its own.
        """

        def ask(_number: int, _frame: FrameType | None) -> None:
            if self._asked_to_stop:
                raise KeyboardInterrupt
            self._asked_to_stop = True

        if current_thread() is not main_thread():
            yield
            return
        before = signal.signal(signal.SIGINT, ask)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def _heed(self) -> None:
        if self._asked_to_stop:
            raise KeyboardInterrupt

    def _begin(self, bundle: Bundle) -> None:
        """Keep the originals of a bundle and send its pages to the workers."""
        opened = {path: self._tasks(path) for path in bundle.paths}
        if len(opened) > 1 and not bundle.given and all(len(tasks) > 1 for tasks in opened.values()):
            # Scans of many pages each, side by side, are items, not the pages of one.
            for path, tasks in opened.items():
                self._send(_Open(Bundle(place(path), path.stem, (path,)), tasks))
        else:
            tasks = [task for found in opened.values() for task in found]
            self._send(_Open(bundle, tasks, failed=not all(opened.values())))

    def _tasks(self, path: Path) -> list[Task]:
        """Keep the scan at `path` and return its pages; none where it cannot be used, which is told."""
        source = place(path)
        name = PurePosixPath(source).name
        try:
            data = _bytes(path)
            kind = media_type(data)
            count = page_count(data)
        except ScanError as error:
            self._fail(Failure(source, 0, "ingest", error.cause, str(error)))
            return []
        digest = self._store.put(data)
        self._catalog.save_scan(digest, name, len(data), kind, count)
        if source in self._failed_before:
            self._catalog.clear_failure(source)
        self._total += count - 1
        if odd := misnamed(name, kind):
            self._tell(Progress(self._done, self._total, _shown(source), odd))
        where = self._settings.store
        return [Task(where, digest, index, name, source, self._threads, self._second) for index in range(count)]

    def _send(self, state: _Open) -> None:
        """Look up which pages of a bundle are read already, and have the others read."""
        self._open.append(state)
        for task in state.tasks:
            self._heed()
            key = (task.sha256, task.index)
            if key in state.pages or key in state.waiting:
                self._skip(task)
            elif kept := self._catalog.reading(*key, self._recipe):
                state.pages[key] = kept
                self._skip(task)
            elif any(key in other.waiting for other in self._open):
                state.waiting.add(key)
                self._skip(task)
            else:
                state.waiting.add(key)
                while len(self._flights) > 2 * self._settings.workers:
                    self._land()
                self._submit(task)
        self._finish()

    @property
    def _done(self) -> int:
        return self._read + self._skipped + self._failed.total()

    def _skip(self, task: Task) -> None:
        self._skipped += 1
        self._tell(Progress(self._done, self._total, _shown(task.source), _("already read")))

    def _fail(self, failure: Failure, *, judged: bool = True) -> None:
        self._failed[failure.cause] += 1
        self._judged += judged
        self._failed_sources.add(failure.source)
        self._catalog.record_failure(failure)
        why = _("FAILED: {why}").format(why=failure.message)
        self._tell(Progress(self._done, self._total, _shown(failure.source), why))
        pages = self._read + self._skipped + self._judged
        if judged and pages >= _ENOUGH_TO_JUDGE and self._judged > self._settings.most_failures * pages:
            text = _("stopped: {failed} of {done} pages failed; see `archivist status` for the reasons")
            raise TooManyFailures(text.format(failed=self._judged, done=pages))

    def _submit(self, task: Task) -> None:
        if self._pool is None:
            self._pool = self._start(self._settings.workers)
        self._flights[self._pool.submit(process, task)] = (self._pool, task)

    def _land(self) -> None:
        """Wait for a page to come back and keep it; a page whose worker died is tried once more, alone."""
        alone = not self._flights
        if alone:
            self._submit(self._suspects.pop())
        done, _flying = wait(self._flights, return_when=FIRST_COMPLETED)
        for future in done:
            pool, task = self._flights.pop(future)
            try:
                result = future.result()
            except BrokenExecutor:
                if pool is self._pool:
                    self._pool = None
                if alone:
                    why = _("the page ended the program that read it; the original is kept, report this with the scan")
                    self._keep(task, Failure(task.source, task.index, "read", ReadingFailed.cause, why))
                else:
                    self._suspects.append(task)
            else:
                self._keep(task, result)
        self._finish()

    def _keep(self, task: Task, result: Reading | Failure) -> None:
        key = (task.sha256, task.index)
        if isinstance(result, Failure):
            self._fail(result)
        else:
            # Kept before the reading that names them.
            for crop in result.crops.values():
                self._store.put(crop)
            self._catalog.save_reading(result.pages, self._recipe)
            self._read += 1
            self._tell(Progress(self._done, self._total, _shown(task.source), _("read")))
        for state in self._open:
            if key in state.waiting:
                state.waiting.discard(key)
                if isinstance(result, Reading):
                    state.pages[key] = result.pages
                    state.fresh = True
                else:
                    state.failed = True
                    self._tell_others(state, key, result)

    def _tell_others(self, state: _Open, key: _Key, failure: Failure) -> None:
        """Keep the failure for the other places from which the same bytes came, too."""
        for source in {task.source for task in state.tasks if (task.sha256, task.index) == key} - {failure.source}:
            self._failed_sources.add(source)
            self._catalog.record_failure(replace(failure, source=source))

    def _finish(self) -> None:
        """Make the items all of whose pages have come back."""
        for state in [state for state in self._open if not state.waiting]:
            self._open.remove(state)
            # A page that could not be read keeps its number, so that the others keep theirs when it is mended.
            read, number = [], 0
            for task in state.tasks:
                found = state.pages.get((task.sha256, task.index), ())
                for own, page in enumerate(found, number + 1):
                    read.append(replace(page, number=own, scan=replace(page.scan, name=task.name)))
                number += max(len(found), 1)
            if read:
                self._save(state, read)

    def _save(self, state: _Open, pages: Sequence[Page]) -> None:
        bundle = state.bundle
        stack = Stack(bundle.source, bundle.name, tuple(pages), bundle.given)
        changed = state.fresh or bundle.source in self._undescribed
        kept = False
        # Again where a person decides something in the meantime: it may be about these pages.
        while not kept:
            latest = self._catalog.last_decision()
            here = self._catalog.items_of(bundle.source)
            before = here or self._elsewhere(stack)
            if before and not changed and unchanged(before, stack.places) and not self._differs(before, bundle):
                return
            if here and state.failed and not {place for _name, own in here for place in own} <= set(stack.places):
                # What was read in an earlier run outweighs a scan that cannot be opened today.
                return
            errors: list[Exception] = []
            items = self._entries.make(stack, before, errors.append)
            gone = {name for name, _places in before} - {item.id for item in items}
            kept = self._catalog.save_items(items, self._recipe, gone, latest)
        for error in errors:
            self._undescribable(bundle.source, error)
        self._items += len(items)

    def _elsewhere(self, stack: Stack) -> list[Held]:
        """Return the items that hold just these pages, if they came from another place before."""
        names = self._catalog.items_holding(stack.places)
        sources = {item.source for item in self._catalog.items(names)}
        held = [entry for source in sorted(sources) for entry in self._catalog.items_of(source)]
        found = [entry for entry in held if entry[0] in names]
        return found if unchanged(found, stack.places) else []

    def _differs(self, before: Sequence[Held], bundle: Bundle) -> bool:
        return bool(bundle.given) and dict(self._catalog.item(before[0][0]).given) != dict(bundle.given)

    def _undescribable(self, source: str, error: Exception) -> None:
        why = _("{kind}: {reason}; its text is kept and can be searched, report this with the scans")
        text = why.format(kind=type(error).__name__, reason=error)
        self._total += 1
        self._fail(Failure(source, 0, "describe", DescribingFailed.cause, text))

    def _forget_mended(self, paths: Iterable[Path]) -> None:
        """Forget the failures of earlier runs over `paths` that this one did not meet again."""
        for root in map(place, paths):
            within = (f"{root}#", f"{root.rstrip('/')}/")
            for source in self._failed_before - self._failed_sources:
                if source == root or source.startswith(within):
                    self._catalog.clear_failure(source)


def _shown(source: str) -> str:
    """Return the name of a scan with the folder it lies in: many boxes have a p01.jpg."""
    return "/".join(PurePosixPath(source).parts[-2:])


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        text = _("the scan cannot be read ({reason}); check the rights to it and the disk, then run again")
        raise UnreadableScan(text.format(reason=error.strerror or error)) from error

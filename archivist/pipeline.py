"""From a box to the catalogue: workers read pages, the parent alone writes."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from concurrent.futures.process import BrokenProcessPool, ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from gettext import gettext as _
from multiprocessing import get_context
from pathlib import Path, PurePosixPath

from archivist.box import Bundle, gather
from archivist.campaigns import recognise
from archivist.catalog import Catalog
from archivist.describe import assemble, describe, title_of
from archivist.errors import ScanError, TooManyFailures, UnreadableScan
from archivist.image.open import SUFFIXES, media_type, misnamed, page_count
from archivist.model import Failure, Item, Page
from archivist.reading import Task, process, recipe
from archivist.settings import Settings, cores
from archivist.store import Store

#: A batch is judged by its failures only when it has shown this many pages.
_ENOUGH_TO_JUDGE = 50


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
    #: Digest and page index of each page, in order.
    scans: list[tuple[str, int]] = field(default_factory=list)
    pages: dict[tuple[str, int], Page] = field(default_factory=dict)
    waiting: set[tuple[str, int]] = field(default_factory=set)
    fresh: bool = False


class Batch:
    """One run over boxes of scans, by a pool of workers; what was read is kept page by page."""

    def __init__(
        self, catalog: Catalog, store: Store, settings: Settings, tell: Callable[[Progress], None]
    ) -> None:
        self._catalog, self._store, self._settings, self._tell = catalog, store, settings, tell
        self._threads = max(cores() // settings.workers, 1)
        self._second = settings.second_reader == "doubtful"
        self._recipe = recipe(self._second)
        self._read = self._skipped = self._items = self._total = 0
        self._failed: Counter[str] = Counter()
        self._open: list[_Open] = []
        self._flights: dict[Future[Page | Failure], Task] = {}
        self._suspects: list[Task] = []
        self._pool: Executor | None = None

    def run(self, paths: Iterable[Path]) -> Report:
        """Read what lies under `paths` and return the counts.

        Raises TooManyFailures where too large a share fails, NotInstalled where a reader is missing. What was read
        until then is kept, and a later run over the same paths goes on from there.
        """
        found = list(gather(paths, SUFFIXES))
        self._total = sum(len(entry.paths) if isinstance(entry, Bundle) else 1 for entry in found)
        try:
            for entry in found:
                if isinstance(entry, Failure):
                    self._fail(entry, PurePosixPath(entry.source).name)
                else:
                    self._begin(entry)
                while len(self._flights) > 2 * self._settings.workers:
                    self._land()
            while self._flights or self._suspects:
                self._land()
        finally:
            if self._pool:
                self._pool.shutdown(wait=False, cancel_futures=True)
        return Report(self._read, self._skipped, self._items, dict(self._failed))

    def _begin(self, bundle: Bundle) -> None:
        """Keep the originals of a bundle and send its pages to the workers."""
        state = _Open(bundle)
        tasks = [task for path in bundle.paths for task in self._tasks(path, state)]
        self._open.append(state)
        for task in tasks:
            key = (task.sha256, task.index)
            state.scans.append(key)
            if key in state.pages or key in state.waiting:
                self._skip(task.name)
            elif kept := self._catalog.reading(*key, self._recipe):
                state.pages[key] = replace(kept, scan=replace(kept.scan, name=task.name))
                self._skip(task.name)
            elif any(key in other.waiting for other in self._open):
                state.waiting.add(key)
                self._skip(task.name)
            else:
                state.waiting.add(key)
                state.fresh = True
                while len(self._flights) > 2 * self._settings.workers:
                    self._land()
                self._submit(task)
        self._finish()

    def _tasks(self, path: Path, state: _Open) -> Iterator[Task]:
        source = path.absolute().as_posix()
        try:
            data = _bytes(path)
            kind = media_type(data)
            count = page_count(data)
        except ScanError as error:
            self._fail(Failure(source, 0, "ingest", error.cause, str(error)), path.name)
            state.fresh = True
            return
        digest = self._store.put(data)
        self._catalog.save_scan(digest, path.name, len(data), kind, count)
        self._catalog.clear_failure(source)
        self._total += count - 1
        if odd := misnamed(path.name, kind):
            self._tell(Progress(self._done, self._total, path.name, odd))
        for index in range(count):
            yield Task(self._settings.store, digest, index, path.name, source, self._threads, self._second)

    @property
    def _done(self) -> int:
        return self._read + self._skipped + self._failed.total()

    def _skip(self, name: str) -> None:
        self._skipped += 1
        self._tell(Progress(self._done, self._total, name, _("already read")))

    def _fail(self, failure: Failure, name: str) -> None:
        self._failed[failure.cause] += 1
        self._catalog.record_failure(failure)
        self._tell(Progress(self._done, self._total, name, _("FAILED: {why}").format(why=failure.message)))
        if self._done >= _ENOUGH_TO_JUDGE and self._failed.total() > self._settings.most_failures * self._done:
            text = _("stopped: {failed} of {done} pages failed; see `archivist status` for the reasons")
            raise TooManyFailures(text.format(failed=self._failed.total(), done=self._done))

    def _submit(self, task: Task) -> None:
        if self._pool is None:
            # A fresh interpreter each: forking a process that has started threads can hang.
            self._pool = ProcessPoolExecutor(self._settings.workers, mp_context=get_context("spawn"))
        self._flights[self._pool.submit(process, task)] = task

    def _land(self) -> None:
        """Wait for a page to come back and keep it; a page whose worker died is tried once more, alone."""
        if not self._flights:
            task = self._suspects.pop()
            self._submit(task)
            alone = True
        else:
            alone = False
        done, _flying = wait(self._flights, return_when=FIRST_COMPLETED)
        for future in done:
            task = self._flights.pop(future)
            try:
                result = future.result()
            except BrokenProcessPool:
                self._pool = None
                if alone:
                    why = _("the page ended the program that read it; the original is kept, report this with the scan")
                    self._keep(task, Failure(task.source, task.index, "read", "reading failed", why))
                else:
                    self._suspects.append(task)
            else:
                self._keep(task, result)
        self._finish()

    def _keep(self, task: Task, result: Page | Failure) -> None:
        key = (task.sha256, task.index)
        if isinstance(result, Failure):
            self._fail(result, task.name)
        else:
            self._catalog.save_reading(result, self._recipe)
            self._read += 1
            self._tell(Progress(self._done, self._total, task.name, _("read")))
        for state in self._open:
            if key in state.waiting:
                state.waiting.discard(key)
                if isinstance(result, Page):
                    state.pages[key] = result

    def _finish(self) -> None:
        """Make the items all of whose pages have come back."""
        for state in [state for state in self._open if not state.waiting]:
            self._open.remove(state)
            pages = [
                replace(state.pages[key], number=number)
                for number, key in enumerate(state.scans, 1)
                if key in state.pages
            ]
            if pages:
                self._save(state, pages)

    def _save(self, state: _Open, pages: Sequence[Page]) -> None:
        bundle = state.bundle
        scans = [(page.scan.sha256, page.scan.index) for page in pages]
        known = self._catalog.item_by_source(bundle.source)
        same = self._catalog.item_by_scans(scans)
        if same and (known is None or known == same) and not state.fresh and not _differs(self._catalog, same, bundle):
            return
        identifier = known or same or hashlib.sha256(repr(scans).encode()).hexdigest()[:12]
        self._catalog.save_item(item_of(identifier, bundle, pages), self._recipe)
        self._items += 1


def item_of(identifier: str, bundle: Bundle, pages: Sequence[Page]) -> Item:
    """Return the catalogue entry of a bundle from its pages: documents, what they say, and its campaigns."""
    documents = tuple(describe(document, pages) for document in assemble(pages))
    given = dict(bundle.given)
    made_up = f"[{PurePosixPath(bundle.source).stem}]"
    title = given.get("title") or title_of(documents, pages) or made_up
    links = recognise(documents, pages)
    code = given.get("reference_code")
    return Item(identifier, title, tuple(pages), documents, links, code, bundle.source, given=given)


def _differs(catalog: Catalog, identifier: str, bundle: Bundle) -> bool:
    return bool(bundle.given) and dict(catalog.item(identifier).given) != dict(bundle.given)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        text = _("the scan cannot be read ({reason}); check the rights to it and the disk, then run again")
        raise UnreadableScan(text.format(reason=error.strerror or error)) from error

"""From a box to the catalogue: workers read pages, the parent alone writes."""

import hashlib
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from threading import current_thread, main_thread
from time import monotonic
from types import FrameType

from archivist import recipes
from archivist.box import Bundle, count, gather, place
from archivist.catalog import Catalog
from archivist.catalog.pages import DamagedReading
from archivist.entry import Entries, Held, Stack, unchanged
from archivist.errors import BoxGone, DescribingFailed, ScanError, TooManyFailures
from archivist.flights import Flights
from archivist.image.open import SUFFIXES, misnamed
from archivist.language import gettext as _
from archivist.model import Failure, Page
from archivist.reading import Reading, Task, process
from archivist.settings import Settings
from archivist.store import Store
from archivist.workers import Limits, Porter, Workers
from archivist.workers import start as start_workers

#: A batch is judged by its failures only when it has shown this many pages.
_ENOUGH_TO_JUDGE = 50
_Key = tuple[str, int]
#: Media type and number of pages of what may be a scan.
Look = Callable[[bytes], tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a batch stands: pages done of those known so far, and what has just happened to which scan.

    `pace` is how many pages are read in a second, `left` how many seconds what remains will take; None where nothing
    tells it yet.
    """

    done: int
    total: int
    scan: str
    what: str
    read: int = 0
    failed: int = 0
    pace: float | None = None
    left: float | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """How a batch ended: pages read and skipped as already read, items made or changed, failures by cause."""

    read: int
    skipped: int
    items: int
    failed: Mapping[str, int]


@dataclass
class _Open:
    """A bundle some of whose pages are still being read; what was read of it lies in the catalogue."""

    bundle: Bundle
    tasks: list[Task] = field(default_factory=list)
    waiting: set[_Key] = field(default_factory=set)
    #: Pages that were read in this run, and those that could not be.
    fresh: set[_Key] = field(default_factory=set)
    broken: set[_Key] = field(default_factory=set)
    #: Whether a scan of it could not be used; whether more of it is to come.
    lacking: bool = False
    growing: bool = True


class Batch:
    """One run over boxes of scans, by a pool of workers; what was read is kept page by page."""

    def __init__(
        self,
        catalog: Catalog,
        store: Store,
        settings: Settings,
        tell: Callable[[Progress], None],
        start: Callable[[int | str, Limits], Workers] = start_workers,
        look: Look | None = None,
        saved: Callable[[Sequence[str]], None] = lambda items: None,
        begun: Callable[[int], None] = lambda total: None,
    ) -> None:
        """Prepare a run that writes to `catalog` and `store`.

        `start` gives workers for the settings; `look` says what a scan is, in a process of its own unless given;
        `begun` is told how many pages there are at first sight, `saved` which items were just saved.
        """
        self._catalog, self._store, self._settings = catalog, store, settings
        self._tell, self._saved, self._begun = tell, saved, begun
        self._porter = Porter()
        self._look: Look = look or self._porter.look
        limits = Limits(settings.page_seconds, settings.page_memory)
        self._flights = Flights(lambda: start(settings.workers, limits), process, settings.page_seconds)
        self._second = settings.second_reader == "doubtful"
        self._recipe, self._describing = recipes.reading(self._second), recipes.describing()
        self._entries = Entries(catalog)
        self._read = self._skipped = self._judged = self._items = self._total = 0
        self._began: float | None = None
        self._failed: Counter[str] = Counter()
        self._failed_sources: set[str] = set()
        self._failed_before: set[str] = set()
        self._undescribed: set[str] = set()
        self._open: list[_Open] = []
        self._asked_to_stop = False

    def run(self, paths: Iterable[Path]) -> Report:
        """Read what lies under `paths` and return the counts.

        Raises TooManyFailures where too large a share fails, NotInstalled where a reader is missing. What was read
        until then is kept, and a later run over the same paths goes on from there. Ctrl-C is heeded between two pages.
        """
        paths = list(paths)
        for recipe in (self._recipe, self._describing):
            self._catalog.ledger.keep_recipe(recipe)
        before = [failure for failure, _at in self._catalog.failures()]
        self._failed_before = {failure.source for failure in before}
        self._undescribed = {failure.source for failure in before if failure.stage == "describe"}
        try:
            with self._interruptible():
                self._total = count(paths, SUFFIXES)
                self._begun(self._total)
                try:
                    for entry in gather(paths, SUFFIXES):
                        self._heed()
                        if isinstance(entry, Failure):
                            # What is no scan says nothing of how well scans are read.
                            self._fail(entry, judged=False)
                        else:
                            self._begin(entry)
                except BoxGone:
                    # What is under way lies in the store already.
                    self._land_all()
                    raise
                self._land_all()
        finally:
            self._flights.close()
            self._porter.close()
        self._forget_mended(paths)
        return Report(self._read, self._skipped, self._items, dict(self._failed))

    @contextmanager
    def _interruptible(self) -> Iterator[None]:
        """Let Ctrl-C, and a system that goes down, wait for the page at hand; a second time not.

        It could come inside a library that takes it for an error of its own.
        """

        def ask(_number: int, _frame: FrameType | None) -> None:
            if self._asked_to_stop:
                raise KeyboardInterrupt
            self._asked_to_stop = True

        if current_thread() is not main_thread():
            yield
            return
        before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _heed(self) -> None:
        if self._asked_to_stop:
            raise KeyboardInterrupt

    def _begin(self, bundle: Bundle) -> None:
        """Keep the originals of a bundle, one after the other, and send the pages of each to the workers."""
        state = _Open(bundle)
        self._open.append(state)
        opened: list[tuple[Path, list[Task]]] = []
        for path in bundle.paths:
            if tasks := self._tasks(bundle, path):
                opened.append((path, tasks))
                self._send(state, tasks)
            else:
                state.lacking = True
        state.growing = False
        if len(bundle.paths) > 1 and not bundle.given and all(len(tasks) > 1 for _path, tasks in opened):
            # Scans of many pages each, side by side, are items, not the pages of one.
            self._open.remove(state)
            for path, tasks in opened:
                one = replace(bundle, source=place(path), name=path.stem, paths=(path,))
                own = {(task.sha256, task.index) for task in tasks}
                parts = own & state.waiting, own & state.fresh, own & state.broken
                self._open.append(_Open(one, tasks, *parts, growing=False))
        self._finish()

    def _tasks(self, bundle: Bundle, path: Path) -> list[Task]:
        """Keep the scan at `path` and return its pages; none where it cannot be used, which is told."""
        self._heed()
        source = place(path)
        name = PurePosixPath(source).name
        try:
            data = bundle.read(path)
            digest = hashlib.sha256(data).hexdigest()
            known = self._catalog.scan(digest)
            kind, pages = known or self._look(data)
        except ScanError as error:
            self._fail(Failure(source, 0, "ingest", error.cause, str(error)))
            return []
        self._store.put(data)
        self._catalog.save_scan(digest, name, len(data), kind, pages, source)
        if source in self._failed_before:
            self._catalog.clear_failure(source)
        self._total += pages - 1
        if odd := misnamed(name, kind):
            self._report(source, odd)
        where = self._settings.store
        return [Task(where, digest, index, name, source, self._second) for index in range(pages)]

    def _send(self, state: _Open, tasks: Sequence[Task]) -> None:
        """Look up which pages of a scan are read already, and have the others read."""
        state.tasks += tasks
        for task in tasks:
            key = (task.sha256, task.index)
            under_way = any(key in other.waiting for other in self._open)
            if key in state.broken or self._catalog.parts(*key, self._recipe.digest):
                self._skip(task)
                continue
            state.waiting.add(key)
            if under_way:
                self._skip(task)
            else:
                while self._flights.full:
                    self._land()
                self._began = self._began or monotonic()
                self._flights.send(task)

    @property
    def _done(self) -> int:
        return self._read + self._skipped + self._failed.total()

    def _report(self, source: str, what: str) -> None:
        pace = left = None
        if self._began and self._read and (seconds := monotonic() - self._began):
            pace = self._read / seconds
            left = max(self._total - self._done, 0) / pace
        failed = self._failed.total()
        self._tell(Progress(self._done, self._total, _shown(source), what, self._read, failed, pace, left))

    def _skip(self, task: Task) -> None:
        self._skipped += 1
        self._report(task.source, _("already read"))

    def _fail(self, failure: Failure, sha256: str = "", *, judged: bool = True) -> None:
        self._failed[failure.cause] += 1
        self._judged += judged
        self._failed_sources.add(failure.source)
        self._catalog.record_failure(failure, sha256=sha256)
        self._report(failure.source, _("FAILED: {why}").format(why=failure.message))
        pages = self._read + self._skipped + self._judged
        if judged and pages >= _ENOUGH_TO_JUDGE and self._judged > self._settings.most_failures * pages:
            text = _("stopped: {failed} of {done} pages failed; see `archivist status` for the reasons")
            raise TooManyFailures(text.format(failed=self._judged, done=pages))

    def _land_all(self) -> None:
        while self._flights:
            self._land()

    def _land(self) -> None:
        """Wait for pages to come back and keep them."""
        self._heed()
        for task, result in self._flights.land():
            self._keep(task, result)
        self._finish()

    def _keep(self, task: Task, result: Reading | Failure) -> None:
        key = (task.sha256, task.index)
        if isinstance(result, Failure):
            self._fail(result, task.sha256)
        else:
            # Kept before the reading that names them.
            for crop in result.crops.values():
                self._store.put(crop)
            self._catalog.save_reading(result.pages, self._recipe.digest)
            self._read += 1
            self._report(task.source, _("read"))
        for state in self._open:
            if key in state.waiting:
                state.waiting.discard(key)
                if isinstance(result, Reading):
                    state.fresh.add(key)
                else:
                    state.broken.add(key)
                    self._tell_others(state, key, result)

    def _tell_others(self, state: _Open, key: _Key, failure: Failure) -> None:
        """Keep the failure for the other places from which the same bytes came, too."""
        for source in {task.source for task in state.tasks if (task.sha256, task.index) == key} - {failure.source}:
            self._failed_sources.add(source)
            self._catalog.record_failure(replace(failure, source=source), sha256=key[0])

    def _finish(self) -> None:
        """Make the items all of whose pages have come back."""
        for state in [state for state in self._open if not state.waiting and not state.growing]:
            self._open.remove(state)
            try:
                self._save(state)
            except DamagedReading as error:
                self._undescribed_for(state.bundle.source, str(error))

    def _pages(self, state: _Open) -> Iterator[Page]:
        """Yield what was read of a bundle, numbered as its scans lie."""
        number = 1
        for task in state.tasks:
            found = self._catalog.reading(task.sha256, task.index, self._recipe.digest)
            for own, page in enumerate(found, number):
                yield replace(page, number=own, scan=replace(page.scan, name=task.name))
            # A page that could not be read keeps its number, so that the others keep theirs when it is mended.
            number += max(len(found), 1)

    def _places(self, state: _Open) -> tuple[str, ...]:
        """Return what tells the pages of a bundle that were read from all others (`Page.place`)."""
        keys = [(task.sha256, task.index) for task in state.tasks]
        parts = [self._catalog.parts(*key, self._recipe.digest) for key in keys]
        return tuple(f"{key[0]}:{key[1]}:{part}" for key, many in zip(keys, parts, strict=True) for part in range(many))

    def _save(self, state: _Open) -> None:
        """Make the items that a bundle is, unless the catalogue has them as they would be made now."""
        bundle, places = state.bundle, self._places(state)
        # Again where a person decides something in the meantime: it may be about these pages.
        while places:
            latest = self._catalog.last_decision()
            here = self._catalog.items_of(bundle.source)
            before = here or self._elsewhere(places)
            if self._stands(state, before, places):
                return
            lacking = state.lacking or state.broken
            if here and lacking and not {place for _name, own in here for place in own} <= set(places):
                # What was read in an earlier run outweighs a scan that cannot be opened today.
                return
            pages = self._entries.corrected(tuple(self._pages(state)))
            stack = Stack(bundle.source, bundle.name, pages, bundle.given)
            errors: list[Exception] = []
            items = self._entries.make(stack, before, errors.append)
            gone = {name for name, _places in before} - {item.id for item in items}
            if self._catalog.save_items(items, self._recipe.digest, gone, latest, self._describing.digest):
                self._items += len(items)
                self._saved([item.id for item in items])
                for error in errors:
                    self._undescribable(bundle.source, error)
                return

    def _stands(self, state: _Open, before: Sequence[Held], places: Sequence[str]) -> bool:
        """Whether the items `before` are just these pages, read and described as they would be now."""
        if state.fresh or state.bundle.source in self._undescribed or not unchanged(before, places):
            return False
        sources = self._catalog.sources([name for name, _places in before])
        made_by = {made for source in sources for made in self._catalog.made_by(source)}
        given = state.bundle.given
        same = not given or dict(self._catalog.item(before[0][0]).given) == dict(given)
        return same and made_by <= {(self._recipe.digest, self._describing.digest)}

    def _elsewhere(self, places: Sequence[str]) -> list[Held]:
        """Return the items that came from another place and hold just these pages, or none but these if it is gone."""
        names = self._catalog.items_holding(places)
        sources = self._catalog.sources(names)
        held = [entry for source in sources for entry in self._catalog.items_of(source)]
        found = [entry for entry in held if entry[0] in names]
        if unchanged(found, places):
            return found
        gone = not any(os.path.lexists(source) or os.path.lexists(source.rpartition("#")[0]) for source in sources)
        whole = all(set(own) <= set(places) for _name, own in found)
        return found if gone and whole else []

    def _undescribable(self, source: str, error: Exception) -> None:
        why = _("{kind}: {reason}; its text is kept and can be searched, report this with the scans")
        self._undescribed_for(source, why.format(kind=type(error).__name__, reason=error))

    def _undescribed_for(self, source: str, why: str) -> None:
        self._total += 1
        self._fail(Failure(source, 0, "describe", DescribingFailed.cause, why))

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

"""The index kept in step with the catalogue: what is queued is carried over, what is damaged or lost is made anew."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from archivist.catalog import Catalog
from archivist.errors import ArchiveBusy, ArchivistError, IndexUnusable
from archivist.language import gettext as _
from archivist.model import Item
from archivist.search.document import SearchDocument, document_of
from archivist.search.engines import without_password
from archivist.search.index import SearchIndex

# Items given to the index in one commit: large commits are what makes indexing fast.
_BATCH = 500
# Items read from the catalogue at a time.
_WINDOW = 50
# Up to so many items are indexed in the seconds for which a clerk waits.
_SMALL = 2000

_Answer = TypeVar("_Answer")
#: Told how many items are done, and how many there are.
Tell = Callable[[int, int], None]


class Indexer:
    """Keeps `index`, called `name` in the catalogue, in step with `catalog`, the truth, whatever becomes of the index.

    Any number of processes may do so at once. Raises ArchiveBusy where another one writes to the index for long: what
    is queued stays queued, and that other one looks again when it is done.
    """

    def __init__(self, catalog: Catalog, index: SearchIndex, name: str = "") -> None:
        self._catalog, self._index, self.name = catalog, index, name

    def behind(self) -> int:
        """Return how many items the index does not know as they are now: all, where it cannot be asked."""
        items, queued = self._catalog.to_index()
        try:
            return items if self._other() else max(queued, items - self._index.count())
        except ArchivistError:
            return items

    def update(self) -> int:
        """Bring the index up to the catalogue, made anew if it is damaged or lost; return how many items that took.

        Raises IndexUnusable where another index is in use.
        """
        self._own()
        try:
            return self.rebuild() if self._lost() else self._drain()
        except IndexUnusable:
            return self.rebuild()

    def rebuild(self, tell: Tell | None = None, *, merge: bool = False) -> int:
        """Make the index anew and return how many items it holds; until then, others find what was there before.

        Ended early, it leaves all as it was. With `merge` searching gets as fast as can be, at the cost of as much time
        again.
        """
        covered, done = self._built(tell)
        self._catalog.indexes.made(self.name)
        self._settle(covered)
        if merge:
            self._index.optimize()
            # Others could not write while that lasted.
            self._drain()
        return done

    def replace(self, tell: Tell | None, taken: Callable[[], None]) -> int:
        """Make this index beside the one in use, then let it take its place; return how many items it holds.

        Others go on searching and writing in the old one: what they write waits for this one too. `taken` is called in
        between, when this one is ready: let it fail, and all stays as it was. To be done by one process at a time.
        """
        self._catalog.indexes.making(self.name)
        try:
            covered, done = self._built(tell)
            self._index.optimize()
            # All of it stays queued: the old one may wait for it as well, and is in use again if this ends early.
            late = [name for task, name in self._catalog.index_tasks(self._catalog.to_index()[1]) if task > covered]
            for at in range(0, len(late), _BATCH):
                self.look_again(late[at : at + _BATCH])
            taken()
        except BaseException:
            self._catalog.indexes.making("")
            raise
        self._catalog.indexes.made(self.name)
        self._settle(covered)
        return done

    def look_again(self, names: Iterable[str]) -> int:
        """Let the index know the items called `names` as they are, and forget those that are gone; return how many."""
        known = set(names)
        return self._index.add(self._documents(known), instead_of=known)

    def asked(
        self, ask: Callable[[SearchIndex], _Answer], tell: Callable[[str], None], used: str | None = None
    ) -> _Answer:
        """Return what `ask` gets from the index. One that is damaged or lost is made anew first, and `tell` told so.

        `used` is the index in use where that was just looked up. Raises IndexUnusable where making it anew would take
        long, somebody else is writing to the archive, or another index is in use.
        """
        # Looked up again where it is another: it may have become this one a moment ago.
        if used != self.name:
            self._own()
        try:
            if not self._lost():
                return ask(self._index)
        except IndexUnusable:
            if not self._small():
                raise
        if self._small():
            tell(_("The search index was damaged or lost; it is made anew from the catalogue."))
            self._made_anew()
        return ask(self._index)

    def _other(self) -> str:
        """Return the name of the index in use where it is another one, else ""."""
        used = self._catalog.indexes.in_use()
        return "" if used == self.name else used

    def _own(self) -> None:
        """Raise IndexUnusable where another index is in use: this one may be years old."""
        if used := self._other():
            text = _("The settings name another search index than the one in use ({name}). Run: archivist reindex")
            raise IndexUnusable(text.format(name=without_password(used)))

    def _lost(self) -> bool:
        return not self._index.count() and self._catalog.to_index()[0] > 0

    def _small(self) -> bool:
        return self._catalog.to_index()[0] <= _SMALL and not self._catalog.runs.under_way()

    def _made_anew(self) -> None:
        try:
            self.rebuild()
        except ArchiveBusy as error:
            text = _("The search index is being made anew by another process. Try again when it is done.")
            raise IndexUnusable(text) from error

    def _built(self, tell: Tell | None) -> tuple[int, int]:
        """Fill the index with everything; return the last task that it then knows of, and how many items it holds."""
        covered, total = self._catalog.soundness.last_index_task(), self._catalog.to_index()[0]
        return covered, self._index.rebuild(self._everything(tell, total))

    def _settle(self, covered: int) -> None:
        """Take the tasks up to `covered` off the queue, and do the others."""
        while tasks := [task for task, _name in self._catalog.index_tasks(_BATCH) if task <= covered]:
            if not self._catalog.finish_index_tasks(tasks, self.name):
                return
        self._drain()

    def _drain(self) -> int:
        done = 0
        # Looked at again after each commit: what another process queued while this one wrote, it could not index.
        while tasks := self._catalog.index_tasks(_BATCH):
            names = {name for _task, name in tasks}
            self.look_again(names)
            done += len(tasks)
            if not self._catalog.finish_index_tasks((task for task, _name in tasks), self.name):
                # Another index is being made, and goes on with them.
                break
        return done

    def _everything(self, tell: Tell | None, total: int) -> Iterator[SearchDocument]:
        for done, document in enumerate(self._documents(None), 1):
            yield document
            if tell:
                tell(done, max(done, total))

    def _documents(self, names: Iterable[str] | None) -> Iterator[SearchDocument]:
        """Yield what the index is to know of the items called `names`, or of all."""
        known = self._catalog.identifiers(names)
        while window := list(islice(known, _WINDOW)):
            yield from map(document_of, whole(self._catalog, window))


def whole(catalog: Catalog, names: Sequence[str]) -> list[Item]:
    """Return the items called `names` but for those whose pages are damaged, which `verify` tells of."""
    return _undamaged(lambda those: list(catalog.items(those)), names)


def skimmed(catalog: Catalog, names: Sequence[str]) -> list[Item]:
    """Return the same for what they say: see `Catalog.skimmed`."""
    return _undamaged(catalog.skimmed, names)


def _undamaged(read: Callable[[Sequence[str]], list[Item]], names: Sequence[str]) -> list[Item]:
    try:
        return read(names)
    except ValueError:
        return [] if len(names) == 1 else [item for name in names for item in _undamaged(read, [name])]

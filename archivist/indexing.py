"""The index kept in step with the catalogue: what is queued is carried over, what is damaged or lost is made anew."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from gettext import gettext as _
from itertools import islice

from archivist.catalog import Catalog
from archivist.errors import ArchiveBusy, IndexUnusable
from archivist.model import Item
from archivist.search.document import SearchDocument, document_of
from archivist.search.query import Hits, Query
from archivist.search.whoosh import WhooshIndex

# Items given to the index in one commit: large commits are what makes indexing fast.
_BATCH = 500
# Items read from the catalogue at a time.
_WINDOW = 50
# Up to so many items are indexed in the seconds for which a clerk waits.
_SMALL = 2000


class Indexer:
    """Keeps `index` in step with `catalog`, which is the truth, whatever becomes of the index.

    Any number of processes may do so at once. Raises ArchiveBusy where another one writes to the index for long: what
    is queued stays queued, and that other one looks again when it is done.
    """

    def __init__(self, catalog: Catalog, index: WhooshIndex) -> None:
        self._catalog, self._index = catalog, index

    def behind(self) -> int:
        """Return how many items the index does not know as they are now."""
        items, queued = self._catalog.to_index()
        try:
            return max(queued, items - self._index.count())
        except IndexUnusable:
            return items

    def update(self) -> int:
        """Bring the index up to the catalogue, made anew if it is damaged or lost; return how many items that took."""
        try:
            return self.rebuild() if self._lost() else self._drain()
        except IndexUnusable:
            return self.rebuild()

    def rebuild(self, tell: Callable[[int, int], None] | None = None, *, merge: bool = False) -> int:
        """Make the index anew and return how many items it holds; until then, others find what was there before.

        `tell` is given how many items are done, and how many there are. Ended early, it leaves all as it was. With
        `merge` searching gets as fast as can be, at the cost of as much time again.
        """
        covered, total = self._catalog.soundness.last_index_task(), self._catalog.to_index()[0]
        done = self._index.rebuild(self._everything(tell, total))
        while tasks := [task for task, _name in self._catalog.index_tasks(_BATCH) if task <= covered]:
            self._catalog.finish_index_tasks(tasks)
        self._drain()
        if merge:
            self._index.optimize()
            # Others could not write while that lasted.
            self._drain()
        return done

    def look_again(self, names: Iterable[str]) -> int:
        """Let the index know the items called `names` as they are, and forget those that are gone; return how many."""
        known = set(names)
        return self._index.add(self._documents(known), instead_of=known)

    def search(self, query: Query, limit: int, offset: int, tell: Callable[[str], None]) -> Hits:
        """Return what the index finds. One that is damaged or lost is made anew first, and `tell` is given words.

        Raises IndexUnusable where that would take long or somebody else is writing to the archive.
        """
        try:
            if not self._lost():
                return self._index.search(query, limit, offset)
        except IndexUnusable:
            if not self._small():
                raise
        if self._small():
            tell(_("The search index was damaged or lost; it is made anew from the catalogue."))
            self._made_anew()
        return self._index.search(query, limit, offset)

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

    def _drain(self) -> int:
        done = 0
        # Looked at again after each commit: what another process queued while this one wrote, it could not index.
        while tasks := self._catalog.index_tasks(_BATCH):
            names = {name for _task, name in tasks}
            self.look_again(names)
            self._catalog.finish_index_tasks(task for task, _name in tasks)
            done += len(tasks)
        return done

    def _everything(self, tell: Callable[[int, int], None] | None, total: int) -> Iterator[SearchDocument]:
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
    try:
        return list(catalog.items(names))
    except ValueError:
        return [] if len(names) == 1 else [item for name in names for item in whole(catalog, [name])]

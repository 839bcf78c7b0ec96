"""An archive as people use it: its rooms opened once, and put together."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from gettext import gettext as _
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import unquote

from archivist import export
from archivist.catalog import Catalog
from archivist.describe.numbers import parse as parse_number
from archivist.desk import Desk
from archivist.errors import (
    ArchiveBusy,
    IndexUnusable,
    NotFound,
    ScanError,
    SettingsError,
)
from archivist.model import Item
from archivist.pipeline import Batch, Progress, Report
from archivist.search import passages as found_passages
from archivist.search import query as queries
from archivist.search.document import SearchDocument, document_of
from archivist.search.passages import Passage
from archivist.search.whoosh import WhooshIndex
from archivist.settings import Settings
from archivist.store import Store

#: Items given to the index in one commit: large commits are what makes indexing fast.
_INDEX_BATCH = 500


@dataclass(frozen=True, slots=True)
class Found:
    """An item that answers a query, and where on its pages."""

    item: Item
    score: float
    why: tuple[str, ...]
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """One page of the answer to a query: how many items there are in all, and these."""

    total: int
    found: tuple[Found, ...]


@dataclass(frozen=True, slots=True)
class Health:
    """What `verify` found: originals looked at, those missing or changed, and items that the index lacks."""

    originals: int
    damaged: tuple[str, ...]
    unindexed: int


class Archive:
    """The rooms of one archive: catalogue, originals, index."""

    def __init__(self, settings: Settings, *, create: bool = False) -> None:
        """Open the archive of `settings`; NotFound where there is none and `create` does not allow a new one.

        Raises SettingsError where its folder cannot be made.
        """
        if not create and not _exists(settings):
            text = _("there is no archive in {folder}; `archivist ingest` makes one, or name another by --archive")
            raise NotFound(text.format(folder=settings.folder))
        try:
            settings.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            text = _("the archive {folder} cannot be made: {reason}")
            raise SettingsError(text.format(folder=settings.folder, reason=error.strerror or error)) from error
        self.settings = settings
        self.catalog = Catalog(settings.catalogue)
        self.store = Store(settings.store)
        self.index = WhooshIndex(settings.index)
        self.desk = Desk(self.catalog, self._index_now)

    def __enter__(self) -> Self:
        """Return the archive itself, to be closed at the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close its rooms."""
        self.index.close()
        self.catalog.close()

    def ingest(self, paths: Iterable[Path], tell: Callable[[Progress], None]) -> Report:
        """Read what lies under `paths`, describe it and make it searchable; see `Batch.run` for what is raised.

        What was decided in a run that ended early is carried out, too.
        """
        try:
            report = Batch(self.catalog, self.store, self.settings, tell).run(paths)
            self.desk.carry_out()
            return report
        finally:
            self._index_now()

    def _index_now(self) -> None:
        # What was read or decided is safe in the catalogue, and stays queued; `unindexed` tells of it.
        with suppress(IndexUnusable, ArchiveBusy):
            self.update_index()

    def unindexed(self) -> int:
        """Return how many items the index does not know as they are now."""
        items, queued = self.catalog.to_index()
        try:
            return max(queued, items - self.index.count())
        except IndexUnusable:
            return items

    def update_index(self) -> int:
        """Bring the index up to the catalogue and return how many items that took; IndexUnusable, ArchiveBusy."""
        done = 0
        if not self.index.count():
            # An index that was deleted is filled again.
            self.catalog.queue_all_for_index()
        while tasks := self.catalog.index_tasks(_INDEX_BATCH):
            gone = {name for _task, name in tasks}
            self.index.add(self._documents(gone))
            self.index.delete(gone)
            self.catalog.finish_index_tasks(task for task, _name in tasks)
            done += len(tasks)
        return done

    def _documents(self, names: set[str]) -> Iterator[SearchDocument]:
        """Yield what the index is to know of the items called `names`, and take them off it one by one."""
        for item in self.catalog.items(list(names)):
            names.discard(item.id)
            yield document_of(item)

    def reindex(self) -> int:
        """Make the index anew from the catalogue and return how many items it holds."""
        # Queued first: what ends the program between the two is made good by the next run.
        self.catalog.queue_all_for_index()
        self.index.clear()
        done = self.update_index()
        self.index.optimize()
        return done

    def search(self, text: str, limit: int = 10, offset: int = 0) -> Answer:
        """Return the items that answer `text`, best first, each with passages; QueryError where it asks nothing."""
        query = queries.parse(text, parse_number)
        hits = self.index.search(query, limit, offset)
        items = {item.id: item for item in self.catalog.items([hit.item_id for hit in hits.hits])}
        found = (
            Found(items[hit.item_id], hit.score, hit.why, found_passages.passages(items[hit.item_id], query))
            for hit in hits.hits
            if hit.item_id in items
        )
        return Answer(hits.total, tuple(found))

    def export(self, format: str, path: Path, ids: Iterable[str] | None = None) -> int:
        """Write all items, or those of `ids`, to `path` and return how many; see `export.write`."""
        return export.write(format, self.catalog.items(ids), path)

    def verify(self, tell: Callable[[str], None]) -> Health:
        """Look at every original against its digest, and at the index against the catalogue."""
        damaged = []
        originals = 0
        for digest, name in self.catalog.scans():
            originals += 1
            try:
                self.store.get(digest)
            except ScanError as error:
                damaged.append(name)
                tell(f"{name}: {error}")
        return Health(originals, tuple(damaged), self.unindexed())


def _exists(settings: Settings) -> bool:
    path = settings.catalogue.removeprefix("sqlite:///").partition("?")[0]
    # A folder alone may be anybody's; whether a server holds a catalogue, only the server knows.
    return settings.folder.is_dir() if path == settings.catalogue else Path(unquote(path)).is_file()

"""An archive as people use it: its rooms opened once, and put together."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from gettext import gettext as _
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import unquote

from archivist import export
from archivist.catalog import Catalog
from archivist.catalog.runs import Running
from archivist.describe.numbers import parse as parse_number
from archivist.desk import Desk
from archivist.duplicates import Duplicates
from archivist.errors import ArchivistError, NotFound, SettingsError
from archivist.indexing import Indexer
from archivist.inspection import Findings, inspect
from archivist.model import Item
from archivist.pipeline import Batch, Progress, Report
from archivist.search import passages as found_passages
from archivist.search import query as queries
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
        # Where scans were kept, a store that is empty has vanished, and is not begun anew.
        self.store = Store(settings.store, expected=any(True for _ in self.catalog.scans()))
        self.index = WhooshIndex(settings.index)
        self.duplicates = Duplicates(self.catalog)
        self.indexer = Indexer(self.catalog, self.index)
        self.desk = Desk(self.catalog, self._index_now)
        self._since_indexed = 0

    def __enter__(self) -> Self:
        """Return the archive itself, to be closed at the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close its rooms."""
        self.index.close()
        self.catalog.close()

    def ingest(
        self,
        paths: Iterable[Path],
        tell: Callable[[Progress], None],
        who: str = "",
        waiting: Callable[[Running], None] | None = None,
    ) -> Report:
        """Read what lies under `paths`, describe it and make it searchable; see `Batch.run` for what is raised.

        `who` answers for it. Where somebody else writes to the archive, `waiting` is told, and it begins when they are
        done; without `waiting` ArchiveBusy is raised. What was decided in a run that ended early is carried out, too.
        """
        paths = list(paths)
        with self.catalog.runs.hold("ingest", ", ".join(map(str, paths)), who, waiting) as run:

            def begun(total: int) -> None:
                run.report(0, total, 0, 0)

            def told(at: Progress) -> None:
                run.report(at.done, at.total, at.read, at.failed)
                tell(at)

            try:
                batch = Batch(self.catalog, self.store, self.settings, told, saved=self._saved, begun=begun)
                report = batch.run(paths)
                self.desk.carry_out()
                # All is saved by now: what cannot be held against others is no reason to call the ingest failed.
                with suppress(ArchivistError):
                    self.duplicates.find()
                return report
            finally:
                self._index_now()

    def _saved(self, items: Sequence[str]) -> None:
        """Look for what is like `items`, which were just saved, and index what waits once that is worth a commit."""
        with suppress(ArchivistError):
            self.duplicates.look_for(items)
        self._since_indexed += len(items)
        if self._since_indexed >= _INDEX_BATCH:
            self._since_indexed = 0
            self._index_now()

    def _index_now(self) -> None:
        # What was read or decided is safe in the catalogue, and stays queued; `unindexed` tells of it.
        with suppress(ArchivistError):
            self.update_index()

    def unindexed(self) -> int:
        """Return how many items the index does not know as they are now."""
        return self.indexer.behind()

    def update_index(self) -> int:
        """Bring the index up to the catalogue and return how many items that took; ArchiveBusy."""
        return self.indexer.update()

    def reindex(self, tell: Callable[[int, int], None] | None = None) -> int:
        """Make the index anew from the catalogue and return how many items it holds; `tell` is told done and total."""
        return self.indexer.rebuild(tell, merge=True)

    def search(
        self, text: str, limit: int = 10, offset: int = 0, tell: Callable[[str], None] = lambda text: None
    ) -> Answer:
        """Return the items that answer `text`, best first, each with passages; QueryError where it asks nothing.

        `tell` is given words where the index must be made anew first; see `Indexer.search`.
        """
        query = queries.parse(text, parse_number)
        hits = self.indexer.search(query, limit, offset, tell)
        items = {item.id: item for item in self.catalog.items([hit.item_id for hit in hits.hits])}
        found = (
            Found(items[hit.item_id], hit.score, hit.why, found_passages.passages(items[hit.item_id], query))
            for hit in hits.hits
            if hit.item_id in items
        )
        return Answer(hits.total, tuple(found))

    def export(self, format: str, path: Path, ids: Iterable[str] | None = None) -> int:
        """Write all items, or those of `ids`, to `path` and return how many; see `export.write`."""
        items = self.catalog.items if format in export.WITH_TEXT else self.catalog.listed
        return export.write(format, items(ids), path)

    def verify(self, tell: Callable[[str], None]) -> Findings:
        """Look whether all that is kept is sound, mending nothing; see `inspect`."""
        return inspect(self, repair=False, tell=tell)


def _exists(settings: Settings) -> bool:
    path = settings.catalogue.removeprefix("sqlite:///")
    if path == settings.catalogue:
        # A folder alone may be anybody's; whether a server holds a catalogue, only the server knows.
        return settings.folder.is_dir()
    return Path(unquote(path.partition("?")[0])).is_file()

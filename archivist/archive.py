"""An archive as people use it: its rooms opened once, and put together."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar, cast
from urllib.parse import unquote

from archivist import export
from archivist.access import MaySee, open_to
from archivist.catalog import Catalog
from archivist.catalog.runs import Running
from archivist.describe.numbers import parse as parse_number
from archivist.errors import ArchivistError, NotFound, SettingsError, WrongCall
from archivist.indexing import Indexer, skimmed
from archivist.language import gettext as _
from archivist.model import Item
from archivist.search import finding
from archivist.search import passages as found_passages
from archivist.search import query as queries
from archivist.search.clauses import Clause, Order
from archivist.search.document import document_of
from archivist.search.engines import open_index, servers_of, without_password
from archivist.search.fields import definition
from archivist.search.index import SearchIndex
from archivist.search.judging import fields_of
from archivist.search.passages import Passage
from archivist.search.row import judged_row
from archivist.search.running import RunningText
from archivist.settings import Settings, unplaced
from archivist.store import Store
from archivist.views import Views

if TYPE_CHECKING:
    from archivist.desk import Desk
    from archivist.duplicates import Duplicates
    from archivist.inspection import Findings
    from archivist.pipeline import Progress, Report

#: Items given to the index in one commit: large commits are what makes indexing fast.
_INDEX_BATCH = 500

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Found:
    """An item that answers a query, and where on its pages.

    `why` names the fields of index/fields.yaml it was found in, those that count most first. It is not `exact` where a
    word stands in it only if a character of it was misread.
    """

    item: Item
    score: int
    exact: bool
    why: tuple[str, ...]
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """One page of the answer to a query: how many items there are in all, how many of them exactly, and these.

    `facets` are the values of all of them, with how many have which; `meant` are queries that may have been meant
    where nothing is found exactly.
    """

    total: int
    exact: int
    found: tuple[Found, ...]
    facets: Mapping[str, tuple[tuple[str, int], ...]]
    meant: tuple[str, ...]


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
        self._following, self._left = RLock(), list[SearchIndex]()
        self._one_desk, self._desk = RLock(), cast("Desk | None", None)
        self._open_index(settings.index)
        self.views = Views(self.catalog)
        self._since_indexed = 0

    def __enter__(self) -> Self:
        """Return the archive itself, to be closed at the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close its rooms."""
        for index in (*self._left, self.index):
            index.close()
        self.catalog.close()

    # What reads, describes and compares takes a second to load, for which nobody who only searches should wait.

    @property
    def desk(self) -> "Desk":
        """Where people decide; one, for all threads, because it does one thing after the other."""
        from archivist.desk import Desk

        with self._one_desk:
            self._desk = self._desk or Desk(self.catalog, self._index_now)
            return self._desk

    @cached_property
    def duplicates(self) -> "Duplicates":
        """What tells the same page scanned twice."""
        from archivist.duplicates import Duplicates

        return Duplicates(self.catalog)

    def ingest(
        self,
        paths: Iterable[Path],
        tell: "Callable[[Progress], None]",
        who: str = "",
        waiting: Callable[[Running], None] | None = None,
    ) -> "Report":
        """Read what lies under `paths`, describe it and make it searchable; see `Batch.run` for what is raised.

        `who` answers for it. Where somebody else writes to the archive, `waiting` is told, and it begins when they are
        done; without `waiting` ArchiveBusy is raised. What was decided in a run that ended early is carried out, too.
        """
        from archivist.pipeline import Batch

        paths = list(paths)
        with self.catalog.runs.hold("ingest", ", ".join(map(str, paths)), who, waiting) as run:

            def begun(total: int) -> None:
                run.report(0, total, 0, 0)

            def told(at: "Progress") -> None:
                run.report(at.done, at.total, at.read, at.failed)
                tell(at)

            # Who holds the run knows that nobody makes another index: a move that was killed holds nothing up.
            self.catalog.indexes.making("")
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
        self.follow()
        return self.indexer.behind()

    def update_index(self) -> int:
        """Bring the index up to the catalogue and return how many items that took; ArchiveBusy."""
        self.follow()
        return self.indexer.update()

    def reindex(self, tell: Callable[[int, int], None] | None = None) -> int:
        """Make the index anew from the catalogue and return how many items it holds; `tell` is told done and total."""
        self.follow()
        return self.indexer.rebuild(tell, merge=True)

    def move_index(self, url: str, tell: Callable[[int, int], None] | None, taken: Callable[[], None]) -> int:
        """Make the index anew at `url`, then use that one, here and wherever this archive is open; see `replace`.

        To be done while the run is held. `taken` makes sure that it is found there when the archive is opened again.
        SettingsError where other servers are to have an index of the same name: nobody could tell the two apart.
        """
        name = unplaced(url, self.settings.folder)
        servers = servers_of(url)
        if servers and name == self.indexer.name and servers.isdisjoint(servers_of(self.index_url)):
            text = _("{url}: the index in use, on other servers, has this name as well; give it another one")
            raise SettingsError(text.format(url=without_password(url)))
        index = open_index(url)
        try:
            done = Indexer(self.catalog, index, name).replace(tell, taken)
        finally:
            index.close()
        self.index.close()
        self._open_index(url)
        return done

    def _open_index(self, url: str) -> None:
        self.index_url, self.index = url, open_index(url)
        self.indexer = Indexer(self.catalog, self.index, unplaced(url, self.settings.folder))
        self._in_use = self.catalog.indexes.in_use()

    def follow(self) -> str:
        """Go on with the index that another process moved to since this one opened its own, and return its name."""
        used = self.catalog.indexes.in_use()
        if not used or used == self._in_use:
            return used
        with self._following:
            if used != self._in_use:
                # Somebody may be searching in it at this moment, in another thread.
                self._left.append(self.index)
                self.settings = self.settings.now()
                self._open_index(self.settings.index)
        return used

    def search(
        self, text: str | queries.Query, limit: int = 10, offset: int = 0, *, order: Order = "relevance",
        tolerant: bool = True, facets: Iterable[str] = (), filters: finding.Filters | None = None,
        suggest: bool = True, boxes: bool = True, may_see: MaySee = None,
        tell: Callable[[str], None] = lambda text: None,
    ) -> Answer:  # fmt: skip
        """Return the items that answer `text`, each with passages; QueryError where it cannot be meant so.

        In `order`, exact hits first, then, if `tolerant`, those in which a character was misread; of `filters`, which
        name facets (WrongCall), they have all values. Where none is found exactly, and `suggest`, queries that may be
        meant are looked for; passages have no boxes unless `boxes` are wanted. Nothing is said of items whose level of
        access is not in `may_see` (None: of all). `tell` is given words where the index must be made anew first; see
        `Indexer.asked`.
        """
        query, chosen = self.parsed(text), filters or {}
        if unknown := [name for name in chosen if name not in definition().facets]:
            raise WrongCall(_("there is no facet {name}").format(name=unknown[0]))

        def ask(index: SearchIndex) -> tuple[finding.Finding, tuple[str, ...]]:
            found = finding.find(
                index, query, limit=limit, offset=offset, order=order, tolerant=tolerant, may_see=may_see,
                facets=facets, filters=chosen,
            )  # fmt: skip
            if found.exact or not suggest:
                return found, ()
            read = partial(self._texts, may_see=may_see)
            return found, finding.meant(index, query, self.parsed, read, may_see, chosen)

        found, meant = self._asked(ask, tell)
        items = {item.id: item for item in self._seen([place.item_id for place in found.places], may_see)}
        clauses = {tolerance: query.clause(tolerance) for tolerance in {not place.exact for place in found.places}}
        shown = tuple(
            self._shown(items[place.item_id], place, query, clauses[not place.exact], boxes)
            for place in found.places
            if place.item_id in items
        )
        return Answer(found.total, found.exact, shown, found.facets, meant)

    def similar(self, name: str, limit: int = 10, *, may_see: MaySee = None) -> tuple[Item, ...]:
        """Return the items most like the one called `name`, without their pages.

        NotFound where there is none, or none whose level of access is in `may_see`.
        """
        try:
            item = self.catalog.item(name)
        except WrongCall:
            # That several share a reference code is not for everybody.
            if may_see is None:
                raise
            item = None
        if item is None or not open_to(item, may_see):
            raise NotFound(_("There is no item “{name}” in this archive.").format(name=name))
        document = document_of(item)
        names = self._asked(lambda index: finding.similar(index, document, limit=limit, may_see=may_see))
        items = {item.id: item for item in self.catalog.listed(names) if open_to(item, may_see)}
        return tuple(items[name] for name in names if name in items)

    def series(self, text: str | queries.Query, *, may_see: MaySee = None) -> finding.Series:
        """Return which document numbers of the series `text` (聊发 1995) are held, cited, missing; QueryError."""
        code, year = finding.series_named(self.parsed(text))
        return self._asked(lambda index: finding.series(index, code, year, may_see))

    def nearest(self, text: str | queries.Query, *, may_see: MaySee = None) -> tuple[str, ...]:
        """Return the document numbers held that come nearest to the one `text` names, if it names one; QueryError."""
        query = self.parsed(text)
        return self._asked(lambda index: finding.nearest(index, query, may_see))

    def _asked(self, ask: Callable[[SearchIndex], _Answer], tell: Callable[[str], None] = lambda text: None) -> _Answer:
        used = self.follow()
        return self.indexer.asked(ask, tell, used)

    def parsed(self, text: str | queries.Query) -> queries.Query:
        """Return what `text` looks for; QueryError. What is parsed already stays as it is."""
        return text if isinstance(text, queries.Query) else queries.parse(text, parse_number)

    def _seen(self, names: list[str], may_see: MaySee) -> list[Item]:
        # A mark of secrecy that was found or confirmed a moment ago is not in the index yet.
        return [item for item in skimmed(self.catalog, names) if open_to(item, may_see)]

    def _texts(self, names: list[str], may_see: MaySee) -> Iterator[str]:
        for item in self._seen(names, may_see):
            offered = document_of(item, doubts=False)
            yield from (offered.title, *offered.agencies, *offered.people, *offered.campaigns, *offered.pages)

    def _shown(
        self, item: Item, place: finding.Place, query: queries.Query, clause: Clause, boxes: bool
    ) -> Found:  # fmt: skip
        tolerant, text = not place.exact, RunningText.of(item.pages)
        row = judged_row(document_of(item, doubts=tolerant), definition(), text.text)
        why = fields_of(clause, row, definition())
        shown = found_passages.passages(item, query, tolerant=tolerant, boxed=boxes, text=text)
        return Found(item, place.score, place.exact, why, shown)

    def export(self, format: str, path: Path, ids: Iterable[str] | None = None) -> int:
        """Write all items, or those of `ids`, to `path` and return how many; see `export.write`."""
        items = self.catalog.items if format in export.WITH_TEXT else self.catalog.listed
        return export.write(format, items(ids), path)

    def verify(self, tell: Callable[[str], None]) -> "Findings":
        """Look whether all that is kept is sound, mending nothing; see `inspect`."""
        from archivist.inspection import inspect

        return inspect(self, repair=False, tell=tell)


def _exists(settings: Settings) -> bool:
    path = settings.catalogue.removeprefix("sqlite:///")
    if path == settings.catalogue:
        # A folder alone may be anybody's; whether a server holds a catalogue, only the server knows.
        return settings.folder.is_dir()
    return Path(unquote(path.partition("?")[0])).is_file()

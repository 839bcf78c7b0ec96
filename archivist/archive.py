"""An archive as people use it: its rooms opened once, and put together."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from gettext import gettext as _
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Self
from urllib.parse import unquote

from archivist import campaigns, export
from archivist.box import MANIFEST
from archivist.catalog import Catalog
from archivist.decisions import Decision
from archivist.describe.authority import Agency
from archivist.describe.decided import addition, decision_for
from archivist.describe.names import agency_key
from archivist.describe.numbers import parse as parse_number
from archivist.entry import Entries, Stack
from archivist.errors import (
    ArchiveBusy,
    DescribingFailed,
    IndexUnusable,
    NotFound,
    ScanError,
    SettingsError,
    WrongCall,
)
from archivist.handles import handles
from archivist.image.open import SUFFIXES
from archivist.model import Decided, Evidence, Failure, Item, campaign_id
from archivist.pipeline import Batch, Progress, Report
from archivist.search import passages as found_passages
from archivist.search import query as queries
from archivist.search.document import SearchDocument, document_of
from archivist.search.passages import Passage
from archivist.search.whoosh import WhooshIndex
from archivist.settings import Settings
from archivist.store import Store
from archivist.text import span_of

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
            self._carry_out()
            return report
        finally:
            self._index_now()

    def decide(self, decisions: Sequence[Decision]) -> int:
        """Keep what a person decided, make the items concerned anew at once, and return how many those are.

        Raises DescribingFailed where the rules break down over one of them: it stays as it was until that is mended,
        and the decision is kept.
        """
        self.catalog.decide(decisions)
        return self._told(*self._carry_out(decisions))

    def describe_again(self, names: Iterable[str] | None = None, tell: Callable[[Item], None] | None = None) -> int:
        """Describe all items, or those called `names`, from their kept pages; return how many there were.

        Nothing is read again: what changes is what rules, agencies and decisions make of the text. `tell` is given
        each item as it is done. Raises DescribingFailed at the end where the rules broke down over some items, which
        stay as they were.
        """
        return self._told(*self._describe(names, tell))

    def _carry_out(self, decisions: Sequence[Decision] = ()) -> tuple[int, list[Exception]]:
        """Make anew what `decisions` concern, and those of a run that ended before it could; return what came of it."""
        outstanding, latest = self.catalog.outstanding()
        made = [*outstanding, *decisions]
        names = set(self.catalog.items_holding({one.target for one in made if one.subject == "value"}))
        names |= {one.target for one in made if one.subject == "link"}
        # Who is kin to whom is worked out when somebody looks.
        campaigns = (one for one in made if one.subject == "campaign" and one.act in ("merge", "name"))
        for key in {key for one in campaigns for key in (one.target, str(one.detail.get("into", one.target)))}:
            names.update(self.catalog.items_naming(campaign_id(key)))
        done, errors = self._describe(names) if names else (0, [])
        divided = self.catalog.items_holding({one.target for one in made if one.subject == "boundary"})
        for source in sorted({item.source for item in self.catalog.items(divided)}):
            count, others = self._divide_again(source)
            done, errors = done + count, errors + others
        self.catalog.carried_out(latest)
        return done, errors

    def _describe(
        self, names: Iterable[str] | None, tell: Callable[[Item], None] | None = None
    ) -> tuple[int, list[Exception]]:
        entries, done = Entries(self.catalog), 0
        broken = {failure.source for failure, _at in self.catalog.failures() if failure.stage == "describe"}
        errors: list[Exception] = []
        for name in self.catalog.identifiers(names):
            own: list[Exception] = []
            described = self._kept_anew(entries, name, own)
            errors += own
            if described and described.source in broken:
                self.catalog.clear_failure(described.source, "describe")
            if described:
                done += 1
            if described and tell:
                tell(described)
        self._index_now()
        return done, errors

    def _kept_anew(self, entries: Entries, name: str, errors: list[Exception]) -> Item | None:
        """Describe an item anew and keep it; None where it is gone, or no rule can make anything of it."""
        while True:
            latest = self.catalog.last_decision()
            item = next(self.catalog.items([name]), None)
            if item is None:
                return None
            described = entries.described(item, _named(item), errors.append)
            if errors:
                self._note(item.source, errors)
                return None
            # Again where a person decides something in the meantime: it may be about this item.
            if self.catalog.save_items([described], heeding=latest):
                return described

    def _note(self, source: str, errors: Iterable[Exception]) -> None:
        """Keep that rules broke down over pages from `source`, for `status`, and for a later run to try again."""
        why = _("{kind}: {reason}; its text is kept and can be searched, report this with the scans")
        for error in errors:
            text = why.format(kind=type(error).__name__, reason=error)
            self.catalog.record_failure(Failure(source, 0, "describe", DescribingFailed.cause, text))

    def _told(self, done: int, errors: Sequence[Exception]) -> int:
        """Return `done`; DescribingFailed where there are errors."""
        for error in errors:
            text = _("{kind}: {reason}; report this with the scans")
            raise DescribingFailed(text.format(kind=type(error).__name__, reason=error)) from error
        return done

    def judgement(self, handle: str, act: str, decided: Decided, value: str | None = None) -> Decision:
        """Return the decision that `act` (accept, correct, reject) on what `handle` names is; NotFound, WrongCall.

        `value` is the right one, as a person types it.
        """
        item = self.catalog.item(handle.partition(".")[0])
        place = handles(item).get(handle)
        if place is None:
            text = _("nothing in {item} has the handle {handle} (any more); see `archivist review` or `archivist show`")
            raise NotFound(text.format(item=item.id, handle=handle))
        if place.sort == "value":
            return decision_for(item, handle, act, value, *decided)
        if act == "correct":
            raise WrongCall(_("{handle} is no value; accept or reject it").format(handle=handle))
        if place.sort == "link":
            link = item.campaigns[place.position]
            detail = {"campaign": link.key, "name": link.name, "evidence": campaigns.kept_ink(link, item.pages)}
            return Decision("link", item.id, "confirm" if act == "accept" else "refuse", detail, decided)
        boundary = item.boundaries[place.position]
        page = item.page(boundary.page)
        if act == "reject" and item.begins_at == 1 and page is item.pages[0]:
            raise WrongCall(_("{item} comes first in its box: there is nothing to join it to").format(item=item.id))
        return Decision("boundary", page.place, "begins" if act == "accept" else "continues", {}, decided)

    def add_value(self, name: str, page: int, field: str, value: str, ink: str, decided: Decided) -> None:
        """Add to the item `name` a value no rule found; the words `ink` on `page` prove it (NotFound, WrongCall)."""
        item = self.catalog.item(name)
        sheet = next((one for one in item.pages if one.number == page), None)
        span = span_of(ink, sheet.running_text) if sheet else None
        if sheet is None or span is None:
            text = _(
                "“{ink}” does not stand on page {page} of {item} as it was read; name words that do (`show --text`)"
            )
            raise NotFound(text.format(ink=ink, page=page, item=item.id))
        box = Evidence.of(sheet, *span).box
        self.decide([addition(item, page, box, field, value, *decided)])

    def agencies(self) -> tuple[Agency, ...]:
        """Return the list of agencies: those a person verified, and what was decided about their names."""
        return Entries(self.catalog).authority.agencies()

    def name_agency(
        self, name: str, also: Iterable[str], formerly: Iterable[str], decided: Decided, *, forget: bool = False
    ) -> None:
        """Put `name` on the list of agencies with its other names, or take it off; WrongCall where it names none."""
        key = agency_key(name)
        if not key:
            raise WrongCall(_("“{name}” is no name of an agency").format(name=name))
        acts = [("forget", "")] if forget else [("heading", name)]
        acts += [("variant", other) for other in also] + [("predecessor", other) for other in formerly]
        self.catalog.decide(
            [Decision("agency", key, act, {"name": said} if said else {}, decided) for act, said in acts]
        )

    def split(self, name: str, page: int, decided: Decided) -> list[Item]:
        """Let an item of its own begin at `page` of the item `name`, and return both; WrongCall, NotFound."""
        item = self.catalog.item(name)
        if page not in [one.number for one in item.pages]:
            raise NotFound(_("the item {name} has no page {page}").format(name=item.id, page=page))
        if page == item.pages[0].number:
            raise WrongCall(_("the item {name} begins at page {page} already").format(name=item.id, page=page))
        place = item.page(page).place
        self.decide([Decision("boundary", place, "begins", {}, decided)])
        return [self.catalog.item(one) for one in dict.fromkeys([item.id, *self.catalog.items_holding([place])])]

    def join(self, first: str, second: str, decided: Decided) -> Item:
        """Make one item of two that lie one behind the other in their box, and return it; WrongCall, NotFound."""
        before, behind = self.catalog.item(first), self.catalog.item(second)
        if before.begins_at > behind.begins_at:
            before, behind = behind, before
        neighbours = self._in_order(before.source)
        if before.source != behind.source:
            text = _("{one} and {other} were handed in apart; name both in a manifest.csv with one item, and ingest it")
            raise WrongCall(text.format(one=before.source, other=behind.source))
        places = [item.id for item in neighbours]
        if places.index(behind.id) - places.index(before.id) != 1:
            text = _("{one} and {other} do not lie one behind the other; join what lies between them first")
            raise WrongCall(text.format(one=before.id, other=behind.id))
        self.decide([Decision("boundary", behind.pages[0].place, "continues", {}, decided)])
        return self.catalog.item(before.id)

    def _in_order(self, source: str) -> list[Item]:
        names = [name for name, _places in self.catalog.items_of(source)]
        return sorted(self.catalog.items(names), key=lambda item: item.begins_at)

    def _divide_again(self, source: str) -> tuple[int, list[Exception]]:
        """Draw the lines between the items from `source` anew; return how many there are, and what went wrong."""
        while True:
            latest = self.catalog.last_decision()
            items = self._in_order(source)
            if not items:
                return 0, []
            pages = (replace(page, number=page.number + item.begins_at - 1) for item in items for page in item.pages)
            stack = Stack(source, _named(items[0]), tuple(pages), items[0].given)
            before = [(item.id, tuple(page.place for page in item.pages)) for item in items]
            errors: list[Exception] = []
            made = Entries(self.catalog).make(stack, before, errors.append)
            gone = {item.id for item in items} - {item.id for item in made}
            if self.catalog.save_items(made, instead_of=gone, heeding=latest):
                self._note(source, errors)
                self._index_now()
                return len(made), errors

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


def _named(item: Item) -> str:
    """Return what the place is called that an item came from, for one that has no title of its own."""
    whole, mark, part = item.source.rpartition("#")
    place = PurePosixPath(whole if mark else item.source)
    if mark:
        name = part if place.name.lower() == MANIFEST else f"{place.name} {part}"
    else:
        # Only a scan has a suffix: a folder may be called 7.5.
        name = (place.stem if place.suffix.lower() in SUFFIXES else place.name) or item.source
    return name if item.begins_at == 1 else f"{name}, {item.begins_at}"

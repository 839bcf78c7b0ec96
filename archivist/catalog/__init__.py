"""The catalogue: what is known of scans, pages, items, campaigns, and what waits for index or review."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from gettext import gettext as _
from itertools import islice
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Table, delete, func, insert, literal, select

from archivist.catalog.citations import MissingCitation, missing, resolve
from archivist.catalog.database import Database
from archivist.catalog.finding import all_campaigns, holding, of_source
from archivist.catalog.pages import unpack
from archivist.catalog.review import (
    READS_FROM,
    PoorPage,
    Waiting,
    add_decisions,
    last_decision,
    mark_carried_out,
    read_decisions,
    read_outstanding,
    read_poor,
    read_waiting,
    verified,
)
from archivist.catalog.rows import add_reading, read_items, write_items
from archivist.catalog.tables import (
    CHUNK,
    campaign_links,
    campaigns,
    failures,
    fields,
    index_tasks,
    item_pages,
    items,
    readings,
    scans,
    waiting,
)
from archivist.decisions import Decision, Subject
from archivist.errors import NotFound, WrongCall
from archivist.model import Campaign, Failure, Field, Item, Page
from archivist.text import fold

__all__ = ["Catalog", "Counts", "MissingCitation", "PoorPage", "Waiting"]

# Items held in memory at a time while many are given out.
_WINDOW = 50


@dataclass(frozen=True, slots=True)
class Counts:
    """How much the catalogue holds: `fields` by status, `failures` by cause; `waiting` is what `review` lists."""

    items: int
    pages: int
    campaigns: int
    fields: Mapping[str, int]
    hardly_read: int
    failures: Mapping[str, int]
    waiting: int


class Catalog:
    """The catalogue behind a database URL (`sqlite:////box/archive/catalogue.db`), made where there is none.

    Every method is one transaction. Raises SettingsError where the URL is wrong or a newer archivist wrote
    the catalogue, ArchiveBusy where another process keeps it locked, ArchivistError where the database fails.
    """

    def __init__(self, url: str) -> None:
        self._database = Database(url)

    def __enter__(self) -> Self:
        """Return the catalogue itself, to be closed at the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the catalogue."""
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def save_scan(self, sha256: str, name: str, size: int, media_type: str, pages: int) -> None:
        """Keep that a scan of `size` bytes and `pages` pages is in the store; its first name stays."""
        row = {"sha256": sha256, "name": name, "size": size, "media_type": media_type, "pages": pages}
        with self._database.writing() as connection:
            if not _has_scan(connection, sha256):
                connection.execute(insert(scans).values(**row, saved_at=_now()))

    def scans(self) -> Iterator[tuple[str, str]]:
        """Give digest and name of every scan in the store, by digest."""
        last = ""
        query = select(scans.c.sha256, scans.c.name).order_by(scans.c.sha256).limit(CHUNK)
        while True:
            with self._database.reading() as connection:
                rows = connection.execute(query.where(scans.c.sha256 > last)).all()
            if not rows:
                return
            yield from ((row.sha256, row.name) for row in rows)
            last = rows[-1].sha256

    def save_reading(self, pages: Sequence[Page], recipe: str) -> None:
        """Keep what `recipe` read on one scan, two pages where they face each other; what is there already stays."""
        with self._database.writing() as connection:
            add_reading(connection, pages, recipe, _now())

    def reading(self, sha256: str, index: int, recipe: str) -> tuple[Page, ...]:
        """Return what `recipe` read on page `index` (from 0) of a scan, each page as page 1; nothing if it has not."""
        same = (readings.c.sha256 == sha256, readings.c.place == index, readings.c.recipe == recipe)
        with self._database.reading() as connection:
            data = connection.scalar(select(readings.c.data).where(*same))
        return () if data is None else unpack(data)

    def save_item(self, item: Item, recipe: str) -> None:
        """Keep `item` in place of what is known of it, and queue it for the index, all or nothing.

        Pages whose reading by `recipe` is not kept yet are kept too. Campaigns come and go with their items.
        """
        self.save_items([item], recipe)

    def save_items(
        self,
        entries: Iterable[Item],
        recipe: str | None = None,
        instead_of: Iterable[str] = (),
        heeding: int | None = None,
    ) -> bool:
        """Keep `entries` as `save_item` does, and remove the items `instead_of` which they stand, all or nothing.

        Without a `recipe` the pages are those that these items held before, divided or joined, which are not read
        again. What was read on pages that no item holds any more stays. The index is told of all of them.
        Nothing is kept and False returned where people decided something after the decision numbered `heeding`, the
        last one that `entries` heed.
        """
        kept = list(entries)
        names = dict.fromkeys(item.id for item in kept)
        gone = [name for name in dict.fromkeys(instead_of) if name not in names]
        with self._database.writing() as connection:
            if heeding is not None and last_decision(connection) > heeding:
                return False
            write_items(connection, kept, recipe, _now(), gone)
            for name in [*names, *gone]:
                # The older task goes, so that an item saved often is indexed once.
                connection.execute(delete(index_tasks).where(index_tasks.c.item == name))
                connection.execute(insert(index_tasks).values(item=name, queued_at=_now()))
        return True

    def item(self, name: str) -> Item:
        """Return the item with this identifier or reference code.

        Raises NotFound where there is none, WrongCall where several share the reference code.
        """
        with self._database.reading() as connection:
            found = read_items(connection, [name]) or read_items(connection, _with_code(connection, name))
        if not found:
            raise NotFound(_("There is no item “{name}” in this archive.").format(name=name))
        if len(found) > 1:
            names = ", ".join(item.id for item in found)
            message = _("Several items have the reference code {name}; say which by its identifier: {names}")
            raise WrongCall(message.format(name=name, names=names))
        return found[0]

    def items(self, ids: Iterable[str] | None = None) -> Iterator[Item]:
        """Give all items, or those of `ids` that exist, by reference code, source, identifier (2 before 10).

        Only a few items are in memory at a time, and no lock is held between them.
        """
        names = self.identifiers(ids)
        while window := list(islice(names, _WINDOW)):
            with self._database.reading() as connection:
                found = read_items(connection, window)
            yield from found

    def identifiers(self, ids: Iterable[str] | None = None) -> Iterator[str]:
        """Give the identifiers of all items, or those of `ids` that exist, in catalogue order."""
        return self._names() if ids is None else iter(self._sorted(ids))

    def sources(self) -> list[str]:
        """Return every place that items came from."""
        query = select(items.c.source).distinct().order_by(items.c.source)
        with self._database.reading() as connection:
            return list(connection.scalars(query))

    def items_of(self, source: str) -> list[tuple[str, tuple[str, ...]]]:
        """Return identifier and pages (`Page.place`) of every item that came from `source`, in catalogue order."""
        with self._database.reading() as connection:
            return of_source(connection, source)

    def items_holding(self, places: Iterable[str]) -> list[str]:
        """Return the identifiers of the items that have any of these pages (`Page.place`), in catalogue order."""
        with self._database.reading() as connection:
            found = holding(connection, places)
        return self._sorted(found)

    def campaigns(self) -> tuple[Campaign, ...]:
        """Return every campaign by name, each with its items in catalogue order; a refused link makes no member."""
        with self._database.reading() as connection:
            return all_campaigns(connection)

    def campaign(self, name: str) -> Campaign:
        """Return the campaign with this identifier or name (either script); NotFound where there is none."""
        for campaign in self.campaigns():
            if campaign.id == name or fold(campaign.name) == fold(name):
                return campaign
        raise NotFound(_("There is no campaign “{name}” in this archive.").format(name=name))

    def campaign_key(self, campaign: str) -> str:
        """Return what all spellings of the campaign with this identifier share; NotFound where there is none."""
        with self._database.reading() as connection:
            key = connection.scalar(select(campaigns.c.key).where(campaigns.c.id == campaign))
        if key is None:
            raise NotFound(_("There is no campaign “{name}” in this archive.").format(name=campaign))
        return str(key)

    def items_naming(self, campaign: str) -> list[str]:
        """Return the identifiers of the items linked to the campaign with this identifier, refused ones as well."""
        query = select(campaign_links.c.item).where(campaign_links.c.campaign == campaign)
        with self._database.reading() as connection:
            return list(connection.scalars(query))

    def record_failure(self, failure: Failure, at: datetime | None = None) -> None:
        """Keep that a scan could not be used, in place of an earlier failure of the same page of it."""
        row = {
            "source": failure.source,
            "place": failure.index,
            "stage": failure.stage,
            "cause": failure.cause,
            "message": failure.message,
            "at": _iso(at) if at else _now(),
        }
        same = (failures.c.source == failure.source, failures.c.place == failure.index)
        with self._database.writing() as connection:
            connection.execute(delete(failures).where(*same))
            connection.execute(insert(failures).values(row))

    def failures(self) -> list[tuple[Failure, str]]:
        """Return every failure that still stands and when it happened (ISO 8601, UTC), by source and page."""
        query = select(failures).order_by(failures.c.source, failures.c.place)
        with self._database.reading() as connection:
            return [
                (Failure(row.source, row.place, row.stage, row.cause, row.message), row.at)
                for row in connection.execute(query)
            ]

    def clear_failure(self, source: str, stage: str | None = None) -> None:
        """Forget the failures of `source`, or those at one stage, which could be used after all."""
        these = delete(failures).where(failures.c.source == source)
        with self._database.writing() as connection:
            connection.execute(these if stage is None else these.where(failures.c.stage == stage))

    def index_tasks(self, limit: int) -> list[tuple[int, str]]:
        """Return the oldest `limit` tasks as (task, item); an item that is not found is to be forgotten."""
        query = select(index_tasks.c.id, index_tasks.c.item).order_by(index_tasks.c.id).limit(limit)
        with self._database.reading() as connection:
            return [(row.id, row.item) for row in connection.execute(query)]

    def to_index(self) -> tuple[int, int]:
        """Return how many items there are, and how many of them wait for the index."""
        with self._database.reading() as connection:
            return _size(connection, items), _size(connection, index_tasks)

    def finish_index_tasks(self, tasks: Iterable[int]) -> None:
        """Take these tasks off the queue, once the index holds what they asked for."""
        numbers = iter(tasks)
        with self._database.writing() as connection:
            while chunk := list(islice(numbers, CHUNK)):
                connection.execute(delete(index_tasks).where(index_tasks.c.id.in_(chunk)))

    def queue_all_for_index(self) -> None:
        """Queue every item, in catalogue order, for an index that is built anew."""
        everything = select(items.c.id, literal(_now())).order_by(items.c.catalogue_order)
        with self._database.writing() as connection:
            connection.execute(delete(index_tasks))
            connection.execute(insert(index_tasks).from_select(["item", "queued_at"], everything))

    def counts(self) -> Counts:
        """Return how much the catalogue holds."""
        status = select(fields.c.status, func.count()).group_by(fields.c.status)
        joined = select(func.count(campaign_links.c.campaign.distinct())).where(campaign_links.c.status != "rejected")
        cause = select(failures.c.cause, func.count()).group_by(failures.c.cause)
        poor = select(func.count()).where(item_pages.c.confidence < READS_FROM)
        with self._database.reading() as connection:
            return Counts(
                _size(connection, items),
                _size(connection, item_pages),
                connection.scalar(joined) or 0,
                {row[0]: row[1] for row in connection.execute(status)},
                connection.scalar(poor) or 0,
                {row[0]: row[1] for row in connection.execute(cause)},
                _size(connection, waiting),
            )

    def waiting(self, limit: int) -> list[Waiting]:
        """Return the `limit` things a person should look at first: the least sure on which most depends."""
        with self._database.reading() as connection:
            return read_waiting(connection, limit)

    def decide(self, decisions: Iterable[Decision]) -> None:
        """Keep what people decided, behind what they decided before; nothing of that is ever changed."""
        made = list(decisions)
        with self._database.writing() as connection:
            add_decisions(connection, made)

    def decisions(self, subject: Subject | None = None, targets: Iterable[str] | None = None) -> list[Decision]:
        """Return what was decided, about `subject` and `targets` if they are said, oldest first."""
        with self._database.reading() as connection:
            return read_decisions(connection, subject, targets)

    def last_decision(self) -> int:
        """Return the number of the latest decision, 0 where nothing was decided yet."""
        with self._database.reading() as connection:
            return last_decision(connection)

    def outstanding(self) -> tuple[list[Decision], int]:
        """Return what was decided but not carried out yet, oldest first, and the number of the latest decision."""
        with self._database.reading() as connection:
            return read_outstanding(connection)

    def carried_out(self, number: int) -> None:
        """Keep that everything decided up to the decision with this number has reached the items concerned."""
        with self._database.writing() as connection:
            mark_carried_out(connection, number)

    def verified_agencies(self) -> list[tuple[str, int]]:
        """Return every name of an agency that a person verified, and how often, most often first."""
        with self._database.reading() as connection:
            return verified(connection)

    def cited(self, item: Item) -> list[tuple[Field, tuple[str, ...]]]:
        """Return the citations of `item` as it is saved, each with the items of this archive that it means.

        Meant is what has the number cited, or else the title: the same from 关于 on, and from no other agency.
        """
        with self._database.reading() as connection:
            return resolve(connection, item)

    def missing_citations(self, limit: int) -> list[MissingCitation]:
        """Return the `limit` papers that most items cite and this archive has not."""
        with self._database.reading() as connection:
            return missing(connection, limit)

    def hardly_read(self, limit: int) -> list[PoorPage]:
        """Return the `limit` pages that read worst, of those a person should look at: what they say is doubtful.

        A blank page is none of them; one with marks of which nothing could be read comes first.
        """
        with self._database.reading() as connection:
            return read_poor(connection, limit)

    def _names(self) -> Iterator[str]:
        last = b""
        while True:
            query = select(items.c.id, items.c.catalogue_order).where(items.c.catalogue_order > last)
            with self._database.reading() as connection:
                rows = connection.execute(query.order_by(items.c.catalogue_order).limit(CHUNK)).all()
            if not rows:
                return
            yield from (row.id for row in rows)
            last = rows[-1].catalogue_order

    def _sorted(self, ids: Iterable[str]) -> list[str]:
        asked = iter(set(ids))
        found: list[tuple[bytes, str]] = []
        with self._database.reading() as connection:
            while chunk := list(islice(asked, CHUNK)):
                query = select(items.c.catalogue_order, items.c.id).where(items.c.id.in_(chunk))
                found += [(row.catalogue_order, row.id) for row in connection.execute(query)]
        return [name for _order, name in sorted(found)]


def _size(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0


def _has_scan(connection: Connection, sha256: str) -> bool:
    return connection.scalar(select(scans.c.sha256).where(scans.c.sha256 == sha256)) is not None


def _with_code(connection: Connection, code: str) -> list[str]:
    return list(connection.scalars(select(items.c.id).where(items.c.reference_code == code).limit(CHUNK)))


def _now() -> str:
    return _iso(datetime.now(UTC))


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")

"""The catalogue: what is known of scans, pages, items, campaigns, and what waits for index or review."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, select

from archivist.catalog.citations import MissingCitation, missing, resolve
from archivist.catalog.database import Database
from archivist.catalog.failures import forget_failures, put_failure, read_failures
from archivist.catalog.finding import (
    Counts,
    all_campaigns,
    behind,
    campaign_sizes,
    coded,
    counted,
    holding,
    in_order,
    of_source,
    one_campaign,
    recipes_of,
    sources_of,
    to_index,
)
from archivist.catalog.indexes import Indexes, counts
from archivist.catalog.ledger import Ledger, recording
from archivist.catalog.likenesses import Likenesses, settle
from archivist.catalog.originals import Original, add_scan, news_of
from archivist.catalog.pages import reopen
from archivist.catalog.queue import finish, oldest, queue, queue_all
from archivist.catalog.review import (
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
from archivist.catalog.rows import add_reading, read_items, read_listed, write_items
from archivist.catalog.runs import Runs
from archivist.catalog.soundness import Soundness
from archivist.catalog.tables import CHUNK, campaign_links, campaigns, iso, now, readings, scans
from archivist.decisions import Decision, Subject
from archivist.errors import NotFound, WrongCall
from archivist.language import gettext as _
from archivist.model import Campaign, Failure, Field, Item, Page

__all__ = ["Catalog", "Counts", "MissingCitation", "PoorPage", "Waiting"]

# Items held in memory at a time while many are given out.
_WINDOW = 50


class Catalog:
    """The catalogue behind a database URL (`sqlite:////box/archive/catalogue.db`), made where there is none.

    Every method is one transaction, with the events in it that tell what was done. `ledger` is these events, `runs`
    who writes to the archive, `likenesses` which pages are alike, `indexes` which search index is in use. Raises
    SettingsError where the URL is wrong or a newer archivist wrote the catalogue, ArchiveBusy where another process
    keeps it locked, ArchivistError where the database fails.
    """

    def __init__(self, url: str) -> None:
        self._database = Database(url)
        self.ledger = Ledger(self._database)
        self.runs = Runs(self._database)
        self.likenesses = Likenesses(self._database)
        self.soundness = Soundness(self._database)
        self.indexes = Indexes(self._database)

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

    def save_scan(self, sha256: str, name: str, size: int, media_type: str, pages: int, source: str = "") -> None:
        """Keep that a scan of `size` bytes and `pages` pages from `source` is in the store; its first name stays.

        Of a scan that is known the ledger is told where it came from again; where it says so already, nothing is
        written, and nobody waited for.
        """
        scan = Original(sha256, name, size, media_type, pages)
        with self._database.reading() as connection:
            if not news_of(connection, scan, source):
                return
        with recording(self._database) as (connection, told):
            told += add_scan(connection, scan, source)

    def scan(self, sha256: str) -> tuple[str, int] | None:
        """Return media type and number of pages of the scan with this digest, None where it was never saved."""
        query = select(scans.c.media_type, scans.c.pages).where(scans.c.sha256 == sha256)
        with self._database.reading() as connection:
            row = connection.execute(query).first()
        return None if row is None else (row.media_type, row.pages)

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
        with recording(self._database) as (connection, told):
            add_reading(connection, pages, recipe, now(), told)

    def reading(self, sha256: str, index: int, recipe: str) -> tuple[Page, ...]:
        """Return what `recipe` read on page `index` (from 0) of a scan, each page as page 1; nothing if it has not."""
        same = (readings.c.sha256 == sha256, readings.c.place == index, readings.c.recipe == recipe)
        with self._database.reading() as connection:
            data = connection.scalar(select(readings.c.data).where(*same))
        return () if data is None else reopen(data, f"{sha256[:12]}…", index)

    def parts(self, sha256: str, index: int, recipe: str) -> int:
        """Return how many pages `recipe` read on page `index` (from 0) of a scan; 0 where it has not read it."""
        same = (readings.c.sha256 == sha256, readings.c.place == index, readings.c.recipe == recipe)
        with self._database.reading() as connection:
            return connection.scalar(select(readings.c.parts).where(*same)) or 0

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
        described_by: str = "",
    ) -> bool:
        """Keep `entries` as `save_item` does, and remove the items `instead_of` which they stand, all or nothing.

        Without a `recipe` the pages are those that these items held before, divided or joined, which are not read
        again. What was read on pages that no item holds any more stays. The index is told of all of them.
        Nothing is kept and False returned where people decided something after the decision numbered `heeding`, the
        last one that `entries` heed. `described_by` is the digest of the recipe by which they were described.
        """
        kept = list(entries)
        names = dict.fromkeys(item.id for item in kept)
        gone = [name for name in dict.fromkeys(instead_of) if name not in names]
        with recording(self._database) as (connection, told):
            if heeding is not None and last_decision(connection) > heeding:
                return False
            write_items(connection, kept, recipe, described_by, now(), gone, told)
            queue(connection, [*names, *gone], now())
        return True

    def item(self, name: str) -> Item:
        """Return the item with this identifier or reference code.

        Raises NotFound where there is none, WrongCall where several share the reference code.
        """
        with self._database.reading() as connection:
            found = read_items(connection, [name]) or read_items(connection, coded(connection, name))
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
        return self._in_windows(ids, _WINDOW, read_items)

    def listed(self, ids: Iterable[str] | None = None) -> Iterator[Item]:
        """Give the same as `items`, but of their pages only which scans they are and whether they are blank: quick."""
        return self._in_windows(ids, CHUNK, read_listed)

    def identifiers(self, ids: Iterable[str] | None = None) -> Iterator[str]:
        """Give the identifiers of all items, or those of `ids` that exist, in catalogue order."""
        if ids is None:
            return self._names()
        with self._database.reading() as connection:
            return iter(in_order(connection, ids))

    def sources(self, ids: Iterable[str] | None = None) -> list[str]:
        """Return every place that items came from, or those of `ids`."""
        with self._database.reading() as connection:
            return sources_of(connection, ids)

    def made_by(self, source: str) -> set[tuple[str, str]]:
        """Return the digests of the recipes by which the items from `source` were read, and described."""
        with self._database.reading() as connection:
            return recipes_of(connection, source)

    def items_of(self, source: str) -> list[tuple[str, tuple[str, ...]]]:
        """Return identifier and pages (`Page.place`) of every item that came from `source`, in catalogue order."""
        with self._database.reading() as connection:
            return of_source(connection, source)

    def items_holding(self, places: Iterable[str]) -> list[str]:
        """Return the identifiers of the items that have any of these pages (`Page.place`), in catalogue order."""
        with self._database.reading() as connection:
            return in_order(connection, holding(connection, places))

    def campaigns(self) -> tuple[Campaign, ...]:
        """Return every campaign by name, each with its items in catalogue order; a refused link makes no member."""
        with self._database.reading() as connection:
            return all_campaigns(connection)

    def campaign_sizes(self) -> list[tuple[Campaign, int]]:
        """Return every campaign by name, without its items, and how many it has: quick where they are very many."""
        with self._database.reading() as connection:
            return campaign_sizes(connection)

    def campaign(self, name: str) -> Campaign:
        """Return the campaign with this identifier or name (either script); NotFound where there is none."""
        with self._database.reading() as connection:
            found = one_campaign(connection, name)
        if found is not None:
            return found
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

    def record_failure(self, failure: Failure, at: datetime | None = None, sha256: str = "") -> None:
        """Keep that a scan could not be used, in place of an earlier failure of the same page of it.

        `sha256` is its digest, where it came so far as to be kept.
        """
        with recording(self._database) as (connection, told):
            told.append(put_failure(connection, failure, iso(at) if at else now(), sha256))

    def failures(self) -> list[tuple[Failure, str]]:
        """Return every failure that still stands and when it happened (ISO 8601, UTC), by source and page."""
        with self._database.reading() as connection:
            return read_failures(connection)

    def clear_failure(self, source: str, stage: str | None = None) -> None:
        """Forget the failures of `source`, or those at one stage, which could be used after all."""
        with recording(self._database) as (connection, told):
            told += forget_failures(connection, source, stage)

    def index_tasks(self, limit: int) -> list[tuple[int, str]]:
        """Return the oldest `limit` tasks as (task, item); an item that is not found is to be forgotten."""
        with self._database.reading() as connection:
            return oldest(connection, limit)

    def to_index(self) -> tuple[int, int]:
        """Return how many items there are, and how many of them wait for the index."""
        with self._database.reading() as connection:
            return to_index(connection)

    def finish_index_tasks(self, tasks: Iterable[int], index: str = "") -> bool:
        """Take these tasks off the queue, once the index called `index` (see `indexes`) holds what they asked for.

        They stay, and False is returned, where another index is in use or being made, which wants them as well.
        """
        with self._database.writing() as connection:
            if counts(connection, index):
                finish(connection, tasks)
                return True
        return False

    def queue_all_for_index(self) -> None:
        """Queue every item, in catalogue order, for an index that is built anew."""
        with self._database.writing() as connection:
            queue_all(connection, now())

    def counts(self) -> Counts:
        """Return how much the catalogue holds."""
        with self._database.reading() as connection:
            return counted(connection)

    def waiting(self, limit: int) -> list[Waiting]:
        """Return the `limit` things a person should look at first: the least sure on which most depends."""
        with self._database.reading() as connection:
            return read_waiting(connection, limit)

    def decide(self, decisions: Iterable[Decision]) -> None:
        """Keep what people decided, behind what they decided before; nothing of that is ever changed."""
        made = list(decisions)
        with recording(self._database) as (connection, told):
            told += add_decisions(connection, made)
            settle(connection, made)

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

    def _in_windows(
        self, ids: Iterable[str] | None, most: int, read: Callable[[Connection, list[str]], list[Item]]
    ) -> Iterator[Item]:
        names, size = self.identifiers(ids), _WINDOW
        while window := list(islice(names, size)):
            with self._database.reading() as connection:
                found = read(connection, window)
            yield from found
            # Who wants only the first does not wait for many.
            size = min(2 * size, most)

    def _names(self) -> Iterator[str]:
        last = b""
        while True:
            with self._database.reading() as connection:
                found = behind(connection, last)
            if not found:
                return
            yield from (name for name, _order in found)
            last = found[-1][1]

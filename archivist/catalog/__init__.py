"""The catalogue: what is known of scans, pages, items, campaigns, and what waits for index or review."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, select

from archivist.access import MaySee
from archivist.catalog.accounts import Accounts
from archivist.catalog.citations import MissingCitation, missing, resolve
from archivist.catalog.database import Database
from archivist.catalog.deciding import Deciding
from archivist.catalog.eras import years_of
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
from archivist.catalog.leaves import Leaves, Placed
from archivist.catalog.ledger import Ledger, recording
from archivist.catalog.likenesses import Likenesses
from archivist.catalog.queue import finish, oldest, queue, queue_all
from archivist.catalog.review import PoorPage, Waiting
from archivist.catalog.rows import read_items, read_listed, write_items
from archivist.catalog.runs import Runs
from archivist.catalog.said import Numbered, decided_since
from archivist.catalog.skimming import Skimming
from archivist.catalog.soundness import Soundness
from archivist.catalog.standing import Standing
from archivist.catalog.tables import CHUNK, campaign_links, campaigns, iso, now
from archivist.errors import NotFound, WrongCall
from archivist.language import gettext as _
from archivist.model import Campaign, Failure, Field, Item

__all__ = ["Catalog", "Counts", "MissingCitation", "Numbered", "Placed", "PoorPage", "Waiting"]

# Items held in memory at a time while many are given out.
_WINDOW = 50


class Catalog(Leaves, Deciding):
    """The catalogue behind a database URL (`sqlite:////box/archive/catalogue.db`), made where there is none.

    Every method is one transaction, with the events in it that tell what was done. `ledger` is these events, `runs`
    who writes to the archive, `likenesses` which pages are alike, `indexes` which search index is in use. Raises
    SettingsError where the URL is wrong or a newer archivist wrote the catalogue, ArchiveBusy where another process
    keeps it locked, ArchivistError where the database fails.
    """

    def __init__(self, url: str) -> None:
        database = Database(url)
        Leaves.__init__(self, database)
        self._database = database
        self.ledger = Ledger(self._database)
        self.runs = Runs(self._database)
        self.likenesses = Likenesses(self._database)
        self.soundness = Soundness(self._database)
        self.standing = Standing(self._database)
        self.indexes = Indexes(self._database)
        self.accounts = Accounts(self._database)
        self._skimming = Skimming(self._database)

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
        Nothing is kept and False returned where people decided something about them after the decision numbered
        `heeding`, the last one that `entries` heed. `described_by` is the digest of the recipe by which they were
        described.
        """
        kept = list(entries)
        names = dict.fromkeys(item.id for item in kept)
        gone = [name for name in dict.fromkeys(instead_of) if name not in names]
        with recording(self._database) as (connection, told):
            if heeding is not None and decided_since(connection, heeding, kept):
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

    def skimmed(self, ids: Sequence[str]) -> list[Item]:
        """Return those of `ids`, at most some hundred, that exist, in their order, with pages quick to read.

        What such a `WrittenPage` says is known at once, where it stands on the paper only when somebody asks.
        """
        return self._skimming.read(ids)

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

    def campaigns(self, *, may_see: MaySee = None) -> tuple[Campaign, ...]:
        """Return every campaign by name, each with its items in catalogue order; a refused link makes no member.

        Where `may_see` is said, only items of these levels of access are members, a campaign without any is none, and
        it is called as one of them calls it. So it is with the other methods.
        """
        with self._database.reading() as connection:
            return all_campaigns(connection, may_see)

    def campaign_sizes(self, *, may_see: MaySee = None) -> list[tuple[Campaign, int]]:
        """Return every campaign by name, without its items, and how many it has: quick where they are very many."""
        with self._database.reading() as connection:
            return campaign_sizes(connection, may_see)

    def campaign_years(self, campaigns: Iterable[str], *, may_see: MaySee = None) -> dict[str, tuple[str, str]]:
        """Return the first and the last year on papers of each of these campaigns (identifiers) that bear a date."""
        with self._database.reading() as connection:
            return years_of(connection, campaigns, may_see)

    def campaign(self, name: str, *, may_see: MaySee = None) -> Campaign:
        """Return the campaign with this identifier or name (either script); NotFound where there is none."""
        with self._database.reading() as connection:
            found = one_campaign(connection, name, may_see)
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

    def cited(self, item: Item, may_see: MaySee = None) -> list[tuple[Field, tuple[str, ...]]]:
        """Return the citations of `item` as it is saved, each with the items of this archive that it means.

        Meant is what has the number cited, or else the title: the same from 关于 on, and from no other agency. Items
        whose level of access is not in `may_see` (None: all are) are left out.
        """
        with self._database.reading() as connection:
            return resolve(connection, item, may_see)

    def missing_citations(self, limit: int) -> list[MissingCitation]:
        """Return the `limit` papers that most items cite and this archive has not."""
        with self._database.reading() as connection:
            return missing(connection, limit)

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

"""What `verify` asks of the catalogue: what ought to be kept where, and whether the tables themselves are sound."""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import Select, delete, func, insert, select, update

from archivist.catalog.database import Database
from archivist.catalog.ledger import Ledger, recording
from archivist.catalog.pages import pack, unpack
from archivist.catalog.tables import CHUNK, derivatives, events, index_tasks, item_pages, items, readings, scans
from archivist.events import Event, of_page
from archivist.language import gettext as _
from archivist.model import Page

# Readings are large: so many are in memory at a time.
_WINDOW = 20
# Faults of the tables that are told; one is enough to know that a backup is wanted.
_FAULTS = 20


class KeptScan(NamedTuple):
    """An original as the catalogue knows it: digest, the name it came under, bytes, and pages in it."""

    sha256: str
    name: str
    size: int
    pages: int


class KeptReading(NamedTuple):
    """A reading by its number: page `place` (from 0) of the scan `name`, and how many pages that gave.

    `fault` says what is wrong with it, "" where nothing is.
    """

    number: int
    sha256: str
    place: int
    name: str
    parts: int
    fault: str


class Soundness:
    """Looks into the tables of `database` as they are."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def faults(self, *, quick: bool) -> list[str]:
        """Return what the database itself finds wrong with its tables; not all that can be asked if `quick`."""
        with self._database.reading() as connection:
            if connection.dialect.name != "sqlite":
                # A server looks after its own pages, and never lets a row name one that is not there.
                return []
            look = "quick_check" if quick else "integrity_check"
            told = [str(row[0]) for row in connection.exec_driver_sql(f"PRAGMA {look}({_FAULTS})")]
            lost = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(_FAULTS)
        text = _("a row of the table {table} names one of {other} that is not there")
        return [one for one in told if one != "ok"] + [text.format(table=row[0], other=row[2]) for row in lost]

    def sizes(self) -> dict[str, int]:
        """Return how many originals, pictures cut out of them, and readings there are."""
        counted = {"original": scans.c.sha256, "picture": derivatives.c.sha256.distinct(), "reading": readings.c.id}
        with self._database.reading() as connection:
            return {kind: connection.scalar(select(func.count(column))) or 0 for kind, column in counted.items()}

    def scans(self) -> Iterator[KeptScan]:
        """Give every original there ought to be, by digest."""
        columns = select(scans.c.sha256, scans.c.name, scans.c.size, scans.c.pages)
        return (KeptScan(*row) for row in self._rows(columns, scans.c.sha256))

    def derivatives(self) -> Iterator[tuple[str, int]]:
        """Give the digest of every picture cut out of a scan, and the number of a reading that names it."""
        columns = select(derivatives.c.sha256, func.min(derivatives.c.reading)).group_by(derivatives.c.sha256)
        return ((row[0], row[1]) for row in self._rows(columns, derivatives.c.sha256))

    def unknown(self, digests: Iterable[str]) -> Iterator[str]:
        """Give those of `digests` that are of no original and of nothing cut out of one."""
        source = iter(digests)
        while window := list(islice(source, CHUNK)):
            with self._database.reading() as connection:
                known = {
                    digest
                    for column in (scans.c.sha256, derivatives.c.sha256)
                    for digest in connection.scalars(select(column).where(column.in_(window)))
                }
            yield from (digest for digest in window if digest not in known)

    def readings(self) -> Iterator[KeptReading]:
        """Give every reading, looked into: that its bytes are whole, and that it is of a page there is."""
        own = readings.c
        columns = select(own.id, own.sha256, own.place, own.recipe, own.parts, own.data, scans.c.name, scans.c.pages)
        joined = columns.outerjoin(scans, scans.c.sha256 == own.sha256)
        ledger = Ledger(self._database)
        for row in self._rows(joined, own.id, _WINDOW):
            fault = _fault(row)
            told = ledger.read_as(row.sha256, row.place, row.recipe)
            if not fault and told not in ("", sha256(row.data).hexdigest()):
                fault = _("it is not what the ledger says was read")
            yield KeptReading(row.id, row.sha256, row.place, row.name or row.sha256[:12], row.parts, fault)

    def pages(self, number: int) -> tuple[Page, ...]:
        """Return the pages of the reading with this number; none where it is gone, ValueError where it is damaged."""
        with self._database.reading() as connection:
            data = connection.scalar(select(readings.c.data).where(readings.c.id == number))
        return () if data is None else unpack(data)

    def read_again(self, number: int, pages: Sequence[Page], recipe: str) -> None:
        """Put `pages`, as `recipe` reads them today, in the place of the reading with this number, and record that."""
        scan = pages[0].scan
        same = (readings.c.sha256 == scan.sha256, readings.c.place == scan.index, readings.c.recipe == recipe)
        crops = {region.crop for page in pages for region in page.regions if region.crop}
        data = pack(pages)
        detail = {"act": "read", "recipe": recipe, "data": sha256(data).hexdigest()}
        with recording(self._database) as (connection, told):
            there = connection.scalar(select(readings.c.id).where(*same, readings.c.id != number))
            if there is None:
                row = {"data": data, "recipe": recipe, "parts": len(pages)}
                connection.execute(update(readings).where(readings.c.id == number).values(row))
                connection.execute(delete(derivatives).where(derivatives.c.reading == number))
                if crops:
                    connection.execute(
                        insert(derivatives), [{"reading": number, "sha256": crop} for crop in sorted(crops)]
                    )
            else:
                connection.execute(update(item_pages).where(item_pages.c.reading == number).values(reading=there))
                connection.execute(delete(readings).where(readings.c.id == number))
                detail.pop("data")
            told.append(Event("recovery", of_page(scan.sha256, scan.index), detail))

    def items_on(self, sha256: str, place: int | None = None) -> list[str]:
        """Return the identifiers of the items with pages of this scan, or with this page of it."""
        query = select(item_pages.c.item).distinct().join(readings, item_pages.c.reading == readings.c.id)
        query = query.where(readings.c.sha256 == sha256)
        if place is not None:
            query = query.where(readings.c.place == place)
        with self._database.reading() as connection:
            return sorted(connection.scalars(query))

    def sources_of(self, sha256: str) -> list[str]:
        """Return the places that items with pages of this scan came from."""
        with self._database.reading() as connection:
            query = select(items.c.source).where(items.c.id.in_(self.items_on(sha256)[:CHUNK]))
            return sorted(set(connection.scalars(query)))

    def identifiers(self) -> Iterator[str]:
        """Give the identifier of every item, by code point."""
        with self._database.reading() as connection:
            # Databases differ in how they sort text.
            order = items.c.id if connection.dialect.name == "sqlite" else items.c.id.collate("C")
        return (row.id for row in self._rows(select(items.c.id), order))

    def queued(self, names: Sequence[str]) -> set[str]:
        """Return those of the items called `names` (at most CHUNK) that wait for the index."""
        with self._database.reading() as connection:
            return set(connection.scalars(select(index_tasks.c.item).where(index_tasks.c.item.in_(names))))

    def last_index_task(self) -> int:
        """Return the number of the task that was queued last of those that wait for the index, 0 where none does."""
        with self._database.reading() as connection:
            return connection.scalar(select(func.max(index_tasks.c.id))) or 0

    def unread(self) -> int:
        """Return how many originals have pages that were never read, with no failure that says why."""
        read = select(func.count(readings.c.place.distinct())).where(readings.c.sha256 == scans.c.sha256)
        partly = select(scans.c.sha256, scans.c.pages).where(read.scalar_subquery() < scans.c.pages)
        return sum(not self._failed(row.sha256, row.pages) for row in self._rows(partly, scans.c.sha256))

    def _failed(self, sha256: str, pages: int) -> bool:
        """Whether the ledger knows of a page of this scan that could not be read."""
        named = [of_page(sha256, place) for place in range(min(pages, CHUNK))]
        query = select(events.c.id).where(events.c.object.in_(named), events.c.outcome == "failure").limit(1)
        with self._database.reading() as connection:
            return connection.scalar(query) is not None

    def _rows(self, query: Select[Any], order: Any, window: int = CHUNK) -> Iterator[Any]:
        """Give the rows of `query` in the order of a column of it that no two share, few in memory at a time."""
        query = query.order_by(order).limit(window)
        after = query
        while True:
            with self._database.reading() as connection:
                rows = connection.execute(after).all()
            if not rows:
                return
            yield from rows
            after = query.where(order > rows[-1][0])


def _fault(row: Any) -> str:
    if row.pages is None:
        return _("it is of a scan that the catalogue does not know")
    if not 0 <= row.place < row.pages:
        return _("it is of page {page} of a scan of {pages}").format(page=row.place + 1, pages=row.pages)
    try:
        pages = unpack(row.data)
    except (ValueError, KeyError, TypeError, IndexError) as error:
        return _("its bytes are damaged ({reason})").format(reason=error)
    if not pages or any((page.scan.sha256, page.scan.index) != (row.sha256, row.place) for page in pages):
        return _("it says that it is of another page")
    return ""

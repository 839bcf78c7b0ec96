"""Scans and what was read on them, page by page, as the catalogue keeps it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import select

from archivist.catalog.ledger import recording
from archivist.catalog.originals import Original, add_scan, news_of
from archivist.catalog.pages import reopen
from archivist.catalog.rows import add_reading
from archivist.catalog.said import read_decisions
from archivist.catalog.tables import CHUNK, item_pages, items, now, readings, scans
from archivist.corrections import corrected
from archivist.errors import NotFound
from archivist.language import gettext as _
from archivist.model import Page

if TYPE_CHECKING:
    from archivist.catalog.database import Database


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a page of an item lies: `reading` and `part` for `read_page`, the name of its scan in this item.

    `access` is the level of access of the item. A number may come to stand for another reading, of another scan
    (`sha256`) or by another `recipe`; what all of them agree in is the same page.
    """

    access: str
    reading: int
    part: int
    scan_name: str
    sha256: str
    recipe: str


class Leaves:
    """The scans and readings in the catalogue behind `database`."""

    def __init__(self, database: "Database") -> None:
        self._database = database

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

    def access(self, name: str) -> str | None:
        """Return the level of access of the item with this identifier, None where there is none: quick."""
        with self._database.reading() as connection:
            return connection.scalar(select(items.c.access).where(items.c.id == name))

    def placed(self, name: str, number: int) -> Placed | None:
        """Return where page `number` of the item with this identifier lies, None where there is none: quick."""
        if not 0 < number < 2**31:
            return None
        own = item_pages.c
        query = (
            select(items.c.access, own.reading, own.part, own.scan_name, readings.c.sha256, readings.c.recipe)
            .join(item_pages, own.item == items.c.id)
            .join(readings, readings.c.id == own.reading)
            .where(items.c.id == name, own.number == number)
        )
        with self._database.reading() as connection:
            row = connection.execute(query).first()
        return None if row is None else Placed(*row)

    def read_page(self, reading: int, part: int) -> Page:
        """Return a page as it was read, as page 1: what was once read never changes. NotFound where it is gone."""
        query = select(readings.c.sha256, readings.c.place, readings.c.data).where(readings.c.id == reading)
        with self._database.reading() as connection:
            row = connection.execute(query).first()
        pages = () if row is None else reopen(row.data, f"{row.sha256[:12]}…", row.place)
        for page in pages:
            if page.scan.part == part:
                return page
        raise NotFound(_("What was read of this page is gone; load the page anew."))

    def page_as_read(self, name: str, number: int) -> Page:
        """Return page `number` of the item with this identifier as it was read, before anybody corrected its lines.

        NotFound where there is no such page.
        """
        place = self.placed(name, number)
        if place is None:
            raise NotFound(_("the item {name} has no page {page}").format(name=name, page=number))
        page = self.read_page(place.reading, place.part)
        return replace(page, number=number, scan=replace(page.scan, name=place.scan_name))

    def page_of(self, name: str, number: int) -> Page:
        """Return page `number` of the item with this identifier, its lines as people read them; NotFound.

        Quick, however many pages the item has.
        """
        page = self.page_as_read(name, number)
        with self._database.reading() as connection:
            return corrected(page, read_decisions(connection, "line", [page.place]))

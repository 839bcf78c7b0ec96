"""Items read for what they say, as a search does: the places of their characters are left packed."""

import re
import zlib
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from itertools import accumulate, chain
from threading import Lock
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, bindparam, select

from archivist.catalog.pages import damaged, records, reopen
from archivist.catalog.rows import read_entries
from archivist.catalog.said import read_decisions
from archivist.catalog.tables import HEAD, item_pages, meta, readings
from archivist.corrections import corrected
from archivist.model import Alternative, Box, Item, Page, Scan, Step
from archivist.written import WrittenPage

if TYPE_CHECKING:
    from archivist.catalog.database import Database

# Most of what is kept of a page are the corners of its characters, and how sure they are. No text has this in it: its
# quotation marks are escaped.
_CORNERS, _SURE = re.compile(rb'"boxes":\[[^\]]*\]'), re.compile(rb'"confidences":\[([^\]]*)\]')


# Built once: to put a question together takes as long as to have it answered.
_PAGES = (
    select(
        item_pages.c.item, item_pages.c.number, item_pages.c.scan_name, item_pages.c.part, readings.c.place,
        readings.c.data,
    )
    .join(readings, item_pages.c.reading == readings.c.id)
    .where(item_pages.c.item.in_(bindparam("ids", expanding=True)))
    .order_by(item_pages.c.item, item_pages.c.position)
)  # fmt: skip
_HEAD = select(meta.c.value).where(meta.c.name == HEAD)

# Characters of the items that are remembered, each some twenty bytes, and of the longest item that is.
_REMEMBERED, _LONGEST = 3_000_000, 100_000


class Skimming:
    """Reads items of `database` for what they say, and remembers them as long as nothing is written to the ledger.

    All that changes an item is told there in the same transaction, by whatever process: what is remembered is what
    would be read. Threads may share it.
    """

    def __init__(self, database: "Database") -> None:
        self._database = database
        self._lock = Lock()
        self._head = ""
        self._known = OrderedDict[str, Item]()
        self._size = 0

    def read(self, ids: Sequence[str]) -> list[Item]:
        """Return those of `ids` that exist, in their order."""
        with self._database.reading() as connection:
            head = connection.scalar(_HEAD) or ""
            found = self._remembered(head, ids)
            if missing := [name for name in ids if name not in found]:
                fresh = {item.id: item for item in read_skimmed(connection, missing)}
                self._remember(head, fresh.values())
                found |= fresh
        return [found[name] for name in dict.fromkeys(ids) if name in found]

    def _remembered(self, head: str, ids: Sequence[str]) -> dict[str, Item]:
        with self._lock:
            if head != self._head:
                self._known.clear()
                self._head, self._size = head, 0
            found = {name: self._known[name] for name in ids if name in self._known}
            for name in found:
                self._known.move_to_end(name)
        return found

    def _remember(self, head: str, fresh: Iterable[Item]) -> None:
        with self._lock:
            # Another thread may have seen a later state of the catalogue in the meantime, or an earlier one.
            if head != self._head:
                return
            for item in fresh:
                if item.id not in self._known and _length(item) <= _LONGEST:
                    self._known[item.id] = item
                    self._size += _length(item)
            while self._size > _REMEMBERED:
                _name, oldest = self._known.popitem(last=False)
                self._size -= _length(oldest)


def _length(item: Item) -> int:
    return sum(len(page.running_text) for page in item.pages)


def read_skimmed(connection: Connection, ids: Sequence[str]) -> list[Item]:
    """Return what `read_items` does, with pages that are quick to read; see `WrittenPage`."""
    pages = defaultdict(list)
    for row in connection.execute(_PAGES, {"ids": list(ids)}):
        pages[row.item].append(_skimmed(row.data, row.part, row.number, row.scan_name, row.place))
    found: dict[str, list[Page]] = {name: list(those) for name, those in pages.items()}
    if said := read_decisions(connection, "line", [page.place for page in chain.from_iterable(pages.values())]):
        found = {name: [corrected(page, said) for page in those] for name, those in found.items()}
    return [replace(item, pages=tuple(found.get(item.id, ()))) for item in read_entries(connection, ids)]


def _skimmed(data: bytes, part: int, number: int, name: str, place: int) -> Page:
    """Return the page that is `part` of a reading; DamagedReading."""
    try:
        # How sure each character is stays text for now.
        text = _SURE.sub(rb'"confidences":"\1"', _CORNERS.sub(b'"boxes":[]', zlib.decompress(data)))
        pages = records(text)
        found = next(page for page in pages if Scan(*page["scan"]).part == part)
        return _written(found, number, name, partial(_whole, data, part, name, place))
    except (zlib.error, ValueError, LookupError, TypeError, AttributeError, RecursionError, StopIteration) as error:
        raise damaged(name, place, error) from error


def _whole(data: bytes, part: int, name: str, place: int) -> Page:
    return next(page for page in reopen(data, name, place) if page.scan.part == part)


def _written(record: Any, number: int, name: str, whole: Any) -> WrittenPage:
    scan = replace(Scan(*record["scan"]), name=name)
    if scan.area is not None:
        scan = replace(scan, area=Box(*scan.area))
    chars, kept = record["chars"], None
    others = {
        place: tuple(Alternative(*pair) for pair in zip(flat[::2], flat[1::2], strict=True))
        for place, *flat in record["alternatives"]
    }
    if any(region[4] == "seal" for region in record["regions"]):
        kept = list(chain.from_iterable(_running(record)))
        places = {before: now for now, before in enumerate(kept)}
        chars = [chars[place] for place in kept]
        others = {places[place]: those for place, those in others.items() if place in places}
    steps = tuple(Step(*step) for step in record["steps"])
    return WrittenPage(
        number, scan, chars if isinstance(chars, str) else "".join(chars),
        partial(_confidences, record["confidences"], kept), others, whole,
        record["rotation"], record["blank"], steps, record.get("look", ""),
    )  # fmt: skip


def _confidences(said: str, kept: Sequence[int] | None) -> Sequence[float]:
    every = [float(one) for one in said.split(",")] if said else []
    return every if kept is None else [every[place] for place in kept]


def _running(record: Any) -> list[range]:
    """Return which characters belong to the running text: all but those of seals."""
    lengths = [line[4] for line in record["lines"]]
    starts = [0, *accumulate(lengths)]
    found, line = [], 0
    for region in record["regions"]:
        first, line = line, line + region[5]
        if region[4] != "seal":
            found.append(range(starts[first], starts[line]))
    return found

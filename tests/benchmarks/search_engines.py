"""The engines that are measured, each behind one interface; those of archivist are asked by their clauses."""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from archivist.model import Box, Glyph, Item, Line, Page, Region, Scan
from archivist.search.document import SearchDocument
from archivist.search.engines import open_index
from archivist.search.index import SearchIndex
from archivist.search.passages import passages
from archivist.search.query import parse
from tests.benchmarks.search_papers import papers
from tests.benchmarks.search_queries import LIMIT, Answer, Asked

_A_LINE, _SIDE = 28, 40


class Engine(Protocol):
    """An engine with an index in one place."""

    def build(self, documents: Iterable[SearchDocument]) -> None:
        """Index `documents`, in place of what is there, and make searching as fast as it can be."""

    def answer(self, asked: Asked) -> Answer | None:
        """Return the answer to `asked`, None where the engine has nothing for such a query."""

    def prepare(self, asked: Asked) -> None:
        """Get ready what an archive has at hand besides its index when `asked` is answered."""

    def size(self) -> int | None:
        """Return how many bytes the index takes, None where it is in memory."""

    def close(self) -> None:
        """Let go of it."""


class Own:
    """An engine of archivist; with its snippets, which are made from the pages of what was found."""

    def __init__(self, index: SearchIndex, count: int, folder: Path | None) -> None:
        self._index, self._count, self._folder = index, count, folder
        self._items: dict[str, Item] = {}

    def build(self, documents: Iterable[SearchDocument]) -> None:
        self._index.rebuild(documents)
        self._index.optimize()

    def prepare(self, asked: Asked) -> None:
        if asked.kind == "snippets":
            found = self._index.search(asked.clause, LIMIT).hits
            self._items = {hit.item_id: _item(self._count, int(hit.item_id)) for hit in found}

    def answer(self, asked: Asked) -> Answer | None:
        found = self._index.search(asked.clause, LIMIT, order=asked.order, facets=asked.facets)
        more = self._index.search(asked.misread, LIMIT).total if asked.misread else 0
        if asked.kind == "snippets":
            query = parse(asked.words[0])
            for hit in found.hits:
                passages(self._items[hit.item_id], query)
        return Answer(found.total, found.hits, found.facets, more)

    def size(self) -> int | None:
        if self._folder is None:
            return None
        return sum(path.stat().st_size for path in self._folder.rglob("*") if path.is_file())

    def close(self) -> None:
        self._index.close()


@lru_cache(maxsize=1000)
def _item(count: int, place: int) -> Item:
    document = papers(count)[place]
    pages = tuple(_page(number, text) for number, text in enumerate(document.pages, 1))
    return Item(document.id, document.title, pages)


def _page(number: int, text: str) -> Page:
    lines = []
    for row, start in enumerate(range(0, len(text), _A_LINE)):
        boxes = [Box(at * _SIDE, row * _SIDE, (at + 1) * _SIDE, (row + 1) * _SIDE) for at in range(_A_LINE)]
        glyphs = tuple(Glyph(char, box, 0.99) for char, box in zip(text[start : start + _A_LINE], boxes, strict=False))
        lines.append(Line(glyphs, Box.around(glyph.box for glyph in glyphs), "rapidocr"))
    scan = Scan(f"p{number:02}.jpg", "0" * 64, 0, 1240, 1754, 150.0, "image/jpeg")
    return Page(number, scan, (Region("body", Box(0, 0, 1240, 1754), tuple(lines)),), 0, False)


def opened(name: str, folder: Path, count: int, server: str) -> Engine:
    """Return the engine `name` with its index in `folder`, or on `server`; ArchivistError where it is not installed."""
    folder.mkdir(parents=True, exist_ok=True)
    match name:
        case "scan":
            from tests.search.scan import ScanIndex

            return Own(ScanIndex(), count, None)
        case "sqlite":
            from tests.benchmarks.search_databases import Sqlite

            return Sqlite(folder / "index.sqlite")
        case "postgresql":
            from tests.benchmarks.search_databases import Postgresql

            return Postgresql(server)
        case "opensearch":
            return Own(open_index(server), count, folder)
    return Own(open_index(f"{name}:{folder}"), count, folder)

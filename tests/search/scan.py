"""The scan: judges every row anew at every search. Slow and plainly right, it is what the engines are held against."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from threading import Lock

from archivist.errors import ArchiveBusy, IndexUnusable
from archivist.search.clauses import Clause, Order
from archivist.search.document import SearchDocument
from archivist.search.fields import definition
from archivist.search.index import Hit, Hits
from archivist.search.judging import points
from archivist.search.row import Row, row_of

_COMMIT = 2000


@dataclass
class Place:
    """Where a scan keeps its rows, as other engines have a folder or a server; several may use it at once."""

    rows: Mapping[str, Row] = field(default_factory=dict)
    mark: str = ""
    lock: Lock = field(default_factory=Lock)


class ScanIndex:
    """All rows in memory, a new dictionary of them at every commit; see `SearchIndex`."""

    def __init__(self, place: Place | None = None, patience: float = 10.0) -> None:
        self._place = place or Place()
        self._patience = patience
        self._definition = definition()

    def add(self, documents: Iterable[SearchDocument], instead_of: Iterable[str] = ()) -> int:
        source, gone, more, added = iter(documents), set(instead_of), True, 0
        while more:
            with self._writing():
                new = {each.id: self._row(each) for each in islice(source, _COMMIT)}
                kept = {id_: row for id_, row in self._rows().items() if id_ not in gone}
                self._commit(kept | new)
            gone, added, more = set(), added + len(new), bool(new)
        return added

    def delete(self, ids: Iterable[str]) -> None:
        self.add((), ids)

    def rebuild(self, documents: Iterable[SearchDocument]) -> int:
        with self._writing():
            rows = dict[str, Row]()
            for each in documents:
                if each.id not in rows:
                    rows[each.id] = self._row(each)
            self._commit(rows)
        return len(rows)

    def clear(self) -> None:
        self.rebuild(())

    def optimize(self) -> None:
        self._rows()

    def search(
        self,
        clause: Clause,
        limit: int = 20,
        offset: int = 0,
        order: Order = "relevance",
        facets: Mapping[str, int] | None = None,
    ) -> Hits:
        judged = ((points(clause, row, self._definition), row) for row in self._rows().values())
        found = [(score, row) for score, row in judged if score is not None]
        if order == "relevance":
            found.sort(key=lambda each: (-each[0], each[1].orders["date"]))
        else:
            found.sort(key=lambda each: each[1].orders[order])
        return Hits(
            len(found),
            tuple(Hit(row.id, score) for score, row in found[offset : offset + limit]),
            {name: _counted((row for _score, row in found), name, most) for name, most in (facets or {}).items()},
        )

    def count(self) -> int:
        return len(self._rows())

    def ids(self) -> Iterator[str]:
        yield from sorted(self._rows())

    def has(self, id_: str) -> bool:
        return id_ in self._rows()

    def outdated(self, document: SearchDocument) -> bool:
        kept = self._rows().get(document.id)
        return kept is not None and kept.digest != self._row(document).digest

    def check(self) -> None:
        self._rows()

    def close(self) -> None:
        pass

    def _row(self, document: SearchDocument) -> Row:
        return row_of(document, self._definition)

    def _rows(self) -> Mapping[str, Row]:
        if self._place.mark not in ("", self._definition.mark):
            raise IndexUnusable("The rows were made by another definition.")
        return self._place.rows

    def _commit(self, rows: Mapping[str, Row]) -> None:
        self._place.rows, self._place.mark = rows, self._definition.mark

    @contextmanager
    def _writing(self) -> Iterator[None]:
        if not self._place.lock.acquire(timeout=self._patience):
            raise ArchiveBusy("Another one is writing to the rows.")
        try:
            yield
        finally:
            self._place.lock.release()


def _counted(rows: Iterable[Row], name: str, most: int) -> tuple[tuple[str, int], ...]:
    counts = Counter(key for row in rows for key in row.keys[name])
    return tuple(sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:most])

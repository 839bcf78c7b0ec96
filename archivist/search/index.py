"""The seam of the search: what every engine does, in the same way."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from archivist.search.clauses import Clause, Order
from archivist.search.document import SearchDocument


@dataclass(frozen=True, slots=True)
class Hit:
    """An item that was found, and the points that the query is worth in it (see `judging.points`)."""

    item_id: str
    score: int


@dataclass(frozen=True, slots=True)
class Hits:
    """One page of the answer, how many items there are in all, and how many have which value.

    `facets` holds for each field that was to be counted its commonest values with how many items have them, commonest
    first, then by the code points of the value.
    """

    total: int
    hits: tuple[Hit, ...]
    facets: Mapping[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)


class SearchIndex(Protocol):
    """An index of all items of an archive, derived from the catalogue.

    Many may search while one writes; each sees the last commit, and a commit is safe when the call that made it
    returns. Threads may share it. A writer waits a while for another one, then ArchiveBusy. IndexUnusable where the
    index is not as it was written, or was made by another definition; `rebuild` mends that. ArchivistError, naming the
    place, where disk or server cannot be used.
    """

    def add(self, documents: Iterable[SearchDocument], instead_of: Iterable[str] = ()) -> int:
        """Add `documents`, replacing those of the same id and those of the ids `instead_of`; return how many there are.

        In commits of some thousand, all or nothing each; of two with one id in a commit the last counts. `documents` is
        asked for them while no other can write, so what is read then cannot be older than what another puts in place.
        """

    def delete(self, ids: Iterable[str]) -> None:
        """Delete the documents of these ids; those that are not there are passed over."""

    def rebuild(self, documents: Iterable[SearchDocument]) -> int:
        """Put `documents` in the place of everything, whatever state it is in, and return how many there are.

        All or nothing: until the end, others find what was there before. Of two with one id the first counts.
        """

    def clear(self) -> None:
        """Delete everything, whatever state it is in."""

    def optimize(self) -> None:
        """Do what makes searching as fast as it can be, however long that takes."""

    def search(
        self,
        clause: Clause,
        limit: int = 20,
        offset: int = 0,
        order: Order = "relevance",
        facets: Mapping[str, int] | None = None,
    ) -> Hits:
        """Return `limit` items from `offset` on for which `clause` holds, and how many there are in all.

        The order is total, and the same in every engine: by points, best first (relevance), then by `Row.orders`.
        `facets` says of which keyed fields how many values are to be counted.
        """

    def count(self) -> int:
        """Return the number of documents."""

    def ids(self) -> Iterator[str]:
        """Give the id of every document, by code point; what is written meanwhile is given or not."""

    def has(self, id_: str) -> bool:
        """Return whether there is a document with this id."""

    def outdated(self, document: SearchDocument) -> bool:
        """Return whether the index has other texts under the id of `document`, or has it twice.

        False where it has none.
        """

    def check(self) -> None:
        """Raise IndexUnusable where a bit of the index is not as it was written; may read all of it."""

    def close(self) -> None:
        """Let go of what is open; the index may be used again."""

"""What a person asks of an index, whatever the engine: exact hits first, and nothing that they may not see."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeAlias

from archivist.access import MaySee
from archivist.errors import QueryError
from archivist.language import gettext as _
from archivist.search.clauses import All, Any, Begins, Clause, Contains, Everything, Filter, Holds, Not, Order, Some
from archivist.search.compare import compared, number_key, runs
from archivist.search.document import SearchDocument
from archivist.search.index import SearchIndex
from archivist.search.misread import corrected, nearly
from archivist.search.query import Query
from archivist.search.query.tree import Number
from archivist.search.query.tree import Series as SeriesTyped

# Values counted of each facet, words put right of one query, items looked through for each, and queries offered.
_VALUES = 20
_PUT_RIGHT = 4
_CANDIDATES = 30
_OFFERED = 3
# No archive has so many items, and every engine can count so far.
_FARTHEST = 1_000_000_000
# Pieces of a title that make another item similar, and of what share of all items a piece says nothing.
_PIECE = 3
_PIECES = 40
_COMMON = 0.1
_FEW = 50
# More numbers than any office gave out in a year.
_MOST_NUMBERS = 200_000
# Numbers offered for one that is not held: the nearest of its series, and of its place in the years around it.
_NEAREST, _YEARS = 6, 3
_SERIES = re.compile(r"(.+)\(([0-9]{4})\)")
_RUNNING = re.compile(r"\)0*([0-9]+)号$")

#: By keyed field, values that an item must have, every one of them.
Filters: TypeAlias = Mapping[str, Sequence[str]]
_NO_FILTERS: Filters = {}


@dataclass(frozen=True, slots=True)
class Place:
    """An item of the answer: its points, and whether it was found without any tolerance."""

    item_id: str
    score: int
    exact: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """One page of the answer; `total` items in all, the first `exact` of them found as typed.

    `facets` are the values of all of them with how many have each.
    """

    total: int
    exact: int
    places: tuple[Place, ...]
    facets: Mapping[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Series:
    """The numbers of one agency code and year: those held, with how many items, those only cited, and the gaps.

    A gap is a number from 1 to the highest known that no item bears, as far as the caller may see; it may be cited.
    """

    code: str
    year: int
    held: Mapping[int, int]
    cited: tuple[int, ...]

    @property
    def missing(self) -> tuple[int, ...]:
        """The gaps, in order."""
        highest = max((*self.held, *self.cited), default=0)
        return tuple(number for number in range(1, highest + 1) if number not in self.held)


def find(
    index: SearchIndex,
    query: Query,
    *,
    limit: int,
    offset: int = 0,
    order: Order = "relevance",
    tolerant: bool = True,
    may_see: MaySee = None,
    facets: Iterable[str] = (),
    filters: Filters = _NO_FILTERS,
) -> Finding:
    """Return what answers `query`: exact hits in `order`, then, if `tolerant`, those with a misread character."""
    sizes = dict.fromkeys(facets, _VALUES)
    strict, offset = query.clause(), min(offset, _FARTHEST)
    exact = index.search(_within(strict, may_see, filters), limit, offset, order, sizes)
    places = [Place(hit.item_id, hit.score, True) for hit in exact.hits]
    wide = query.clause(tolerant=True) if tolerant else strict
    if wide == strict:
        return Finding(exact.total, exact.total, tuple(places), exact.facets)
    rest = All((wide, Not(strict)))
    more = index.search(
        _within(rest, may_see, filters), limit - len(places), max(offset - exact.total, 0), order
    )  # fmt: skip
    places += [Place(hit.item_id, hit.score, False) for hit in more.hits]
    counted = exact.facets
    if more.total and sizes:
        counted = index.search(_within(wide, may_see, filters), 0, facets=sizes).facets
    return Finding(exact.total + more.total, exact.total, tuple(places), counted)


def count(index: SearchIndex, clause: Clause, may_see: MaySee = None, filters: Filters = _NO_FILTERS) -> int:
    """Return for how many items that may be seen `clause` holds."""
    return index.search(_within(clause, may_see, filters), 0).total


def meant(
    index: SearchIndex,
    query: Query,
    parse: Callable[[str], Query],
    texts: Callable[[list[str]], Iterable[str]],
    may_see: MaySee = None,
    filters: Filters = _NO_FILTERS,
) -> tuple[str, ...]:
    """Return queries that find something, each with one word of `query` put right that is found nowhere by itself.

    `texts` gives what the items of some ids say. To be asked where `query` finds nothing exactly; what the caller may
    not see is neither looked through nor counted.
    """
    offered: list[str] = []
    unknown = (word for word in query.words() if not count(index, word.clause(), may_see))
    for word in islice(unknown, _PUT_RIGHT):
        candidates = index.search(_within(nearly(word.folded), may_see), _CANDIDATES).hits
        for instead in corrected(word.folded, texts([hit.item_id for hit in candidates])):
            text = query.replaced(word, instead)
            # What a paper says need be no query.
            with suppress(QueryError):
                if text not in offered and count(index, parse(text).clause(), may_see, filters):
                    offered.append(text)
            if len(offered) == _OFFERED:
                return tuple(offered)
    return tuple(offered)


def similar(index: SearchIndex, document: SearchDocument, *, limit: int, may_see: MaySee = None) -> tuple[str, ...]:
    """Return the ids of the items most like that of `document`: cited by it or citing it, then with a like title."""
    own, cited = (tuple(map(number_key, numbers)) for numbers in (document.numbers, document.cited_numbers))
    parts: list[Clause] = []
    if cited:
        parts.append(Holds("numbers", cited))
    if own:
        parts.append(Holds("cited_numbers", own))
    pieces = tuple(Contains(piece, ("title", "text")) for piece in _telling(index, document, may_see))
    if pieces:
        parts.append(Some(-(-len(pieces) // 2), pieces))
    # Within those, what belongs to the same campaign comes first.
    alike = Any(tuple(parts))
    closer = Some(1, (alike, *(Contains(compared(name), ("campaigns",)) for name in document.campaigns)))
    found = index.search(_within(All((Filter(alike), closer)), may_see), limit + 1).hits
    return tuple(hit.item_id for hit in found if hit.item_id != document.id)[:limit]


def series_named(query: Query) -> tuple[str, int]:
    """Return the agency code and the year that `query` says and nothing else; QueryError where it says something else.

    Of a single number (聊发〔1995〕58号) it is the series of that number.
    """
    match query.leaves():
        case (SeriesTyped(begins=said) | Number(key=said),) if found := _SERIES.match(said):
            return found[1], int(found[2])
    text = _("“{query}” names no series of numbers. Say agency code and year: 聊发 1995")
    raise QueryError(text.format(query=query.text))


def series(index: SearchIndex, code: str, year: int, may_see: MaySee = None) -> Series:
    """Return which numbers of the series of the agency code `code` in `year` are held and cited."""
    prefix = compared(f"{code}({year})")

    def counted(field: str) -> Iterator[tuple[int, int]]:
        clause = _within(Begins(field, prefix), may_see)
        for key, items in index.search(clause, 0, facets={field: _MOST_NUMBERS}).facets[field]:
            if key.startswith(prefix) and (found := _RUNNING.search(key)):
                yield int(found[1]), items

    held = dict(sorted(counted("numbers")))
    return Series(code, year, held, tuple(sorted(number for number, _items in counted("cited_numbers"))))


def nearest(index: SearchIndex, query: Query, may_see: MaySee = None) -> tuple[str, ...]:
    """Return the held numbers nearest to the first that `query` names, in normal form; none where it names none.

    First those of its series, nearest first, then the same number of the years around it.
    """
    keys = (leaf.key for leaf in query.leaves() if isinstance(leaf, Number))
    key = next((key for key in keys if _SERIES.match(key) and _RUNNING.search(key)), "")
    if not (said := _SERIES.match(key)) or not (sought := _RUNNING.search(key)):
        return ()
    code, year, number = said[1], int(said[2]), int(sought[1])
    held = [other for other in series(index, code, year, may_see).held if other != number]
    near = [(year, other) for other in sorted(held, key=lambda other: abs(other - number))[:_NEAREST]]
    around = [(other, number) for other in range(year - _YEARS, year + _YEARS + 1) if other != year]
    known = {number_key(_normal(code, *each)): each for each in around}
    counted = index.search(_within(Holds("numbers", tuple(known)), may_see), 0, facets={"numbers": _MOST_NUMBERS})
    near += sorted(known[key] for key, _items in counted.facets["numbers"] if key in known)
    return tuple(_normal(code, *each) for each in near)


def _normal(code: str, year: int, number: int) -> str:
    return f"{code}〔{year}〕{number}号"


def _within(clause: Clause, may_see: MaySee, filters: Filters = _NO_FILTERS) -> Clause:
    """Return `clause` for what may be seen only, and has all values of `filters`."""
    parts = [clause]
    if may_see is not None:
        parts.append(Filter(Holds("access", tuple(sorted(may_see)))))
    parts += [Filter(Holds(name, (value,))) for name, values in filters.items() for value in values]
    return clause if len(parts) == 1 else All(tuple(parts))


def _telling(index: SearchIndex, document: SearchDocument, may_see: MaySee) -> Iterator[str]:
    """Yield the pieces of a title that tell it from most others: not 关于 nor 的通知."""
    title = compared(document.title)
    pieces = dict.fromkeys(run[at : at + _PIECE] for run in runs(title) for at in range(len(run) - _PIECE + 1))
    common = max(_FEW, _COMMON * count(index, Everything(), may_see))
    for piece in islice(pieces, _PIECES):
        if count(index, Contains(piece, ("title",)), may_see) <= common:
            yield piece

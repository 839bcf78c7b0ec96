"""The search page: one box, what was found and where on the paper, and how to look further."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from math import ceil
from typing import Annotated, NamedTuple, get_args
from urllib.parse import quote, quote_plus, urlencode

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import APIRouter, Query, Request, Response

from archivist.access import OPEN, access_of
from archivist.archive import Answer, Archive, Found
from archivist.errors import QueryError
from archivist.language import gettext as _
from archivist.model import Item
from archivist.phrases import dated, ranges, shown, word
from archivist.search.clauses import Order
from archivist.search.compare import compared_offsets
from archivist.search.engines import engine_of
from archivist.search.fields import definition
from archivist.search.passages import Passage
from archivist.search.query import EVERYTHING, Leaf, Number, Series, Word
from archivist.search.query import Query as Sought
from archivist.web.pages import page
from archivist.web.visitor import Reader, Rooms, Visitor

router = APIRouter(include_in_schema=False)

#: Items on a page, values of a facet that are shown at once, words of a query that are looked for by themselves.
_SHOWN, _VALUES, _WORDS = 10, 6, 6
_SNIPPETS = 3
_ORDERS: tuple[Order, ...] = get_args(Order)
_MOST_PAGES = 100_000
_ON_SERVERS = 8
#: Filters that anybody would choose at once.
_FILTERS = 20


class Piece(NamedTuple):
    """A piece of text; `sort` is `mark` where it is what was looked for, `misread` where it may be."""

    text: str
    sort: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of the search page, as it stands in its address; `filters` are pairs of facet and value."""

    text: str = ""
    filters: tuple[tuple[str, str], ...] = ()
    sort: Order = "relevance"
    exact: bool = False
    page: int = 1

    @property
    def everything(self) -> bool:
        """Whether no words are looked for: filters narrow down all there is."""
        return not self.text.strip()

    @property
    def by_facet(self) -> Mapping[str, tuple[str, ...]]:
        """The values chosen of each facet."""
        chosen: dict[str, tuple[str, ...]] = {}
        for name, value in self.filters:
            chosen[name] = (*chosen.get(name, ()), value)
        return chosen

    @property
    def url(self) -> str:
        """Where this is answered."""
        said = [("q", self.text)] if self.text else []
        said += [("f", f"{name}:{value}") for name, value in self.filters]
        said += [("sort", self.sort)] if self.sort != "relevance" else []
        said += [("exact", "1")] if self.exact else []
        said += [("page", str(self.page))] if self.page > 1 else []
        return f"/?{urlencode(said, errors='replace')}" if said else "/"

    def at(self, number: int) -> "Asked":
        """Return the same, from another page on."""
        return replace(self, page=number)

    def widened(self, name: str, value: str) -> "Asked":
        """Return the same whether items have this value or not."""
        return replace(self, filters=tuple(one for one in self.filters if one != (name, value)), page=1)

    @property
    def inexact(self) -> "Asked":
        """The same, of what may be misread as well."""
        return replace(self, exact=False, page=1)

    @property
    def unfiltered(self) -> "Asked":
        """The same of all items."""
        return replace(self, filters=(), page=1)

    def instead(self, text: str) -> "Asked":
        """Return the same of another query."""
        return replace(self, text=text, page=1)


class Snippet(NamedTuple):
    """What stands on page `page`, in pieces, and where to see it."""

    page: int
    url: str
    pieces: tuple[Piece, ...]
    misread: bool


@dataclass(frozen=True, slots=True)
class Hit:
    """An item that was found, as it is shown; `level` is empty where it is open to anybody."""

    url: str
    title: tuple[Piece, ...]
    thumbnail: str
    facts: tuple[str, ...]
    chips: tuple[str, ...]
    pages: int
    level: str
    waits: bool
    exact: bool
    why: tuple[str, ...]
    snippets: tuple[Snippet, ...]


class Value(NamedTuple):
    """A value of a facet in words, how many have it, and where they are."""

    said: str
    items: int
    url: str


@dataclass(frozen=True, slots=True)
class Near:
    """What may be done where nothing is found: queries that may be meant, numbers, words alone, fewer filters."""

    meant: tuple[tuple[str, str], ...] = ()
    numbers: tuple[tuple[str, str], ...] = ()
    words: tuple[Value, ...] = ()
    unfiltered: int = 0


def asked_of(q: str, f: Sequence[str], sort: str, exact: str, page: str) -> Asked:
    """Return what an address asks; whatever makes no sense in it is as if it were not there."""
    pairs = (said.partition(":") for said in f[:_FILTERS])
    filters = dict.fromkeys((name, value) for name, _colon, value in pairs if name in definition().facets and value)
    order: Order = next((known for known in _ORDERS if known == sort), "relevance")
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 7 else 1
    return Asked(q, tuple(filters), order, exact not in ("", "0"), min(max(number, 1), _MOST_PAGES))


@router.get("/")
async def search(
    request: Request, rooms: Rooms, reader: Reader,
    q: str = "", f: Annotated[list[str] | None, Query()] = None, sort: str = "", exact: str = "", page: str = "",
) -> Response:  # fmt: skip
    """Draw the search page; while somebody types, only what is found so far."""
    asked = asked_of(q, f or (), sort, exact, page)
    # A search here is work for a processor, and Python has one at a time: several at once only hinder each other.
    return await run_sync(partial(_searched, request, rooms, reader, asked), limiter=request.app.state.searches)


def searches_at_once(rooms: Archive) -> CapacityLimiter:
    """Return what lets as many searches in at a time as is quickest for all: several where a server does the work."""
    local = rooms.settings.catalogue.startswith("sqlite") and engine_of(rooms.index_url) != "opensearch"
    return CapacityLimiter(1 if local else _ON_SERVERS)


def _searched(request: Request, rooms: Archive, reader: Visitor, asked: Asked) -> Response:
    typing = "hx-request" in request.headers and "hx-history-restore-request" not in request.headers
    if asked.everything and not asked.filters:
        answer = rooms.search(EVERYTHING, 0, facets=definition().facets, may_see=reader.may_see)
        waiting = rooms.unindexed() if reader.may_see is None else 0
        return _drawn(request, asked, typing, total=answer.total, facets=_facets(asked, answer), unindexed=waiting)
    try:
        query = EVERYTHING if asked.everything else rooms.parsed(asked.text)
        answer = _answer(rooms, reader, asked, query, typing)
    except QueryError as error:
        # Half a query is no mistake while it is being typed.
        return _drawn(request, asked, typing, status=200 if typing else 400, wrong=str(error))
    words = tuple(word.folded for word in query.words())
    hits = [_hit(found, asked, words, reader) for found in answer.found]
    near = _near(rooms, reader, asked, query, answer) if not (answer.exact or typing) else Near()
    series = None
    if not typing and asked.page == 1 and isinstance(query.tree, Series):
        series = rooms.series(query, may_see=reader.may_see)
    return _drawn(
        request, asked, typing, answer=answer, hits=hits, facets=_facets(asked, answer), near=near, series=series,
        pages=max(ceil(answer.total / _SHOWN), 1),
    )  # fmt: skip


def _answer(rooms: Archive, reader: Visitor, asked: Asked, query: Sought, typing: bool) -> Answer:
    # While typing, what is quick: misread words and words put right are looked for when the query is complete.
    return rooms.search(
        query, _SHOWN, (asked.page - 1) * _SHOWN, order=asked.sort, tolerant=not (asked.exact or typing),
        facets=definition().facets, filters=asked.by_facet, suggest=not typing, boxes=False, may_see=reader.may_see,
    )  # fmt: skip


def _drawn(request: Request, asked: Asked, typing: bool, *, status: int = 200, **said: object) -> Response:
    known: dict[str, object] = {
        "asked": asked, "typing": typing, "answer": None, "hits": (), "facets": (), "near": Near(), "series": None,
        "wrong": "", "total": 0, "unindexed": 0, "pages": 1, "ranges": ranges,
        "chosen": [(_facet(name), Value(_value(name, value), 0, asked.widened(name, value).url))
                   for name, value in asked.filters],
    }  # fmt: skip
    drawn = page(request, "found.html" if typing else "search.html", status=status, **(known | said))
    drawn.headers["Vary"] = "HX-Request, Cookie, Accept-Language"
    if typing:
        drawn.headers["HX-Replace-Url"] = asked.url
    return drawn


def _facets(asked: Asked, answer: Answer) -> list[tuple[str, list[Value], list[Value]]]:
    """Return each facet that still tells items apart, its commonest values, and the rest of them."""
    found = []
    here = asked.at(1).url
    more = f"{here}{'&' if '?' in here else '?'}f="
    for name, counted in answer.facets.items():
        values = [
            Value(_value(name, value), count, more + quote_plus(f"{name}:{value}", errors="replace"))
            for value, count in counted
            if (name, value) not in asked.filters
        ]
        if name == "year":
            values = [*values[:_VALUES], *sorted(values[_VALUES:], reverse=True)]
        if values:
            found.append((_facet(name), values[:_VALUES], values[_VALUES:]))
    return found


def _facet(name: str) -> str:
    return word(name)


def _value(name: str, value: str) -> str:
    # A state is a word of ours; everything else stands in the papers.
    return word(value) if name == "state" else value


def _hit(found: Found, asked: Asked, words: tuple[str, ...], reader: Visitor) -> Hit:
    item, level = found.item, access_of(found.item)
    first = item.pages[0].number if item.pages else 0
    start = found.passages[0].page if found.passages else first
    return Hit(
        url=_at(item, start, asked),
        title=_marked_words(item.title, words),
        thumbnail=f"/iiif/{_named(item)}/{first}/full/!120,170/0/default.jpg" if first else "",
        facts=tuple(_glance(item)),
        chips=tuple(dict.fromkeys(document.form or word(document.kind) for document in item.documents)),
        pages=len(item.pages),
        level="" if level == OPEN else level,
        waits=reader.at_least("archivist") and _waits(item),
        exact=found.exact,
        why=tuple(filter(None, map(_where().get, found.why))),
        snippets=tuple(
            Snippet(each.page, _at(item, each.page, asked), _pieces(each), bool(each.misread))
            for each in found.passages[:_SNIPPETS]
        ),
    )


def _named(item: Item) -> str:
    return quote(item.id, safe="", errors="replace")


def _at(item: Item, number: int, asked: Asked) -> str:
    said = ([("page", str(number))] if number > 1 else []) + ([("q", asked.text)] if asked.text else [])
    return f"/items/{_named(item)}" + (f"?{urlencode(said, errors='replace')}" if said else "")


def _glance(item: Item) -> Iterator[str]:
    """Yield what tells an item from others: number, date, who issued it, reference code."""
    entries = [entry for document in item.documents for entry in document.fields if entry.status != "rejected"]
    yield from [shown(entry.value) for entry in entries if entry.name == "document_number"][-1:]
    if date := dated(item):
        yield date
    agencies = dict.fromkeys(shown(entry.value) for entry in entries if entry.name == "issuing_agency")
    yield from list(agencies)[:2]
    if item.reference_code:
        yield item.reference_code


def _waits(item: Item) -> bool:
    return any(entry.status == "review" for document in item.documents for entry in document.fields)


def _where() -> Mapping[str, str]:
    """Return in words where an item was found, by the fields of the index that tell a clerk something."""
    return {
        "title": _("in the title"),
        "agencies": _("in the name of an agency"),
        "people": _("in the name of a person"),
        "campaigns": _("in the name of a campaign"),
        "reference_code": _("in the reference code"),
        "genre": _("as the genre"),
        "forms": _("as the form"),
        "year": _("by its year"),
        "numbers": _("by its document number"),
        "cited_numbers": _("in a document number it cites"),
        "text": _("in the text"),
        "readings": _("in what a reader saw as well"),
    }


def _pieces(passage: Passage) -> tuple[Piece, ...]:
    """Return the snippet of a passage cut where marks begin and end, and misread characters in them."""
    spans = [(start, end, "mark") for start, end in passage.marks]
    for start, end in passage.misread:
        spans = list(_cut(spans, start, end))
    return tuple(_joined(passage.snippet, spans))


def _cut(spans: Iterable[tuple[int, int, str]], start: int, end: int) -> Iterator[tuple[int, int, str]]:
    for left, right, sort in spans:
        if not left <= start < end <= right:
            yield left, right, sort
            continue
        yield from ((*span, sort) for span in ((left, start), (end, right)) if span[0] < span[1])
        yield start, end, "misread"


def _joined(text: str, spans: Iterable[tuple[int, int, str]]) -> Iterator[Piece]:
    last = 0
    for start, end, sort in sorted(spans):
        if last < start:
            yield Piece(text[last:start])
        yield Piece(text[start:end], sort)
        last = end
    if last < len(text):
        yield Piece(text[last:])


def _marked_words(text: str, words: tuple[str, ...]) -> tuple[Piece, ...]:
    """Return a title with the words marked that stand in it, in either script."""
    folded, offsets = compared_offsets(text)
    spans: list[tuple[int, int, str]] = []
    for sought in words:
        if (at := folded.find(sought)) >= 0:
            start, end = offsets[at], offsets[at + len(sought) - 1] + 1
            if all(end <= left or start >= right for left, right, _sort in spans):
                spans.append((start, end, "mark"))
    return tuple(_joined(text, spans))


def _near(rooms: Archive, reader: Visitor, asked: Asked, query: Sought, answer: Answer) -> Near:
    """Return what may have been meant where nothing stands as typed."""

    def total(text: str | Sought, filters: Mapping[str, tuple[str, ...]]) -> int:
        return rooms.search(text, 0, tolerant=False, filters=filters, suggest=False, may_see=reader.may_see).total

    meant = tuple((text, asked.instead(text).url) for text in answer.meant)
    if answer.total:
        return Near(meant)
    numbers = tuple((number, Asked(number).url) for number in rooms.nearest(query, may_see=reader.may_see))
    alone: list[Value] = []
    if len(query.leaves()) > 1:
        parts = dict.fromkeys(filter(None, (_typed(leaf, asked.text) for leaf in query.leaves())))
        for part in list(parts)[:_WORDS]:
            # Part of a query need be none.
            with suppress(QueryError):
                alone.append(Value(part, total(part, asked.by_facet), asked.instead(part).url))
    unfiltered = total(query, {}) if asked.filters else 0
    return Near(meant, numbers, tuple(alone), unfiltered)


def _typed(leaf: Leaf, text: str) -> str:
    """Return what of a query a leaf was typed as, "" where that is not known."""
    match leaf:
        case Word(start=start, end=end):
            return text[start:end]
        case Number(words=words) | Series(words=words) if words:
            return text[words[0].start : words[-1].end]
    return ""

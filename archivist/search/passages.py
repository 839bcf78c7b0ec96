"""Where on the paper an item answers a query: snippets, marks and boxes, from our own glyphs."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate

from archivist.model import Box, Evidence, Field, Item, Page
from archivist.search.compare import compared, compared_offsets, number_key
from archivist.search.document import number_of
from archivist.search.query import Query, Word, year_of
from archivist.text import boxes

_AROUND = 30
# A sentence end this near to where the snippet would be cut is cut at instead.
_NEAR = 12
_ENDS = frozenset("。！？；!?;")
_NUMBERS = frozenset({"document_number", "citation"})
# Beyond this many marks a page has been found often enough.
_MOST = 200


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a page that answers a query.

    `snippet` is characters `start` to `end` of the running text of page number `page`, as written there; `marks` are
    offsets in the snippet; `boxes` stand round the marked characters, one a line, in scan pixels.
    """

    page: int
    start: int
    end: int
    snippet: str
    marks: tuple[tuple[int, int], ...]
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True, order=True)
class _Mark:
    """A span of a page (by place in the item) and what it answers."""

    page: int
    start: int
    end: int
    answers: str


def passages(item: Item, query: Query, limit: int = 3) -> tuple[Passage, ...]:
    """Return up to `limit` passages of `item`: those with words not shown before come first, then in page order.

    A document number is marked as printed; a word that stands nowhere as typed (a year in Chinese numerals, a name
    spelled out) is marked where the value that holds it was read. Empty where only the catalogue answers.
    """
    marks = sorted(set(_marks(item, query)))
    chosen: list[tuple[int, int, int]] = []
    shown: set[str] = set()
    while marks and len(chosen) < limit:
        windows = [(mark, *_window(item.pages[mark.page], mark)) for mark in marks]
        first, start, end = max(
            windows,
            key=lambda window: len(
                {mark.answers for mark in marks if _inside(mark, window[0].page, *window[1:])} - shown
            ),
        )
        shown |= {mark.answers for mark in marks if _inside(mark, first.page, start, end)}
        chosen.append((first.page, start, end))
        marks = [mark for mark in marks if mark.page != first.page or mark.start >= end or mark.start < start]
    everything = sorted(set(_marks(item, query)))
    return tuple(_passage(item.pages[page], page, start, end, everything) for page, start, end in chosen)


def _marks(item: Item, query: Query) -> Iterator[_Mark]:
    text, places = _joined(item)
    numbered = list(_numbered(item, query))
    if query.number:
        numbered += _standing(text, places, Word(query.number, query.number))
    yield from numbered
    if numbered:
        return
    for word in query.words:
        standing = list(_standing(text, places, word))
        yield from standing or _evidenced(item, word)


def _joined(item: Item) -> tuple[str, list[tuple[int, int]]]:
    """Return the compared text of the whole item, and for each character its page (by place) and offset there."""
    text, places = compared_offsets("".join(page.running_text for page in item.pages))
    starts = [0, *accumulate(len(page.running_text) for page in item.pages)]
    located = []
    for place in places:
        page = bisect_right(starts, place) - 1
        located.append((page, place - starts[page]))
    return text, located


def _standing(text: str, places: list[tuple[int, int]], word: Word) -> Iterator[_Mark]:
    at = text.find(word.folded)
    for _ in range(_MOST):
        if at < 0:
            return
        spans: dict[int, tuple[int, int]] = {}
        for page, offset in places[at : at + len(word.folded)]:
            spans[page] = (spans.get(page, (offset, 0))[0], offset + 1)
        # A word that runs over the page break is marked on both pages.
        yield from (_Mark(page, start, end, word.folded) for page, (start, end) in spans.items())
        at = text.find(word.folded, at + len(word.folded))


def _numbered(item: Item, query: Query) -> Iterator[_Mark]:
    for entry in _fields(item):
        if entry.name not in _NUMBERS:
            continue
        value = entry.value
        if entry.name == "citation" and isinstance(value, Mapping):
            value = value.get("document_number")
        key = number_key(number_of(value) or "")
        if key and (key == query.number or (query.series and key.startswith(query.series))):
            yield from _of(item, entry.evidence, key)


def _evidenced(item: Item, word: Word) -> Iterator[_Mark]:
    for entry in _fields(item):
        if not isinstance(entry.value, str):
            continue
        value = compared(entry.value)
        if word.folded in value or (word.year and year_of(value[:4]) == word.year):
            yield from _of(item, entry.evidence, word.folded)


def _fields(item: Item) -> Iterator[Field]:
    return (
        entry for document in item.documents for entry in document.fields if entry.status != "rejected"
    )


def _of(item: Item, evidence: Evidence, answers: str) -> Iterator[_Mark]:
    for place, page in enumerate(item.pages):
        if page.number == evidence.page and evidence.start < evidence.end:
            yield _Mark(place, evidence.start, evidence.end, answers)


def _window(page: Page, mark: _Mark) -> tuple[int, int]:
    text = page.running_text
    start, end = max(mark.start - _AROUND, 0), min(mark.end + _AROUND, len(text))
    if start:
        near = range(max(start - _NEAR, 0), min(start + _NEAR, mark.start))
        start = min((at + 1 for at in near if text[at] in _ENDS), key=lambda at: abs(at - start), default=start)
    if end < len(text):
        near = range(max(end - _NEAR, mark.end), min(end + _NEAR, len(text)))
        end = min((at + 1 for at in near if text[at] in _ENDS), key=lambda at: abs(at - end), default=end)
    return start, end


def _inside(mark: _Mark, page: int, start: int, end: int) -> bool:
    return mark.page == page and start <= mark.start and mark.end <= end


def _passage(page: Page, place: int, start: int, end: int, marks: list[_Mark]) -> Passage:
    spans: list[tuple[int, int]] = []
    for mark in marks:
        if mark.page != place or mark.end <= start or mark.start >= end:
            continue
        left, right = max(mark.start, start), min(mark.end, end)
        if spans and left <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], right))
        else:
            spans.append((left, right))
    return Passage(
        page.number,
        start,
        end,
        page.running_text[start:end],
        tuple((left - start, right - start) for left, right in spans),
        tuple(box for left, right in spans for box in boxes(page, left, right)),
    )

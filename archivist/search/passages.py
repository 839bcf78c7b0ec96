"""Where on the paper an item answers a query: snippets, marks and boxes, from our own glyphs."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate, islice, takewhile

from archivist.model import Box, Evidence, Field, Item, Page
from archivist.search.compare import compared, compared_offsets, number_key
from archivist.search.document import number_of
from archivist.search.query import Query, Word, year_of
from archivist.text import boxes

_AROUND = 30
# A sentence end this near to where the snippet would be cut is cut at instead.
_NEAR = 12
_ENDS = frozenset("。！？；!?;")
# Beyond this many marks a page has been found often enough.
_MOST = 50


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a page that answers a query.

    `snippet` is characters `start` to `end` of the running text of page number `page`, as written there;
    `marks` are offsets in the snippet; `boxes` stand round the marked characters, one a line, in scan pixels.
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


@dataclass(frozen=True, slots=True)
class _Window:
    """A possible snippet, `start` to `end` of the page of its first mark, and what its marks answer."""

    mark: _Mark
    start: int
    end: int
    answers: frozenset[str]

    def misses(self, mark: _Mark) -> bool:
        return mark.start >= self.end or mark.end <= self.start


def passages(item: Item, query: Query, limit: int = 3) -> tuple[Passage, ...]:
    """Return up to `limit` passages of `item`: first those with words not yet shown, then in page order.

    A document number is marked as printed; a word that stands nowhere as typed (a year in numerals) is marked
    where the value that holds it was read. Empty where only the catalogue answers.
    """
    marks = sorted(set(_marks(item, query)))
    windows = [_window(item.pages[mark.page], marks, place) for place, mark in enumerate(marks)]
    chosen: list[_Window] = []
    shown: set[str] = set()
    while windows and len(chosen) < limit:
        best = max(windows, key=lambda window: len(window.answers - shown))
        shown |= best.answers
        chosen.append(best)
        windows = [window for window in windows if window.mark.page != best.mark.page or best.misses(window.mark)]
    return tuple(_passage(item.pages[window.mark.page], window, marks) for window in chosen)


def _marks(item: Item, query: Query) -> Iterator[_Mark]:
    text, places = _joined(item)

    def stand(words: Iterable[Word]) -> Iterator[_Mark]:
        for word in words:
            yield from list(_standing(text, places, word.folded, word.folded)) or _evidenced(item, word)

    for number in query.numbers:
        own = list(_numbered(item, "document_number", number.key.__eq__))
        for form in number.spelled:
            own += _standing(text, places, form, number.key)
        yield from own or list(_numbered(item, "citation", number.key.__eq__)) or stand(number.words)
    series: list[_Mark] = []
    if begins := query.series:
        for name in ("document_number", "citation"):
            series = series or list(_numbered(item, name, lambda key: key.startswith(begins)))
    yield from series or stand(query.words)


def _joined(item: Item) -> tuple[str, list[tuple[int, int]]]:
    """Return the compared text of the item, and for each character its page (by place) and offset there."""
    text, places = compared_offsets("".join(page.running_text for page in item.pages))
    starts = [0, *accumulate(len(page.running_text) for page in item.pages)]
    located = []
    for place in places:
        page = bisect_right(starts, place) - 1
        located.append((page, place - starts[page]))
    return text, located


def _standing(text: str, places: list[tuple[int, int]], word: str, answers: str) -> Iterator[_Mark]:
    at = text.find(word)
    for _ in range(_MOST):
        if at < 0:
            return
        spans: dict[int, tuple[int, int]] = {}
        for page, offset in places[at : at + len(word)]:
            spans[page] = (spans.get(page, (offset, 0))[0], offset + 1)
        # A word that runs over the page break is marked on both pages.
        yield from (_Mark(page, start, end, answers) for page, (start, end) in spans.items())
        at = text.find(word, at + len(word))


def _numbered(item: Item, name: str, sought: Callable[[str], bool]) -> Iterator[_Mark]:
    for entry in _fields(item):
        value = entry.value
        if name == "citation" and isinstance(value, Mapping):
            value = value.get("document_number")
        if entry.name == name and (key := number_key(number_of(value) or "")) and sought(key):
            yield from _of(item, entry.evidence, key)


def _evidenced(item: Item, word: Word) -> Iterator[_Mark]:
    for entry in _fields(item):
        if not isinstance(entry.value, str):
            continue
        value = compared(entry.value)
        if word.folded in value or (word.year and year_of(value[:4]) == word.year):
            yield from _of(item, entry.evidence, word.folded)


def _fields(item: Item) -> Iterator[Field]:
    return (entry for document in item.documents for entry in document.fields if entry.status != "rejected")


def _of(item: Item, evidence: Evidence, answers: str) -> Iterator[_Mark]:
    for place, page in enumerate(item.pages):
        if page.number == evidence.page and evidence.start < evidence.end:
            yield _Mark(place, evidence.start, evidence.end, answers)


def _window(page: Page, marks: list[_Mark], first: int) -> _Window:
    mark, text = marks[first], page.running_text
    start, end = max(mark.start - _AROUND, 0), min(mark.end + _AROUND, len(text))
    if start:
        start = _sentence_end(text, start, range(max(start - _NEAR, 0), min(start + _NEAR, mark.start)))
    if end < len(text):
        end = _sentence_end(text, end, range(max(end - _NEAR, mark.end), min(end + _NEAR, len(text))))
    later = takewhile(lambda other: other.page == mark.page and other.start < end, islice(marks, first, None))
    return _Window(mark, start, end, frozenset(other.answers for other in later if other.end <= end))


def _sentence_end(text: str, cut: int, near: range) -> int:
    """Return where the sentence ends in `near` that ends nearest to `cut`, else `cut`."""
    ends = (at + 1 for at in near if text[at] in _ENDS)
    return min(ends, key=lambda end: abs(end - cut), default=cut)


def _passage(page: Page, window: _Window, marks: list[_Mark]) -> Passage:
    here = [mark for mark in marks if mark.page == window.mark.page and not window.misses(mark)]
    # Half a mark would look like something else.
    start = min(window.start, *(mark.start for mark in here))
    end = max(window.end, *(mark.end for mark in here))
    spans: list[tuple[int, int]] = []
    for left, right in ((mark.start, mark.end) for mark in here):
        if spans and left <= spans[-1][1]:
            left, right = spans[-1][0], max(spans.pop()[1], right)
        spans.append((left, right))
    return Passage(
        page.number,
        start,
        end,
        page.running_text[start:end],
        tuple((left - start, right - start) for left, right in spans),
        tuple(box for left, right in spans for box in boxes(page, left, right)),
    )

"""Where on the paper an item answers a query: snippets, marks and boxes, from our own glyphs."""

from collections.abc import Iterable, Set
from dataclasses import dataclass
from itertools import islice, takewhile

from archivist.model import Box, Item, Page
from archivist.search.marks import Mark, marks
from archivist.search.query import Query
from archivist.search.running import RunningText
from archivist.text import boxes

_AROUND = 30
# A sentence end this near to where the snippet would be cut is cut at instead.
_NEAR = 12
_ENDS = frozenset("。！？；!?;")


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a page that answers a query.

    `snippet` is characters `start` to `end` of the running text of page number `page`, as written there;
    `marks` are offsets in the snippet; `boxes` stand round the marked characters, one a line, in scan pixels.
    `misread` are offsets in the snippet of characters, each in a mark, that may be misread: the marked word stands
    there only if such a character is another than was read. Empty where all stands as looked for.
    """

    page: int
    start: int
    end: int
    snippet: str
    marks: tuple[tuple[int, int], ...]
    boxes: tuple[Box, ...]
    misread: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class _Window:
    """A possible snippet, `start` to `end` of the page of its first mark, and what its marks answer."""

    mark: Mark
    start: int
    end: int
    answers: frozenset[str]

    def misses(self, mark: Mark) -> bool:
        return mark.start >= self.end or mark.end <= self.start


def passages(
    item: Item, query: Query, limit: int = 3, *,
    tolerant: bool = False, boxed: bool = True, text: RunningText | None = None,
) -> tuple[Passage, ...]:  # fmt: skip
    """Return up to `limit` passages of `item`: first those with words not yet shown, then in page order.

    A document number is marked as printed; a word that stands nowhere as typed (a year in numerals) is marked
    where the value that holds it was read, and where there is none, and `tolerant`, where it stands with one character
    misread. Empty where only the catalogue answers. Without boxes where they are not wanted (not `boxed`). `text` is
    that of the pages where it is known already.
    """
    found = marks(item, query.leaves(), tolerant=tolerant, text=text)
    missing = {mark.answers for mark in found}
    places = list(range(len(found)))
    chosen: list[_Window] = []
    while places and len(chosen) < limit:
        best = _best((_window(item.pages[found[place].page], found, place) for place in places), missing)
        missing -= best.answers
        chosen.append(best)
        places = [place for place in places if found[place].page != best.mark.page or best.misses(found[place])]
    return tuple(_passage(item.pages[window.mark.page], window, found, boxed) for window in chosen)


def _best(windows: Iterable[_Window], missing: Set[str]) -> _Window:
    """Return the first of those that answer most of what is missing."""
    best, most = None, -1
    for window in windows:
        if (answered := len(window.answers & missing)) > most:
            best, most = window, answered
        if most == len(missing):
            break
    assert best is not None
    return best


def _window(page: Page, found: list[Mark], first: int) -> _Window:
    mark, text = found[first], page.running_text
    start, end = max(mark.start - _AROUND, 0), min(mark.end + _AROUND, len(text))
    if start:
        start = _sentence_end(text, start, range(max(start - _NEAR, 0), min(start + _NEAR, mark.start)))
    if end < len(text):
        end = _sentence_end(text, end, range(max(end - _NEAR, mark.end), min(end + _NEAR, len(text))))
    later = takewhile(lambda other: other.page == mark.page and other.start < end, islice(found, first, None))
    return _Window(mark, start, end, frozenset(other.answers for other in later if other.end <= end))


def _sentence_end(text: str, cut: int, near: range) -> int:
    """Return where the sentence ends in `near` that ends nearest to `cut`, else `cut`."""
    ends = (at + 1 for at in near if text[at] in _ENDS)
    return min(ends, key=lambda end: abs(end - cut), default=cut)


def _passage(page: Page, window: _Window, found: list[Mark], boxed: bool) -> Passage:
    here = [mark for mark in found if mark.page == window.mark.page and not window.misses(mark)]
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
        tuple(box for left, right in spans for box in boxes(page, left, right)) if boxed else (),
        tuple((at - start, at - start + 1) for at in sorted({mark.misread for mark in here} - {-1})),
    )

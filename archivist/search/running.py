"""The running text of an item as search compares it, and where on which page each of its characters stands."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

from archivist.model import Page
from archivist.search.compare import compared_offsets

# Characters of a text that is remembered for the next who finds it.
_SHORT = 10_000


class Span(NamedTuple):
    """Characters `start` to `end` of the running text of a page, by its place in the item, from 0."""

    page: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class RunningText:
    """All pages of an item one behind the other.

    `raw` is as read, `text` as compared (folded, white space closed up); character i of `text` is character
    `offsets[i]` of `raw`. `starts` are the offsets in `raw` at which the pages begin.
    """

    raw: str
    text: str
    offsets: Sequence[int]
    starts: tuple[int, ...]

    @classmethod
    def of(cls, pages: Sequence[Page]) -> "RunningText":
        """Return the running text of `pages`."""
        texts = tuple(page.running_text for page in pages)
        return _lately(texts) if sum(map(len, texts)) <= _SHORT else _joined(texts)

    def place(self, page: int, offset: int) -> int | None:
        """Return which character of `text` character `offset` of a page is; None for one that is not compared."""
        sought = self.starts[page] + offset
        at = bisect_left(self.offsets, sought)
        return at if at < len(self.offsets) and self.offsets[at] == sought else None

    def spans(self, start: int, end: int) -> Iterator[Span]:
        """Yield where characters `start` to `end` of `text` stand, one span a page; `end` must be past `start`."""
        first, last = self.offsets[start], self.offsets[end - 1] + 1
        page = bisect_right(self.starts, first) - 1
        while first < last:
            begins = self.starts[page]
            ends = self.starts[page + 1] if page + 1 < len(self.starts) else len(self.raw)
            if begins <= first < ends:
                yield Span(page, first - begins, min(last, ends) - begins)
                first = ends
            page += 1


def _joined(texts: tuple[str, ...]) -> RunningText:
    raw = "".join(texts)
    text, offsets = compared_offsets(raw)
    return RunningText(raw, text, array("I", offsets), tuple(accumulate(map(len, texts[:-1]), initial=0)))


@lru_cache(maxsize=512)
def _lately(texts: tuple[str, ...]) -> RunningText:
    return _joined(texts)

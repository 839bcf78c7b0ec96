"""What is compared of the text of a page: its letters and digits, each with how sure it is and where it stands."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from archivist.definitions import load
from archivist.model import Page
from archivist.text import fold

_NUMERALS = frozenset("0123456789〇零一二三四五六七八九十百千万廿卅")
#: Lines are compared in pieces of at least so many letters: long enough to stand in one place only.
_PIECE = 24
#: A text layer may give a whole file as one line: longer pieces are cut, and no more of a page than that is compared.
_LONGEST, _MOST = 200, 20_000


@dataclass(frozen=True)
class Letters:
    """The first 20,000 letters of a page in reading order.

    `sure`, `by_hand` and `marks` (number of the sheet) say of each how it is.

    `text` is as pages are compared, `read` as it was read; `pieces` are where lines, a few short ones together, or
    parts of a very long one, begin and end.
    """

    text: str
    read: str
    sure: tuple[float, ...]
    by_hand: tuple[bool, ...]
    marks: tuple[bool, ...]
    pieces: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, page: Page) -> "Letters":
        """Return the letters of `page`."""
        chars: list[str] = []
        read: list[str] = []
        sure: list[float] = []
        by_hand: list[bool] = []
        marks: list[bool] = []
        ends = []
        for line in page.lines:
            if len(chars) >= _MOST:
                break
            marked = bool(_marks().search(fold(line.text)))
            for glyph, char in zip(line.glyphs, compared(line.text), strict=True):
                if char.isalnum() and len(chars) < _MOST:
                    chars.append(char)
                    read.append(glyph.char)
                    sure.append(glyph.confidence)
                    by_hand.append(line.handwritten)
                    marks.append(marked)
            ends.append(len(chars))
        return cls("".join(chars), "".join(read), tuple(sure), tuple(by_hand), tuple(marks), tuple(_pieces(ends)))

    def numbers(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield where in the part from `start` to `end` numbers stand, of whatever numerals."""
        for found in re.finditer(f"[{''.join(sorted(_NUMERALS))}]+", self.text[start:end]):
            yield start + found.start(), start + found.end()

    def whole_number(self, start: int, end: int) -> tuple[int, int]:
        """Return the part from `start` to `end` with the numerals that go on before and behind it."""
        while start > 0 and self.text[start - 1] in _NUMERALS:
            start -= 1
        while end < len(self.text) and self.text[end] in _NUMERALS:
            end += 1
        return start, end

    def least(self, start: int, end: int) -> float:
        """Return how sure the least sure letter from `start` to `end` is, 0 where there is none."""
        return min(self.sure[start:end], default=0.0)


def compared(text: str) -> str:
    """Return `text` as pages are compared, of the same length: folded, and characters that look alike made one."""
    return fold(text).translate(_one_of_each())


def has_numeral(text: str) -> bool:
    """Return whether there is a numeral in `text`."""
    return not _NUMERALS.isdisjoint(text)


def _pieces(ends: list[int]) -> Iterator[tuple[int, int]]:
    start = 0
    for number, end in enumerate(ends):
        if end - start >= _PIECE or (number == len(ends) - 1 and end > start):
            # About equal parts: a short one at the end would stand in many places.
            parts = -(-(end - start) // _LONGEST)
            cuts = [start + (end - start) * part // parts for part in range(parts + 1)]
            yield from pairwise(cuts)
            start = end


@cache
def _one_of_each() -> dict[int, str]:
    found: dict[int, str] = {}
    for group in load("index/lookalikes.yaml")["groups"]:
        folded = fold(group)
        for char in folded:
            found.setdefault(ord(char), found.get(ord(folded[0]), folded[0]))
    return found


@cache
def _marks() -> re.Pattern[str]:
    words = load("schemas/likeness.yaml")["copy_marks"]
    return re.compile("|".join(re.escape(fold(word)).replace(r"\*", "[0-9a-z]+") for word in words))

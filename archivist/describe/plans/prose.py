"""Running text without its line breaks: letters that know where in the flow they stand, and where paragraphs end."""

import re
from bisect import bisect_left
from dataclasses import dataclass
from itertools import pairwise

from archivist.describe import dates
from archivist.describe.ink import Flow, Printed, plain

MARK = (
    r"(?:[一二三四五六七八九十]{1,3}[、.]|\([一二三四五六七八九十]{1,3}\)、?|\(\d{1,2}\)、?|\d{1,2}[)、.](?!\d)"
    r"|[①-⑳⑴-⒛㈠-㈩][、.]?|其[一二三四五六]是?[,:]?|[一二三四五六]是)"
)
"""A regular expression of what stands before the parts of a list: 一、 (一) 1. ①."""

_MARK = re.compile(MARK)
_STAGE = re.compile(r"第[一二三四五六七八九十\d]{1,2}(?:阶段|步|条|章|项|,|、)")
_ENDS = re.compile(r"[。:;!?]$")
_INDENT = 1.2
_SHORT = 0.6
_UNFILLED = 0.85
_HEADING_LETTERS = 20


@dataclass(frozen=True, slots=True)
class Prose:
    r"""Folded text without white space; letter *i* stands at `places[i]` of the flow, `\n` ends a paragraph.

    Numbers in circles stay as they are: ① folds to 1, and ①4月 is not 14月.
    """

    flow: Flow
    letters: str
    places: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return where in the flow letters `start` to `end` stand, the ends of paragraphs left out."""
        while end > start and self.letters[end - 1] == "\n":
            end -= 1
        while start < end and self.letters[start] == "\n":
            start += 1
        return (self.places[start], self.places[end - 1] + 1) if start < end else (0, 0)

    def value(self, start: int, end: int) -> str:
        """Return letters `start` to `end` as a value."""
        first, last = self.span(start, end)
        return plain(self.flow.text[first:last])

    def at(self, offset: int) -> int:
        """Return the first letter that stands at or behind character `offset` of the flow."""
        return bisect_left(self.places, offset)


def prose(flow: Flow, start: int, skipped: frozenset[int] = frozenset(), *, headings: bool = True) -> Prose:
    """Return the text of `flow` from line `start`, without the lines `skipped`.

    Without `headings` a line only ends a paragraph by its punctuation, so that titles over several lines
    are one.
    """
    letters: list[str] = []
    places: list[int] = []
    lines = [line for index, line in enumerate(flow.lines) if index >= start and index not in skipped]
    margins = _margins(lines)
    for line, following in pairwise([*lines, None]):
        assert line is not None
        for place, char in enumerate(line.line.text):
            if not char.isspace():
                letters.append(char if "①" <= char <= "⒛" else line.folded[place])
                places.append(line.start + place)
        if places and (following is None or _parts(line, following, margins, headings)):
            letters.append("\n")
            places.append(places[-1])
    return Prose(flow, "".join(letters), tuple(places))


def _margins(lines: list[Printed]) -> dict[int, tuple[float, float]]:
    """Return for each page the left and right edge of its lines."""
    pages: dict[int, list[Printed]] = {}
    for line in lines:
        pages.setdefault(id(line.page), []).append(line)
    found = {}
    for key, own in pages.items():
        lefts = sorted(line.line.box.left for line in own)
        found[key] = lefts[len(lefts) // 10], max(line.line.box.right for line in own)
    return found


def _parts(line: Printed, following: Printed, margins: dict[int, tuple[float, float]], headings: bool) -> bool:
    """Return whether a paragraph ends between two lines."""
    closed = line.closed
    if _ENDS.search(closed) or "cell" in (line.kind, following.kind):
        return True
    if not headings:
        return bool(dates.parse(closed)) or bool(re.match(r"附件", closed)) or bool(_MARK.match(following.closed))
    if _MARK.match(following.closed) or _STAGE.match(following.closed):
        return True
    if closed.endswith((",", "、", "(", "-")):
        return False
    box, size = following.line.box, following.line.box.height
    if box.height > 2 * box.width or not size:
        return False
    left, _ = margins[id(following.page)]
    own, right = margins[id(line.page)]
    filled = (line.line.box.right - own) / max(right - own, 1.0)
    if _MARK.match(closed) and filled < _UNFILLED:
        return True
    return box.left - left > _INDENT * size or (len(closed) <= _HEADING_LETTERS and filled < _SHORT)

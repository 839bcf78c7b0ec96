"""The text of several pages as one flow whose every character leads back to the paper."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from statistics import median

from archivist.model import Evidence, Field, Line, Page, RegionKind, Status, Value
from archivist.text import fold, simplify

ACCEPTED_FROM = 0.90
"""A value at least this sure, printed and not contradicted, is accepted without a person."""

_PAGE_NUMBER = re.compile(r"[-·.\s(第]*(?:\d{1,3}|[一二三四五六七八九十]{1,3})[-·.\s)页]*(?:共\s*\d+\s*页)?")
# A space between Latin words or figures means something; beside a Chinese character it is letter-spacing.
_LETTER_SPACE = re.compile(r"(?<![!-~])\s+|\s+(?![!-~])")


@dataclass(frozen=True)
class Printed:
    """A line of the flow: where it begins there, its page, and its offset in the page's running text."""

    start: int
    page: Page
    offset: int
    line: Line
    kind: RegionKind

    @property
    def end(self) -> int:
        """Where it ends in the flow."""
        return self.start + len(self.line.glyphs)

    @cached_property
    def size(self) -> float:
        """The height of its characters; the box of a line that slants is much higher than its print."""
        return median(glyph.box.height for glyph in self.line.glyphs) if self.line.glyphs else 0.0

    @cached_property
    def folded(self) -> str:
        """The line as it is compared, character for character."""
        return fold(self.line.text)

    @cached_property
    def closed(self) -> str:
        """The line as it is compared, without its spaces."""
        return closed(self.folded)


class Flow:
    """The lines of `pages` one after the other; offsets in `text` and `folded` are offsets in the flow."""

    def __init__(self, pages: Iterable[Page], *, furniture: bool = True) -> None:
        """Lay out `pages`; without `furniture` page numbers, headers and footers are left out."""
        lines: list[Printed] = []
        start = 0
        for page in pages:
            for entry in _lines(page):
                if furniture or not _is_furniture(entry):
                    lines.append(Printed(start, entry.page, entry.offset, entry.line, entry.kind))
                    start = lines[-1].end
        self.lines: tuple[Printed, ...] = tuple(lines)
        self.text = "".join(printed.line.text for printed in lines)
        self.folded = fold(self.text)
        self._starts = [printed.start for printed in lines]

    def line_at(self, offset: int) -> int:
        """Return the index in `lines` of the line that character `offset` stands in."""
        return max(bisect_right(self._starts, offset) - 1, 0)

    def begins_line(self, offset: int) -> bool:
        """Return whether a line begins at character `offset`."""
        return bool(self._starts) and self._starts[self.line_at(offset)] == offset

    def gaps(self, start: int, end: int, least: float = 0.5) -> list[int]:
        """Return the offsets between `start` and `end` before which the paper has white space or a new line.

        Readers often drop the space between words set apart; `least` is its width in characters.
        """
        found = []
        for printed in self.lines[self.line_at(start) : self.line_at(max(end - 1, start)) + 1]:
            glyphs = printed.line.glyphs
            if start < printed.start < end:
                found.append(printed.start)
            for place in range(max(start - printed.start, 0) + 1, min(end - printed.start, len(glyphs))):
                before, after = glyphs[place - 1].box, glyphs[place].box
                if glyphs[place - 1].char.isspace() or after.left - before.right > least * printed.size:
                    found.append(printed.start + place)
        return found

    def field(
        self,
        name: str,
        value: Value,
        start: int,
        end: int,
        method: str,
        *,
        factor: float = 1.0,
        doubtful: bool = False,
    ) -> Field | None:
        """Return the field that characters `start` to `end` prove, None where they are no ink at all.

        Its confidence is the least sure of the characters times `factor`. A span that runs over a page
        break is shown on the page where it begins.
        """
        while start < end and self.text[start].isspace():
            start += 1
        while end > start and self.text[end - 1].isspace():
            end -= 1
        if start >= end:
            return None
        first, last = self.line_at(start), self.line_at(end - 1)
        carrying = self.lines[first : last + 1]
        seen = [
            glyph
            for printed in carrying
            for glyph in printed.line.glyphs[max(start - printed.start, 0) : max(end - printed.start, 0)]
            if not glyph.char.isspace()
        ]
        # Brackets and points are read badly and mean little: they only count where there is nothing else.
        letters = [glyph for glyph in seen if glyph.char.isalnum()] or seen
        confidence = min(glyph.confidence for glyph in letters) * factor
        written = any(printed.line.handwritten or printed.kind == "handwriting" for printed in carrying)
        status: Status = "review" if written or doubtful or confidence < ACCEPTED_FROM else "accepted"
        evidence = self._evidence(start, end, carrying)
        return Field(name, value, evidence.text, evidence, confidence, method, status)

    def _evidence(self, start: int, end: int, carrying: Sequence[Printed]) -> Evidence:
        page = carrying[0].page
        here = [printed for printed in carrying if printed.page is page]
        begin = here[0].offset + start - here[0].start
        finish = here[-1].offset + min(end, here[-1].end) - here[-1].start
        return Evidence.of(page, begin, finish)


def closed(text: str) -> str:
    """Return `text` without white space: letters set wide, closed up."""
    return "".join(text.split())


def plain(text: str) -> str:
    """Return `text` as a value: simplified script, letters closed up, round brackets half width."""
    return simplify(_LETTER_SPACE.sub("", text).strip()).translate({0xFF08: "(", 0xFF09: ")"})


@dataclass(frozen=True, slots=True)
class _Placed:
    page: Page
    offset: int
    line: Line
    kind: RegionKind
    edge: bool


def _lines(page: Page) -> list[_Placed]:
    regions = [region for region in page.regions if region.kind != "seal"]
    rows = [(line, region.kind) for region in regions for line in region.lines]
    offsets = [0, *accumulate(len(line.glyphs) for line, _ in rows)]
    last = len(rows) - 1
    return [
        _Placed(page, offset, line, kind, place in (0, last))
        for place, ((line, kind), offset) in enumerate(zip(rows, offsets, strict=False))
    ]


def _is_furniture(entry: _Placed) -> bool:
    if entry.kind in ("page_number", "header", "footer"):
        return True
    return entry.edge and entry.kind != "cell" and bool(_PAGE_NUMBER.fullmatch(fold(entry.line.text).strip()))

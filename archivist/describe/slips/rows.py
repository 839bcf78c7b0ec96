"""Rows of writing: lines that a reader broke in the middle, where print meets handwriting, put together again."""

import re
from collections.abc import Iterator

from archivist.describe.ink import Flow, Printed

# Two lines are one row where they share this much of the lower one's height.
_SHARED = 0.5
_OPEN_DATE = re.compile(r"\d\s*[./\-月年]\s*$")
# Part of a character by which the second may begin before the first ends.
_OVERLAP = 0.5


def rows(flow: Flow, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the spans of the rows of `flow` from `start` to `end`."""
    begin = start
    for at in range(flow.line_at(start) + 1, flow.line_at(max(end - 1, start)) + 1):
        printed = flow.lines[at]
        if begin < printed.start < end and begins_row(flow, printed.start):
            yield begin, printed.start
            begin = printed.start
    if begin < end:
        yield begin, end


def begins_row(flow: Flow, offset: int) -> bool:
    """Return whether a row begins at character `offset`."""
    if not flow.begins_line(offset):
        return False
    at = flow.line_at(offset)
    return at == 0 or not _continues(flow.lines[at - 1], flow.lines[at])


def gaps(flow: Flow, start: int, end: int, least: float) -> list[int]:
    """Return the offsets before which the paper has white space of `least` characters, or a new row."""
    found = []
    for offset in flow.gaps(start, end, least):
        if flow.begins_line(offset) and not begins_row(flow, offset):
            at = flow.line_at(offset)
            before, after = flow.lines[at - 1].line.glyphs[-1].box, flow.lines[at].line.glyphs[0].box
            if after.left - before.right <= least * max(after.width, before.width):
                continue
        found.append(offset)
    return found


def _continues(before: Printed, after: Printed) -> bool:
    if before.page is not after.page or not before.line.glyphs or not after.line.glyphs:
        return False
    if _breaks_a_date("".join(glyph.char for glyph in before.line.glyphs), after.line.glyphs[0].char):
        return True
    one, other = before.line.box, after.line.box
    shared = min(one.bottom, other.bottom) - max(one.top, other.top)
    size = before.line.glyphs[-1].box.width
    return shared >= _SHARED * min(one.height, other.height) and other.left >= one.right - _OVERLAP * size


def _breaks_a_date(before: str, after: str) -> bool:
    """Return whether a line ends in the middle of a date, where the cell was too narrow: 张三4. | 5."""
    return bool(_OPEN_DATE.search(before)) and after.isdigit()

"""The attachments that an issued document lists (附件：1．… 2．…), under its text or under its date."""

import re
from collections.abc import Iterator

from archivist.describe import dates, names
from archivist.describe.ink import Flow, Printed, closed, plain
from archivist.describe.issued.titles import fills
from archivist.model import Field

_ATTACHED = re.compile(r"附\s*(?:件|表|录|图)?\s*(?P<colon>:)?\s*")
_FIGURE = r"(?:\d{1,2}|[一二三四五六七八九十]{1,2})"
_NUMBERED = re.compile(rf"(?:附\s*[件表图]\s*{_FIGURE}\s*[:.、]?|\({_FIGURE}\)|{_FIGURE}\s*[.、:,`·]|[①-⑳])\s*")
_WITHIN = re.compile(rf"(?<=[\s;。、,》)])(?:\({_FIGURE}\)|{_FIGURE}\s*[.、]|[①-⑳])(?!\d)\s*")
_LETTERS = 60
_LISTED = 200
_AFTER_DATE = 4


def attached(flow: Flow, start: int, until: int, imprint: int) -> Iterator[Field | None]:
    """Yield each `attachment` that the text from line `start` lists before the signature on line `until`.

    Where there is none, one that is noted right behind the signature, before line `imprint`, counts.
    """
    for index in range(start, min(until, len(flow.lines))):
        if match := _begins(flow.lines[index]):
            yield from _entries(flow, index, match.end(), until)
            return
    for index in range(until, min(imprint, until + _AFTER_DATE, len(flow.lines))):
        line = flow.lines[index]
        if (match := _begins(line)) and closed(line.folded[match.end() :]) and match["colon"]:
            yield from _entries(flow, index, match.end(), imprint)
            return


def _begins(line: Printed) -> re.Match[str] | None:
    lead = len(line.folded) - len(line.folded.lstrip())
    match = _ATTACHED.match(line.folded, lead)
    numbered = match and _NUMBERED.match(line.folded, match.end())
    return match if match and (match["colon"] or numbered) else None


def _entries(flow: Flow, index: int, offset: int, until: int) -> Iterator[Field | None]:
    begin = flow.lines[index].start + offset
    last = index + 1
    while last < min(until, index + _LISTED) and not _ends_list(flow.lines[last]):
        last += 1
    end = flow.lines[last - 1].end
    heads = [begin] + [flow.lines[k].start for k in range(index + 1, last)]
    starts = [
        (place, found.end()) for place in heads if (found := _NUMBERED.match(flow.folded, _ink(flow, place), end))
    ]
    starts = sorted({*starts, *((found.start(), found.end()) for found in _WITHIN.finditer(flow.folded, begin, end))})
    if starts and starts[0][0] <= _ink(flow, begin):
        kept: list[tuple[int, int]] = []
        for place, first in starts:
            if not kept or place >= kept[-1][1]:
                kept.append((place, first))
        starts = kept
    else:
        # Without figures each line is an entry, unless the one before ran on to the right edge.
        starts = [(begin, begin)]
        starts += [
            (flow.lines[k].start,) * 2
            for k in range(index + 1, last)
            if flow.text[begin : flow.lines[k].start].strip() and not fills(flow.lines[k - 1]) and not _runs_on(flow, k)
        ]
    for (_, first), (following, _) in zip(starts, [*starts[1:], (end, end)], strict=True):
        finish = following
        while finish > first and (flow.text[finish - 1].isspace() or flow.text[finish - 1] in "。;；，,、★☆*"):
            finish -= 1
        text = plain(closed(flow.text[first:finish]))
        if len(text) > 1:
            yield flow.field("attachment", text, first, finish, "attachment-note")


def _ink(flow: Flow, place: int) -> int:
    while place < len(flow.folded) and flow.folded[place].isspace():
        place += 1
    return place


def _runs_on(flow: Flow, index: int) -> bool:
    """Return whether line `index` is set in under the one before, or the one before stops inside brackets or 《》."""
    before = flow.lines[index - 1].closed
    inside = any(before.count(pair[0]) > before.count(pair[1]) for pair in ("《》", "()"))
    return inside or len(flow.lines[index].closed) <= 3


def _ends_list(line: Printed) -> bool:
    letters = line.closed
    if _NUMBERED.match(line.folded.lstrip()):
        return False
    # One character alone is a piece of the seal.
    ended = len(letters) < 2 or "。" in letters or len(letters) > _LETTERS or letters.startswith("(此")
    return bool(dates.find(line.line.text)) or bool(names.split(line.line.text)) or ended

"""The marks at the top of an issued document: secrecy, urgency, who signed it for issue (签发人)."""

import re
from collections.abc import Iterator
from itertools import pairwise

from archivist.describe import names
from archivist.describe.ink import Flow, closed, plain
from archivist.describe.issued.lists import Span, cuts
from archivist.describe.issued.opening import Opening
from archivist.describe.issued.signs import LEVEL, URGENCY, tag
from archivist.model import Field

_SIGNER = re.compile(r"签\s*(?:发|批)(?:\s*盖\s*章)?\s*人?\s*:\s*(?P<names>[^\d:]{2,24}?)\s*(?=$|会\s*签)")
# 买买提·艾山 is one name however it is set.
_POINT = re.compile("[·•‧・]")
# What follows 签发人 and is no name that is known to be one.
_DOUBTFUL_PERSON = 0.85


def marks(flow: Flow, begun: Opening) -> Iterator[Field | None]:
    """Yield `secrecy`, `urgency` and each `signer` from the lines above and beside head, number and title."""
    for index in range(min(begun.after, len(flow.lines))):
        if begun.title and begun.title.first <= index < begun.title.last:
            continue
        line = flow.lines[index]
        places = [line.start + place for place, char in enumerate(line.folded) if not char.isspace()]
        alone = tag(line) == "mark"
        for name, pattern in (("secrecy", LEVEL), ("urgency", URGENCY)):
            for mark in pattern.finditer(line.closed):
                if alone or mark.start() == 0 or mark.end() == len(line.closed):
                    start, end = places[mark.start(1)], places[mark.end(1) - 1] + 1
                    yield flow.field(name, mark[1], start, end, "head-mark")
        if match := _SIGNER.search(line.folded):
            yield from _people(flow, line.start + match.start("names"), line.start + match.end("names"))
            following = flow.lines[index + 1 : begun.title.first if begun.title else index + 1]
            for other in following:
                if not names.is_person(other.closed):
                    break
                yield from _people(flow, other.start, other.end)


def _people(flow: Flow, start: int, end: int) -> Iterator[Field | None]:
    for a, b in _persons(flow, start, end):
        name = closed(flow.text[a:b])
        if 2 <= len(name) <= 5 or names.is_person(name):
            factor = 1.0 if names.is_person(name) else _DOUBTFUL_PERSON
            yield flow.field("signer", plain(name), a, b, "head-mark", factor=factor)


def _persons(flow: Flow, start: int, end: int) -> list[Span]:
    """Return the spans of the names, set wide (王 军) or not."""
    if names.is_person(flow.text[start:end]) and not _POINT.search(flow.text[start:end]):
        return [(start, end)]
    bounds = {start, end, *cuts(flow, start, end)}
    bounds |= {place for place in range(start, end) if flow.text[place].isspace() or flow.folded[place] in "、,"}
    ordered = sorted(bounds)
    spans: list[Span] = []
    for a, b in pairwise(ordered):
        letters = re.sub(r"[\s、,]", "", flow.text[a:b])
        if not letters:
            continue
        a += len(flow.text[a:b]) - len(flow.text[a:b].lstrip(" \u3000、，,"))
        before = closed(flow.text[slice(*spans[-1])]) if spans else ""
        if len(before) == 1:
            spans[-1] = spans[-1][0], b
        elif len(letters) > 4 and letters == flow.text[a:b] and not _POINT.search(letters):
            spans += _run(letters, a)
        else:
            spans.append((a, b))
    return spans


def _run(letters: str, start: int) -> list[Span]:
    """Return the spans of names that follow each other without a gap: 侯明远崔志平."""
    for size in (3, 2, 4):
        if names.is_person(letters[:size]):
            rest = letters[size:]
            if not rest or names.is_person(rest):
                return [(start, start + size)] + ([(start + size, start + len(letters))] if rest else [])
    return [(start, start + len(letters))]

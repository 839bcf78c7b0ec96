"""The quotation (最高指示, 毛主席语录) that papers of 1966 to 1978 carry above their own beginning."""

import re
from collections.abc import Sequence
from functools import cache

from archivist.definitions import load
from archivist.describe import names
from archivist.describe.ink import Printed
from archivist.describe.issued.signs import Tag
from archivist.describe.issued.titles import begins_like_one, masthead_agency, title

_WITHIN = 3
_ENDS = ("。", "!", "?", '"', "'", ")", "》", "」", "』", ",", ";")


def behind_quotation(lines: Sequence[Printed], tags: Sequence[Tag]) -> int:
    """Return the index of the first line of the paper itself: 0 without a quotation above it.

    Where the lines hold nothing but a quotation it is their number.
    """
    seen = [index for index, name in enumerate(tags) if name not in ("blank", "mark")]
    quoted = next((index for index in seen[:_WITHIN] if is_quotation(lines[index].closed)), None)
    if quoted is None:
        return 0
    for index in range(quoted + 1, len(lines)):
        if _begins(lines, tags, index):
            return index
    # A title like any line of the quotation stands behind at least one of those, and whom it is for follows it.
    first = quoted + (1 if _starts().match(lines[quoted].closed) else 2)
    for index in range(first, len(lines)):
        named = None if lines[index].closed.endswith(_ENDS) else title(lines, tags, index, free=False)
        if named and named.genre and _follows(lines, tags, named.last):
            return index
    return len(lines)


def is_quotation(letters: str) -> bool:
    """Return whether a line, closed up, is the heading of a quotation or begins one: 毛主席教导我们:…."""
    return _heading().fullmatch(letters) is not None or _starts().match(letters) is not None


def _begins(lines: Sequence[Printed], tags: Sequence[Tag], index: int) -> bool:
    """Return whether line `index` begins a paper by itself: head, number, 关于…, an agency before its title."""
    if tags[index] in ("head", "number") or begins_like_one(lines[index].closed):
        return True
    if tags[index] == "agency":
        following = next(
            (place for place in range(index + 1, len(lines)) if tags[place] not in ("blank", "mark")), None
        )
        return following is not None and _begins(lines, tags, following)
    letters = lines[index].closed
    subject = letters.find("关于")
    return masthead_agency(letters) is not None or (subject > 0 and bool(names.split(letters[:subject])))


def _follows(lines: Sequence[Printed], tags: Sequence[Tag], index: int) -> bool:
    """Return whether whom it is for, a date or an agency stands on line `index`."""
    return index < len(lines) and (lines[index].closed.endswith(":") or tags[index] in ("date", "agency"))


@cache
def _heading() -> re.Pattern[str]:
    return re.compile(rf"[\"'(「『]?(?:{_any_of('quotations')})[\"')」』]?:?")


@cache
def _starts() -> re.Pattern[str]:
    return re.compile(rf"[\"'(「『]?(?:{_any_of('quoting')})[^:]{{0,8}}:.")


def _any_of(name: str) -> str:
    words: list[str] = load("schemas/genres.yaml")[name]
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))

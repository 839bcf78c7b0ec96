"""Officials who sign a paper at its foot by post and name: 市长　于殿甲."""

import re
from collections.abc import Iterator
from functools import cache

from archivist.definitions import load
from archivist.describe import dates, names
from archivist.describe.ink import Flow, Printed, closed, plain
from archivist.describe.issued.lists import Span
from archivist.describe.issued.signs import tag
from archivist.describe.issued.titles import Title
from archivist.model import Field

_SIGNED = 0.97
_LINES = 16
_MOST = 10
_PREFIX = 14
# A text that ends here; what follows a list (名单如下：) is part of that.
_ENDED = re.compile(r"(?:[。!;)”\"》]|此[布令复致告达]|特此.{2,4}|为[要荷盼])$|^附")
_SEALED = re.compile(r"(?:\((?:签字|签名|签章|盖章|印|章|代)\)|签字|印)$")
_POINTED = re.compile(r"[\u4e00-\u9fff]{1,8}[·•‧・][\u4e00-\u9fff]{1,8}")
_NO_POST = re.compile(r"[,。:;!?《》\d]|同志")


def signers(flow: Flow, start: int, signature: Span | None, imprint: int) -> Iterator[Field | None]:
    """Yield as `signer` each official named by post where the text that begins on line `start` closes.

    Between the end of the text and its date or imprint there is nothing but them, agencies and the seal.
    """
    index = (signature[1] if signature else imprint) - 1
    found: list[list[Span]] = []
    while index >= start and len(found) < _MOST and imprint - index < _LINES:
        line = flow.lines[index]
        here = _spans(line)
        if here:
            found.append(here)
        elif not _between(line):
            break
        index -= 1
    if index < start or not _ENDED.search(flow.lines[index].closed):
        return
    for a, b in (span for here in reversed(found) for span in here):
        yield flow.field("signer", plain(closed(flow.text[a:b])), a, b, "signature", factor=_SIGNED)


def sign(title: Title | None) -> bool:
    """Return whether a paper of this title is issued by the official who signs it: an order, a proclamation."""
    return title is not None and title.genre in load("schemas/genres.yaml")["signed_by_officials"]


def _between(line: Printed) -> bool:
    """Return whether a line of a closing is anything but the official who signs: agency, date, a piece of the seal."""
    short = len(line.closed) < 4 and not re.search(r"[。;:]", line.closed)
    short = short or names.is_agency(line.closed.removesuffix("印"))
    return short or bool(dates.find(line.line.text)) or tag(line) in ("agency", "blank", "number", "mark")


def _spans(line: Printed) -> list[Span]:
    """Return the spans (in the flow) of the names on a line that is posts and names and nothing else."""
    places = [line.start + place for place, char in enumerate(line.folded) if not char.isspace()]
    named = None if names.is_agency(line.closed) else _named(_SEALED.sub("", line.closed), 0)
    return [(places[a], places[b - 1] + 1) for a, b in named or ()]


def _named(letters: str, at: int) -> list[Span] | None:
    """Return the spans of the names from `at` on where all the rest is posts, each with names behind it."""
    for post in _posts().finditer(letters, at, at + _PREFIX + 4):
        if _NO_POST.search(letters[at : post.end()]):
            return None
        if (people := _people(letters, post.end())) is not None:
            return people
    return None


def _people(letters: str, at: int) -> list[Span] | None:
    """Return the spans of the names from `at` on: at least one, then more of them, or another post with its own."""
    pointed = _POINTED.match(letters, at)
    for size in [pointed.end() - at] if pointed else [3, 2, 4]:
        end = at + size
        if end > len(letters) or not (names.is_person(letters[at:end]) or names.has_surname(letters[at:end])):
            continue
        rest = [] if end == len(letters) else _named(letters, end) or _people(letters, end)
        if rest is not None:
            return [(at, end), *rest]
    return None


@cache
def _posts() -> re.Pattern[str]:
    words = sorted(load("schemas/agencies.yaml")["officials"], key=len, reverse=True)
    return re.compile("|".join(map(re.escape, words)))

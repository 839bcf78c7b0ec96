"""Papers that a text cites (《…》), with their numbers where those stand beside the title."""

import re
from collections.abc import Iterator

from archivist.describe import numbers
from archivist.describe.ink import Flow, closed, plain
from archivist.describe.opening import genres
from archivist.model import Field, Value

_CITATION = re.compile(r"《(?P<title>(?:[^《》]|《[^《》]*》){2,120})》")


def fields(flow: Flow, start: int) -> Iterator[Field | None]:
    """Yield each paper that the text from offset `start` of `flow` cites as 《title》, once.

    Its number belongs to it where it stands beside the title, in brackets or not.
    """
    known: dict[str, tuple[Value, int, int]] = {}
    found = numbers.find(flow.text[start:])
    begins = {start + other.start: other for other in found}
    ends = {start + other.end: other for other in found}
    for match in _CITATION.finditer(flow.folded, start):
        title = plain(closed(flow.text[match.start("title") : match.end("title")]))
        # 《决定》, 《纲要》 alone point back at a paper named before.
        if title in genres():
            continue
        first, last, number = match.start(), match.end(), None
        for place in range(match.start() - 2, match.start() + 1):
            if place in ends and not flow.folded[place : match.start()].strip(" )文件"):
                number, first = ends[place].number, start + ends[place].start
        for place in range(match.end(), match.end() + 4):
            gap = flow.folded[match.end() : place]
            if place in begins and not gap.strip(" ("):
                number, last = begins[place].number, start + begins[place].end
                last += "(" in gap and flow.folded[last : last + 1] == ")"
        if title not in known or (number and not known[title][0]):
            known[title] = (numbers.field_value(number) if number else None), first, last
    for title, (value, first, last) in known.items():
        yield flow.field("citation", {"title": title, "document_number": value}, first, last, "running-text")

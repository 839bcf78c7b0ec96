"""Papers that a text cites (《…》), with their numbers where those stand beside the title."""

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from archivist.definitions import load
from archivist.describe import numbers
from archivist.describe.ink import Flow, closed, plain
from archivist.describe.issued.signs import genres
from archivist.model import Field, Value

_CITATION = re.compile(r"《(?P<title>(?:[^《》]|《[^《》]*》){2,120})》")
# One of the marks misread, or both: then the title must be one by its own words.
_MISREAD = re.compile(r"(?P<open>《|<<|<|〈)(?P<title>[^《》<>〈〉。]{4,80}?)(?P<close>》|>>|>|〉)")
# (以下简称《意见》): another name for what was cited before.
_ALIAS = re.compile(r"简称(?:为)?[:\s]*[\"'“”‘’]?$")
_BRACKET = re.compile(r"\s*\((?P<inside>[^()]{0,60}(?:\([^()]*\)[^()]{0,40})*)\)")
# 《实施办法》 after 《…实施办法》 points back.
_POINTS_BACK = 8


class _Cited(NamedTuple):
    title: str
    number: Value
    start: int
    end: int


def fields(flow: Flow, start: int) -> Iterator[Field | None]:
    """Yield each paper that the text from offset `start` of `flow` cites as 《title》, once.

    Its number belongs to it where it stands beside the title, in brackets or not. The press, books and films are
    no papers, nor is a second name (以下简称《…》) another one.
    """
    found = numbers.find(flow.text[start:])
    begins = {start + other.start: (start + other.end, other) for other in found}
    ends = {start + other.end: (start + other.start, other) for other in found}
    known: dict[str, _Cited] = {}
    aliases: set[str] = set()
    for match in _matches(flow.folded, start):
        title = plain(closed(flow.text[match.start("title") : match.end("title")]))
        if _ALIAS.search(flow.folded[max(match.start() - 8, 0) : match.start()]):
            aliases.add(title)
            continue
        # 《决定》, 《纲要》 alone point back at a paper named before.
        if title in genres() or title in aliases:
            continue
        cited = _cited(flow, match, title, begins, ends)
        back = len(title) <= _POINTS_BACK and any(other.endswith(title) for other in known)
        if cited.number is None and (back or not _is_paper(flow, match)):
            continue
        if title not in known or (cited.number and not known[title].number):
            known[title] = cited
    for cited in known.values():
        value: Value = {"title": cited.title, "document_number": cited.number}
        yield flow.field("citation", value, cited.start, cited.end, "running-text")


def _matches(folded: str, start: int) -> list[re.Match[str]]:
    found = list(_CITATION.finditer(folded, start))
    taken = [match.span() for match in found]
    for match in _MISREAD.finditer(folded, start):
        free = not any(a < match.end() and match.start() < b for a, b in taken)
        title = closed(match["title"])
        if free and (title.startswith("关于") or title.endswith((*genres(), "法"))):
            found.append(match)
    return sorted(found, key=lambda match: match.start())


def _cited(
    flow: Flow,
    match: re.Match[str],
    title: str,
    begins: dict[int, tuple[int, numbers.Found]],
    ends: dict[int, tuple[int, numbers.Found]],
) -> _Cited:
    """Return the citation with the number that stands right before it, right behind it, or in brackets behind it."""
    for place in range(match.start() - 4, match.start() + 1):
        if place in ends and not flow.folded[place : match.start()].strip(" )文件号的"):
            first, other = ends[place]
            return _Cited(title, numbers.field_value(other.number), first, match.end())
    for place in range(match.end(), match.end() + 4):
        if place in begins and not flow.folded[match.end() : place].strip(" ("):
            last, other = begins[place]
            last += "(" in flow.folded[match.end() : place] and flow.folded[last : last + 1] == ")"
            return _Cited(title, numbers.field_value(other.number), match.start(), last)
    if bracket := _BRACKET.match(flow.folded, match.end()):
        within = [place for place in begins if bracket.start() < place < bracket.end()]
        if len(within) == 1 and "《" not in flow.folded[bracket.start() : within[0]].replace("简称《", ""):
            return _Cited(title, numbers.field_value(begins[within[0]][1].number), match.start(), bracket.end())
    return _Cited(title, None, match.start(), match.end())


def _is_paper(flow: Flow, match: re.Match[str]) -> bool:
    """Return whether what stands in 《》 is a paper, as far as its name and the words beside it say."""
    rules = _not_cited()
    title = closed(match["title"])
    before = closed(flow.folded[max(match.start() - 8, 0) : match.start()])
    after = closed(flow.folded[match.end() : match.end() + 8])
    if title.endswith(tuple(genres())) or title.startswith("关于"):
        return True
    return not (
        title.endswith(rules["endings"]) or before.endswith(rules["before"]) or after.startswith(rules["after"])
    )


@cache
def _not_cited() -> dict[str, tuple[str, ...]]:
    return {name: tuple(words) for name, words in load("schemas/genres.yaml")["not_cited"].items()}

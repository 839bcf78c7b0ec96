"""Campaigns (创建全国科技工作先进市 …) that an item names, with the ink that says so."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from archivist.definitions import load
from archivist.model import CampaignLink, Document, Evidence, Page
from archivist.text import fold, simplify

_MOST_EVIDENCE = 5
_IN_TITLE, _NAMED_FULLY, _REPEATED = 1.0, 0.95, 0.9
_TITLES = ("title", "subject")
_CITED = re.compile(r"《[^》]*》|〈[^〉]*〉|^[^《》]{,60}》")


@dataclass(frozen=True, slots=True)
class _Mention:
    """A campaign named on a page: its name as printed, and what that weighs (0: only if named again)."""

    name: str
    evidence: Evidence
    confidence: float
    weight: float


def recognise(documents: Sequence[Document], pages: Sequence[Page]) -> tuple[CampaignLink, ...]:
    """Return the campaigns that the described `documents` on `pages` are part of, surest first.

    A campaign is named in a title or a slip's subject, or in running text, where it must be named fully
    (活动 or 领导小组 follows) or more than once. Titles of other papers (《…》) in the text name their
    campaigns, not this one's.
    """
    mentions: dict[str, list[_Mention]] = {}
    for mention in _mentions(documents, pages):
        mentions.setdefault(key(mention.name), []).append(mention)
    links = []
    for campaign, named in mentions.items():
        if len(named) == 1 and named[0].weight == 0:
            continue
        weighed = [(mention.confidence * (mention.weight or _REPEATED), mention) for mention in named]
        # sorted() is stable: of equal ones the first on the paper is the best.
        weighed.sort(key=lambda entry: (-entry[1].weight, -entry[0]))
        best = _spread([mention.evidence for _, mention in weighed])
        confidence = max(sure for sure, _ in weighed)
        links.append(CampaignLink(campaign, simplify(campaign), confidence, tuple(best)))
    return tuple(sorted(links, key=lambda link: -link.confidence))


def key(name: str) -> str:
    """Return what all spellings of a name share: no script, quotes, spaces, 群众性, 活动 or 领导小组."""
    rules = _rules()
    text = "".join(char for char in fold(name) if not char.isspace() and char not in "\"'")
    shorter = text
    while shorter:
        text = shorter
        suffix = next((word for word in rules["suffixes"] if text.endswith(word) and text != word), "")
        if not suffix:
            break
        shorter = text.removesuffix(suffix)
    prefix = next((word for word in rules["prefixes"] if text.startswith(word) and len(text) > len(word) + 2), "")
    text = text.removeprefix(prefix)
    for other, kept in rules["verbs"].items():
        text = text.replace(other, kept)
    return text


def _mentions(documents: Sequence[Document], pages: Sequence[Page]) -> Iterator[_Mention]:
    by_number = {page.number: page for page in pages}
    titles: dict[int, list[tuple[int, int]]] = {}
    for document in documents:
        for field in (field for name in _TITLES for field in document.values(name)):
            where = field.evidence
            if page := by_number.get(where.page):
                titles.setdefault(where.page, []).append((where.start, where.end))
                for name, start, end, _ in _named(page.running_text, where.start, where.end):
                    yield _mention(page, name, start, end, _IN_TITLE)
    for page in pages:
        text = page.running_text
        aside = titles.get(page.number, []) + [match.span() for match in _CITED.finditer(fold(text))]
        for name, start, end, fully in _named(text, 0, len(text)):
            if not any(first < end and start < last for first, last in aside):
                yield _mention(page, name, start, end, _NAMED_FULLY if fully else 0.0)


def _mention(page: Page, name: str, start: int, end: int, weight: float) -> _Mention:
    sure = min(glyph.confidence for glyph in page.glyphs[start:end])
    return _Mention(name, Evidence.of(page, start, end), sure, weight)


def _named(text: str, start: int, end: int) -> Iterator[tuple[str, int, int, bool]]:
    """Yield name, span in `text`, and whether it is named fully, for each campaign in that stretch."""
    folded = fold(text)
    places = [place for place in range(start, end) if not folded[place].isspace()]
    letters = "".join(folded[place] for place in places)
    fully = re.compile(rf"[\"']?(?:{'|'.join(_rules()['named_fully'])})")
    taken: set[int] = set()
    for pattern in _patterns():
        for match in pattern.finditer(letters):
            name, where = match["name"], range(*match.span("name"))
            # What one pattern has named the next does not name again.
            if taken.intersection(where):
                continue
            taken.update(where)
            if not any(word in name for word in _rules()["never"]):
                first, last = places[match.start("name")], places[match.end("name") - 1] + 1
                yield name, first, last, bool(fully.match(letters, match.end("name")))


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    rules = _rules()
    compiled = []
    for entry in rules["patterns"]:
        least, most = entry.get("between", (0, 16))
        begins = "|".join(map(re.escape, sorted(entry["begins"], key=len, reverse=True)))
        # Not over a second beginning: 开展创建…, 创建工作中创建….
        letter = f"(?:(?!{begins})[^{re.escape(rules['not_in_names'])}])"
        body = f"{letter}{{{least},{most}}}?(?:{'|'.join(entry['ends'])})"
        followed = f"(?={'|'.join(entry['followed'])})" if entry.get("followed") else ""
        name = f"(?P<name>(?:{begins}){body})" if entry.get("keeps") else f"(?:{begins})(?P<name>{body})"
        compiled.append(re.compile(name + followed))
    return tuple(compiled)


def _spread(evidence: list[Evidence]) -> list[Evidence]:
    """Return the first pieces of evidence, one a page before a second of the same page."""
    pages: dict[int, int] = {}
    ranked = []
    for place, entry in enumerate(evidence):
        ranked.append((pages.get(entry.page, 0), place, entry))
        pages[entry.page] = pages.get(entry.page, 0) + 1
    return [entry for _, _, entry in sorted(ranked, key=lambda rank: rank[:2])[:_MOST_EVIDENCE]]


def _rules() -> dict[str, Any]:
    rules: dict[str, Any] = load("schemas/campaigns.yaml")
    return rules

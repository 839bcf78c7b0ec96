"""Where pages name campaigns: in titles and subjects, in papers they carry (现将《…》印发), and in running text."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from archivist.campaigns import rules
from archivist.model import Document, Evidence, Page
from archivist.text import fold

_TITLES = ("title", "subject")
_CITED = re.compile(r"《[^》]*》|〈[^〉]*〉|^[^《》]{,60}》")
_CARRIED = re.compile(r"[^,。;]{,12}(?:印发|转发|批转|下发|抄发)(?:给|各|你|下)")
_CALLED_WITHIN = 8
_LEAD = 220  # characters: the first sentence of a paper says what it is about
_LEAST_LETTERS = 2
_APART = ("cell", "header", "footer", "page_number", "head")


class Place(IntEnum):
    """Where a campaign is named, the weightier the higher."""

    TEXT = 0
    LEAD = 1  # in the first sentences
    OFFICE = 2  # in a title, in the name of the office that runs it
    CARRIED = 3  # in the title of the paper that is passed on
    APPENDED = 4  # in the title of an attachment
    TITLE = 5  # in a title or the subject on a slip


@dataclass(frozen=True, slots=True)
class Mention:
    """A campaign named on a page: its key, its name as printed, the ink, where, and how sure the rule is (0..1).

    `weak` is a name that also means other things; `fully` says that the text around it calls it a campaign.
    """

    key: str
    name: str
    kind: str
    evidence: Evidence
    place: Place
    sure: float
    reading: float
    handwritten: bool
    weak: bool
    fully: bool


@dataclass(frozen=True, slots=True)
class _Letters:
    """The folded letters of a page without white space, a line break where text is broken, each with its place."""

    text: str
    places: tuple[int, ...]

    @classmethod
    def of(cls, page: Page) -> "_Letters":
        folded, text, places, offset = fold(page.running_text), [], [], 0
        for region in page.regions:
            if region.kind == "seal":
                continue
            if region.kind in _APART:
                text.append("\n")
                places.append(offset)
            for place in range(offset, offset + sum(len(line.glyphs) for line in region.lines)):
                if not folded[place].isspace():
                    text.append(folded[place])
                    places.append(place)
            offset += sum(len(line.glyphs) for line in region.lines)
            if region.kind in _APART:
                text.append("\n")
                places.append(offset)
        return cls("".join(text), tuple(places))

    def within(self, start: int, end: int) -> "_Letters":
        chosen = [(char, place) for char, place in zip(self.text, self.places, strict=True) if start <= place < end]
        return _Letters("".join(char for char, _ in chosen), tuple(place for _, place in chosen))


@dataclass(frozen=True, slots=True)
class _Named:
    """A name in letters: from where to where, and what the rule that found it says."""

    name: str
    kind: str
    prefix: str
    start: int
    end: int
    sure: float
    known: rules.Known | None = None


def mentions(documents: Sequence[Document], pages: Sequence[Page]) -> Iterator[Mention]:
    """Yield every place at which `pages` name a campaign, titles of the described `documents` first."""
    by_number = {page.number: page for page in pages}
    letters = {page.number: _Letters.of(page) for page in pages}
    titles: dict[int, list[tuple[int, int]]] = {}
    for document in documents:
        for field in (field for name in _TITLES for field in document.values(name)):
            where = field.evidence
            if field.status != "rejected" and (page := by_number.get(where.page)):
                titles.setdefault(where.page, []).append((where.start, where.end))
                place = Place.APPENDED if document.kind == "attachment" else Place.TITLE
                if field.status == "verified" and isinstance(field.value, str):
                    yield from _as_corrected(field.value, where, place)
                else:
                    yield from _in_title(page, letters[where.page].within(where.start, where.end), place)
    lead = _lead(documents, pages)
    for page in pages:
        yield from _in_text(page, letters[page.number], titles.get(page.number, []), lead)


def names_in(text: str) -> set[str]:
    """Return the keys of the campaigns that a name or title (folded or not) holds."""
    return {
        rules.key(named.known.campaign if named.known else named.prefix + named.name)
        for named in _named("".join(fold(text).split()), in_title=True)
    }


def _as_corrected(title: str, evidence: Evidence, place: Place) -> Iterator[Mention]:
    """Yield what a title names as a person corrected it, whatever was read: the ink is that of the title."""
    for named, _ in _named_in_title("".join(fold(title).split())):
        name = named.name if named.known else rules.plain(named.prefix + named.name)
        if len(name) >= _LEAST_LETTERS:
            weak = bool(named.known and not named.known.strong)
            campaign = rules.key(named.known.campaign if named.known else name)
            yield Mention(campaign, name, named.kind, evidence, place, named.sure, 1.0, False, weak, True)


def _in_title(page: Page, title: _Letters, place: Place) -> Iterator[Mention]:
    for named, office in _named_in_title(title.text):
        if mention := _mention(page, title, named, Place.OFFICE if office else place):
            yield mention


def _named_in_title(title: str) -> Iterator[tuple[_Named, bool]]:
    """Yield what a title names, and whether only in the name of the office that runs it."""
    about = title.find("关于")
    founds = re.compile(rules.rules()["founding"])
    for named in _named(title, in_title=True):
        founded = named.start > about and founds.search(title, 0, named.start)
        if not _in_agency(title, named, "institutions") and (founded or not _in_agency(title, named, "standing")):
            yield named, _is_office(title, named.end) and not founded


def _in_text(
    page: Page, letters: _Letters, titles: Sequence[tuple[int, int]], lead: tuple[int, int, int] | None
) -> Iterator[Mention]:
    text = letters.text
    cited = [(match.start(), match.end(), bool(_CARRIED.match(text, match.end()))) for match in _CITED.finditer(text)]
    for named in _named(text, in_title=False):
        at = letters.places[named.start]
        inside = _in_agency(text, named, "institutions") or _in_agency(text, named, "standing")
        if inside or any(first <= at < last for first, last in titles) or _is_background(text, named):
            continue
        carried = [carries for first, last, carries in cited if first <= named.start < last]
        if any(carried):
            place = Place.CARRIED
        elif carried or _is_office(text, named.end) or (named.known and named.known.title_only):
            continue
        elif lead and lead[0] == page.number and lead[1] <= at < lead[2]:
            place = Place.LEAD
        else:
            place = Place.TEXT
        if mention := _mention(page, letters, named, place, fully=_is_fully_named(text, named)):
            yield mention


def _is_background(text: str, named: _Named) -> bool:
    """Return whether the text names it as what goes on around its own campaign: 以增产节约为中心."""
    beside = rules.rules()["background"]
    before = re.search(beside["before"], text[max(named.start - _CALLED_WITHIN, 0) : named.start])
    return bool(before or re.match(beside["after"], text[named.end : named.end + _CALLED_WITHIN]))


def _is_fully_named(text: str, named: _Named) -> bool:
    """Return whether 活动 or 领导小组 follows the name, or a word that calls for a campaign stands before it."""
    before = text[max(named.start - _CALLED_WITHIN, 0) : named.start]
    after = re.compile(rf"[\"']?(?:{'|'.join(rules.rules()['named_fully'])})")
    called = named.kind in ("known", "movement") and any(word in before for word in rules.rules()["called_for"])
    return bool(after.match(text, named.end)) or called


def _lead(documents: Sequence[Document], pages: Sequence[Page]) -> tuple[int, int, int] | None:
    """Return page and span of the first sentences of the first issued paper."""
    for document in documents:
        if document.kind == "issued_document":
            title = next(iter(document.values("title")), None)
            if title:
                return title.evidence.page, title.evidence.end, title.evidence.end + _LEAD
            return document.pages[0], 0, _LEAD
    return (pages[0].number, 0, _LEAD) if pages and not documents else None


def _is_office(text: str, end: int) -> bool:
    return bool(re.match(rules.rules()["offices"], text[end:]))


def _in_agency(text: str, named: _Named, words: str) -> bool:
    """Return whether `words` (of the schema) behind a well-known name make it part of the name of an agency."""
    return named.kind in ("known", "movement") and bool(re.compile(rules.rules()[words]).match(text, named.end))


def _mention(page: Page, letters: _Letters, named: _Named, place: Place, *, fully: bool = True) -> Mention | None:
    first, last = letters.places[named.start], letters.places[named.end - 1] + 1
    glyphs = page.glyphs[first:last]
    printed = "".join(glyph.char for glyph in glyphs)
    name = "".join(printed.split())
    name = rules.bare(name) if named.known else rules.plain(named.prefix + name)
    if len(name) < _LEAST_LETTERS:
        return None
    campaign = rules.key(named.known.campaign if named.known else name)
    weak = bool(named.known and not named.known.strong)
    reading = min((glyph.confidence for glyph in glyphs if glyph.char.isalnum()), default=0.0)
    written = _is_written(page, first)
    evidence = Evidence.of(page, first, last)
    return Mention(campaign, name, named.kind, evidence, place, named.sure, reading, written, weak, fully)


def _is_written(page: Page, offset: int) -> bool:
    for start, line in zip(page.line_starts, page.lines, strict=True):
        if start <= offset < start + len(line.glyphs):
            return line.handwritten
    return False


def _named(text: str, *, in_title: bool) -> Iterator[_Named]:
    """Yield the campaigns that `text` (folded, no white space) names, in the order of the rules."""
    taken: set[int] = set()
    found: list[_Named] = []
    for pattern in rules.patterns():
        if not pattern.after_known:
            found += _by_pattern(text, pattern, taken, in_title)
    found += _by_known_name(text, taken)
    for pattern in rules.patterns():
        if pattern.after_known:
            found += _by_pattern(text, pattern, taken, in_title)
    yield from found


def _by_pattern(text: str, pattern: rules.Pattern, taken: set[int], in_title: bool) -> Iterator[_Named]:
    if pattern.title_only and not in_title:
        return
    for match in pattern.expression.finditer(text):
        start, end = match.span("name")
        # What one rule has named the next does not name again.
        if start == end or not taken.isdisjoint(range(start, end)):
            continue
        taken.update(range(start, end))
        if pattern.never.search(match["name"]):
            continue
        yield _Named(match["name"], pattern.kind, rules.prefix(pattern, match["name"]), start, end, pattern.sure)
        while pattern.prefix and (second := rules.another().match(text, end)):
            start, end = second.span("name")
            taken.update(range(start, end))
            yield _Named(second["name"], pattern.kind, pattern.prefix, start, end, pattern.sure)


def _by_known_name(text: str, taken: set[int]) -> Iterator[_Named]:
    places = [place for place, char in enumerate(text) if char not in rules.LOOSE]
    letters = "".join(text[place] for place in places)
    for match in rules.known_names().finditer(letters):
        start, end = places[match.start()], places[match.end() - 1] + 1
        known = rules.known()[match["known"] or match["short"]]
        if taken.isdisjoint(range(start, end)):
            taken.update(range(start, end))
            yield _Named(match[0], "known", "", start, end, 1.0, known)

"""What the page of an item says: its record, its text, and where on its sheets all that stands."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple

from archivist.describe.ink import ACCEPTED_FROM
from archivist.describe.numbers import parse as parse_number
from archivist.handles import handles
from archivist.language import gettext as _
from archivist.model import Box, CampaignLink, Decided, Document, Evidence, Field, Glyph, Item, Line, Page
from archivist.phrases import beginning, heard, how_sure, shown, sure, word
from archivist.search import query as queries
from archivist.search.marks import marks
from archivist.text import boxes, simplify
from archivist.web.sheets import Sheet, sheet_of

#: From here on nobody is asked whether an item begins at a page.
_CERTAIN = 0.9
#: Other readings of a character that are told, none less sure than the second.
_OTHERS, _LEAST = 3, 0.05
# So many times as high as wide, and a line of several characters runs down the page.
_DOWN = 1.5


class Hit(NamedTuple):
    """Characters `start` to `end` of page number `page` that answer a query; those at `misread` may be misread."""

    page: int
    start: int
    end: int
    misread: frozenset[int]


class Mark(NamedTuple):
    """Something that lies on a sheet: a hit, a value, a line; `boxes` are left, top, width, height in its pixels."""

    id: str
    kind: str
    boxes: list[list[int]]
    label: str


class Testimony(NamedTuple):
    """What another place on the paper says of a value, and why it speaks against it, "" where it does not."""

    mark: str
    place: str
    text: str
    raw: str
    page: int
    digits: str
    against: str


@dataclass(frozen=True, slots=True)
class Said:
    """A value, and all that speaks for it; `mark` is the identifier of its ink on the sheet of `page`.

    `raw` is what stands there, where that is something else; `parts` are the parts of a value that has some.
    """

    mark: str
    text: str
    parts: tuple[tuple[str, str], ...]
    raw: str
    page: int
    digits: str
    word: str
    status: str
    standing: str
    decided: Decided | None
    heard: tuple[Testimony, ...]
    authority: str


@dataclass(frozen=True, slots=True)
class Paper:
    """A document of the item: what it is, on which pages, and its values by what they are."""

    kind: str
    slip: bool
    form: str
    pages: tuple[int, ...]
    values: tuple[tuple[str, tuple[Said, ...]], ...]


@dataclass(frozen=True, slots=True)
class Membership:
    """That the item belongs to a campaign; each of `ink` is a mark, a page, and what stands there."""

    id: str
    name: str
    role: str
    digits: str
    word: str
    status: str
    standing: str
    decided: Decided | None
    ink: tuple[tuple[str, int, str], ...]


class Piece(NamedTuple):
    """Characters of a line of which the same is to be said; `doubt` says how one that is in doubt might read, else "".

    `hit` is the identifier of the hit that they are part of.
    """

    text: str
    hit: str
    misread: bool
    doubt: str


@dataclass(frozen=True, slots=True)
class Written:
    """A line as it is shown beside the sheet; `simplified` is "" where it is the same."""

    mark: str
    pieces: tuple[Piece, ...]
    simplified: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A page of the item as it is shown: its sheet, what lies on it, and its text."""

    number: int
    sheet: Sheet
    marks: tuple[Mark, ...]
    lines: tuple[Written, ...]
    seals: tuple[Written, ...]
    blank: bool
    digits: str
    word: str
    notes: tuple[str, ...]


def hits_of(item: Item, text: str) -> tuple[Hit, ...]:
    """Return what on the pages of `item` answers `text`, in page order; QueryError where it cannot be meant so.

    What stands there as typed, else what does if a character was misread. Of a page without its text nothing is found.
    """
    leaves = queries.parse(text, parse_number).leaves()
    found = marks(item, leaves) or marks(item, leaves, tolerant=True)
    hits: list[Hit] = []
    for mark in found:
        page = item.pages[mark.page].number
        misread = frozenset({mark.misread} - {-1})
        if hits and hits[-1].page == page and mark.start < hits[-1].end:
            last = hits.pop()
            hits.append(Hit(page, last.start, max(last.end, mark.end), last.misread | misread))
        else:
            hits.append(Hit(page, mark.start, mark.end, misread))
    return tuple(hits)


def papers_of(item: Item) -> tuple[Paper, ...]:
    """Return the documents of `item` with their values, in the order in which they were found."""
    names = {place: handle.partition(".")[2] for handle, place in handles(item).items()}
    by_place = {(place.document, place.position): name for place, name in names.items() if place.sort == "value"}
    return tuple(
        _paper(document, [by_place[number, position] for position in range(len(document.fields))])
        for number, document in enumerate(item.documents)
    )


def _paper(document: Document, names: Sequence[str]) -> Paper:
    found: dict[str, list[Said]] = {}
    for entry, name in zip(document.fields, names, strict=True):
        found.setdefault(entry.name, []).append(_said(entry, name))
    values = tuple((word(name), tuple(said)) for name, said in found.items())
    slip = document.kind == "circulation_slip"
    return Paper(word(document.kind), slip, document.form or "", document.pages, values)


def _said(entry: Field, name: str) -> Said:
    text = shown(entry.value)
    parts: tuple[tuple[str, str], ...] = ()
    if isinstance(entry.value, Mapping) and "agency_code" not in entry.value:
        said = ((key, part) for key, part in entry.value.items() if part not in (None, "", False))
        parts = tuple((word(key), _part(key, part)) for key, part in said)
    others = tuple(
        Testimony(f"v{name}-{turn}", place, shown(one.value), one.raw, one.page, sure(one.confidence), against)
        for turn, (one, place, against) in enumerate(heard(entry))
    )
    raw = "" if _bare(entry.raw) == _bare(text) else entry.raw
    return Said(
        f"v{name}", text, parts, raw, entry.evidence.page, sure(entry.confidence), how_sure(entry.confidence),
        entry.status, word(entry.status), entry.decided, others, entry.authority or "",
    )  # fmt: skip


def _part(key: str, part: Any) -> str:
    if part is True:
        return _("yes")
    return word(str(part)) if key == "kind" else shown(part)


def _bare(text: str) -> str:
    return "".join(text.split())


def memberships_of(item: Item) -> tuple[Membership, ...]:
    """Return the campaigns of `item`."""
    return tuple(
        Membership(
            link.id, link.name, word(link.role) if link.role != "other" else "", sure(link.confidence),
            how_sure(link.confidence), link.status, word(link.status), link.decided,
            tuple((f"c{at}-{turn}", ink.page, ink.text) for turn, ink in enumerate(link.evidence)),
        )
        for at, link in enumerate(item.campaigns)
    )  # fmt: skip


def beginnings_of(item: Item) -> tuple[tuple[str, str, int], ...]:
    """Return where `item` begins or another may begin within it, in words, how sure that is, and at which page."""
    told = (one for one in item.boundaries if one.page > 1 or one.confidence < _CERTAIN or one.decided)
    return tuple((beginning(one), sure(one.confidence), one.page) for one in told)


def leaf_of(item: Item, page: Page, hits: Sequence[Hit]) -> Leaf:
    """Return `page` of `item` as it is shown; `hits` are those of the whole item."""
    sheet = sheet_of(page)
    own = [(f"h{turn}", hit) for turn, hit in enumerate(hits) if hit.page == page.number]
    told = {at: (name, at in hit.misread) for name, hit in own for at in range(hit.start, hit.end)}
    offsets = {id(line): start for line, start in zip(page.lines, page.line_starts, strict=True)}
    lines, seals, placed = list[Written](), list[Written](), list[Mark]()
    for region in page.regions:
        for line in region.lines:
            apart = region.kind == "seal"
            mark = f"{'s' if apart else 'l'}{len(seals) if apart else len(lines)}"
            written = _written(line, mark, {} if apart else told, offsets.get(id(line), 0))
            (seals if apart else lines).append(written)
            placed.append(Mark(mark, "line", _on(sheet, [line.box]), line.text))
    values = list(_value_marks(item, page, sheet))
    found = [Mark(name, "hit", _on(sheet, boxes(page, hit.start, hit.end)), "") for name, hit in own]
    return Leaf(
        page.number, sheet, (*placed, *values, *found), tuple(lines), tuple(seals), page.blank,
        sure(page.confidence), how_sure(page.confidence), _notes(page),
    )  # fmt: skip


def _value_marks(item: Item, page: Page, sheet: Sheet) -> Iterator[Mark]:
    for handle, place in handles(item).items():
        name = handle.partition(".")[2]
        if place.sort == "value" and place.document is not None:
            entry = item.documents[place.document].fields[place.position]
            label = f"{word(entry.name)}: {shown(entry.value)}"
            if entry.evidence.page == page.number:
                kind = f"value {entry.status}"
                yield Mark(f"v{name}", kind, _on(sheet, _ink(page, entry.evidence)), label)
            for turn, one in enumerate(entry.witnesses):
                if one.page == page.number:
                    said = f"{word(entry.name)}: {shown(one.value)}"
                    yield Mark(f"v{name}-{turn}", "witness", _on(sheet, [one.box]), said)
    for at, link in enumerate(item.campaigns):
        yield from _link_marks(at, link, page, sheet)


def _link_marks(at: int, link: CampaignLink, page: Page, sheet: Sheet) -> Iterator[Mark]:
    for turn, ink in enumerate(link.evidence):
        if ink.page == page.number:
            yield Mark(f"c{at}-{turn}", f"campaign {link.status}", _on(sheet, _ink(page, ink)), link.name)


def _ink(page: Page, ink: Evidence) -> list[Box]:
    """Return the boxes of what proves a value, one a line where it is running text."""
    if ink.start < ink.end and page.running_text[ink.start : ink.end] == ink.text:
        return boxes(page, ink.start, ink.end)
    return [ink.box]


def _on(sheet: Sheet, found: Iterable[Box]) -> list[list[int]]:
    placed = (sheet.place(box) for box in found)
    return [[int(box.left), int(box.top), int(box.width), int(box.height)] for box in placed]


def _written(line: Line, mark: str, told: Mapping[int, tuple[str, bool]], offset: int) -> Written:
    said = [(*told.get(offset + at, ("", False)), _doubt(glyph)) for at, glyph in enumerate(line.glyphs)]
    pieces = []
    for about, run in groupby(range(len(said)), key=lambda at: said[at] if not said[at][2] else (*said[at], at)):
        pieces.append(Piece("".join(line.glyphs[at].char for at in run), about[0], about[1], about[2]))
    simplified = simplify(line.text)
    notes = [_("vertical")] if _vertical(line) else []
    notes += [_("handwritten")] if line.handwritten else []
    notes += [_("read by a person")] if line.method == "person" else []
    return Written(mark, tuple(pieces), "" if simplified == line.text else simplified, tuple(notes))


def _doubt(glyph: Glyph) -> str:
    """Return how a character that is in doubt might read, with how sure each reading is."""
    if glyph.confidence >= ACCEPTED_FROM:
        return ""
    likely = (other for other in glyph.alternatives if other.confidence >= _LEAST and other.char.strip())
    others = sorted(likely, key=lambda other: -other.confidence)[:_OTHERS]
    readings = [(glyph.char, glyph.confidence), *((one.char, one.confidence) for one in others)]
    return " · ".join(f"{char} {sure(confidence)}" for char, confidence in readings)


def _vertical(line: Line) -> bool:
    return len(line.glyphs) > 1 and line.box.height > _DOWN * line.box.width


def _notes(page: Page) -> tuple[str, ...]:
    notes = []
    down = sum(len(line.glyphs) for line in page.lines if _vertical(line))
    if 2 * down > len(page.glyphs) > 0:
        notes.append(_("the text runs down the page, from right to left"))
    if page.rotation:
        notes.append(_("turned upright by {degrees}° for reading").format(degrees=page.rotation))
    return tuple(notes)


def counted(hits: Iterable[Hit]) -> dict[int, int]:
    """Return on which pages how many hits stand."""
    found: dict[int, int] = {}
    for hit in hits:
        found[hit.page] = found.get(hit.page, 0) + 1
    return found


def kinds_of(item: Item) -> dict[int, str]:
    """Return what begins at which page of `item`."""
    return {document.pages[0]: word(document.kind) for document in item.documents if document.pages}


def marks_for_scripts(leaf: Leaf, name: str) -> dict[str, Any]:
    """Return what the viewer is told of `leaf` of the item called `name`."""
    return {
        "number": leaf.number,
        "source": f"/iiif/{name}/{leaf.number}/info.json",
        "width": leaf.sheet.width,
        "height": leaf.sheet.height,
        "marks": [mark._asdict() for mark in leaf.marks],
    }


def cited_titles(field: Field) -> tuple[str, str]:
    """Return title and number of what a citation cites, "" where it does not say."""
    said = field.value if isinstance(field.value, Mapping) else {}
    return str(said.get("title") or field.raw), shown(said["document_number"]) if said.get("document_number") else ""


def marks_of(item: Item) -> dict[int, str]:
    """Return the identifier of the ink of each field of `item`, by the `id` of the field."""
    return {
        id(item.documents[place.document].fields[place.position]): f"v{handle.partition('.')[2]}"
        for handle, place in handles(item).items()
        if place.sort == "value" and place.document is not None
    }

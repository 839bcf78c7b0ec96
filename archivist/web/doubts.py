"""What waits for a person, as it is put before them: the ink, what was read there, why it is in doubt."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, cast

from archivist.access import MaySee, open_to
from archivist.alike import ItemPair
from archivist.archive import Archive
from archivist.catalog import PoorPage, Waiting
from archivist.definitions import load
from archivist.language import gettext as _
from archivist.model import Boundary, Box, CampaignLink, Field, Item, Line, Page
from archivist.phrases import Heard, heard, phrase, shown, sure
from archivist.web.ink import Cutting, ink_of, strip, surroundings, whole, writing_of
from archivist.web.readings import Choice, Input, Letter, choices_of, inputs_of, letters_of

Sort: TypeAlias = Literal["value", "link", "boundary", "page", "pair"]
SORTS: tuple[Sort, ...] = ("value", "link", "boundary", "page", "pair")
# How much of the page before and of the page itself is shown where one item may end and the next begin.
_END, _BEGINNING = 0.45, 0.55
# Letters less sure than this are named as a reason, so many at most.
_UNSURE, _REASONS = 0.9, 3


@dataclass(frozen=True, slots=True)
class Testimony:
    """What another place on the paper says; `against` says why it speaks against the value, if it does."""

    place: str
    value: str
    raw: str
    page: int
    against: str
    sure: str
    ink: Cutting


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something to decide about: which item, what it is called by, how sure the machine is, and why no more.

    `handle` names it to the desk; of a page that hardly reads and of two items it begins with `page:` or `pair:`.
    """

    sort: Sort
    handle: str
    item: str
    title: str
    page: int
    sure: str
    why: tuple[str, ...]
    what: "Misread | Member | Beginning | Poor | Twice"

    @property
    def items(self) -> tuple[str, ...]:
        """The items of which it tells: that of which the doubt is, and whose ink is put beside it."""
        if isinstance(self.what, Twice):
            return self.item, self.what.other
        before = self.what.before if isinstance(self.what, Beginning) else None
        return (self.item, before.item) if before else (self.item,)


@dataclass(frozen=True, slots=True)
class Misread:
    """A value that may be misread."""

    kind: str
    field: str
    value: str
    raw: str
    letters: tuple[Letter, ...]
    readers: tuple[str, ...]
    inputs: tuple[Input, ...]
    choices: tuple[Choice, ...]
    heard: tuple[Testimony, ...]
    ink: Cutting
    around: Cutting
    sheet: Cutting


@dataclass(frozen=True, slots=True)
class Member:
    """A campaign that an item may belong to, and each ink that says so with its words."""

    campaign: str
    role: str
    inks: tuple[tuple[Cutting, str], ...]


@dataclass(frozen=True, slots=True)
class Beginning:
    """A page at which an item may begin; `before` is None where no page lies before it that the visitor may see.

    `drawn` says that the line is drawn there now; `first` that there is nothing before it to join it to.
    """

    drawn: bool
    first: bool
    before: Cutting | None
    behind: Cutting


@dataclass(frozen=True, slots=True)
class Poor:
    """A page that hardly reads."""

    scan: str
    sheet: Cutting


@dataclass(frozen=True, slots=True)
class Twice:
    """Two items that may be the same paper; each pair of pages with what tells them apart, in words."""

    other: str
    titles: tuple[str, str]
    pages: tuple[tuple[Cutting, Cutting, tuple[tuple[str, str, str], ...]], ...]


def doubts_of(archive: Archive, waiting: Sequence[Waiting], may_see: MaySee) -> list[Doubt]:
    """Return these as they are put before somebody; what is not open to them, or gone by now, is left out."""
    items = _opened(archive, [(one.item_id, _pages(one)) for one in waiting])
    found: list[Doubt] = []
    for one in waiting:
        item = items.get(one.item_id)
        if item is None or not open_to(item, may_see):
            continue
        numbers = {page.number for page in item.pages}
        if one.sort == "value":
            field = cast("Field", one.what)
            if field.evidence.page in numbers:
                found.append(_value(item, one, field))
        elif one.sort == "link":
            found.append(_link(item, one, cast("CampaignLink", one.what)))
        elif cast("Boundary", one.what).page in numbers:
            found.append(_beginning(archive, item, one, cast("Boundary", one.what), may_see))
    return found


def poor_doubts(archive: Archive, pages: Sequence[PoorPage], may_see: MaySee) -> list[Doubt]:
    """Return pages that hardly read as they are put before somebody."""
    items = _opened(archive, [(one.item_id, {one.number}) for one in pages])
    found: list[Doubt] = []
    for one in pages:
        item = items.get(one.item_id)
        page = _page(item, one.number) if item and open_to(item, may_see) else None
        if item and page:
            why = _("{sure} of 1 on average, over all its characters").format(sure=sure(one.confidence))
            handle = f"page:{item.id}:{page.number}"
            what = Poor(one.scan, whole(item.id, page))
            found.append(Doubt("page", handle, item.id, item.title, page.number, sure(one.confidence), (why,), what))
    return found


def pair_doubts(archive: Archive, pairs: Iterable[ItemPair], may_see: MaySee) -> list[Doubt]:
    """Return pairs of items that may be the same paper as they are put before somebody; both are open to them."""
    found: list[Doubt] = []
    for pair in pairs:
        items = {item.id: item for item in archive.catalog.items([pair.one, pair.other])}
        one, other = items.get(pair.one), items.get(pair.other)
        if one is None or other is None or not (open_to(one, may_see) and open_to(other, may_see)):
            continue
        found.append(_pair(pair, one, other))
    return found


def _opened(archive: Archive, wanted: Iterable[tuple[str, set[int]]]) -> dict[str, Item]:
    """Return items by their identifiers, with these of their pages whole, and the others as a list has them."""
    numbers: dict[str, set[int]] = {}
    for name, pages in wanted:
        numbers.setdefault(name, set()).update(pages)
    catalog, found = archive.catalog, dict[str, Item]()
    for item in catalog.listed(numbers):
        wanted_here = numbers[item.id]
        sheets = (catalog.page_of(item.id, one.number) if one.number in wanted_here else one for one in item.pages)
        found[item.id] = replace(item, pages=tuple(sheets))
    return found


def _pages(one: Waiting) -> set[int]:
    """Return the numbers of the pages on which the ink stands that is shown."""
    if one.sort == "value":
        field = cast("Field", one.what)
        return {field.evidence.page, *(witness.page for witness in field.witnesses)}
    if one.sort == "link":
        return {ink.page for ink in cast("CampaignLink", one.what).evidence}
    return {cast("Boundary", one.what).page}


def _value(item: Item, one: Waiting, field: Field) -> Doubt:
    page, ink = item.page(field.evidence.page), field.evidence
    kind = one.document_kind or "other"
    lines = _lines(page, ink.start, ink.end)
    high = _height(lines)
    letters = letters_of(page, ink)
    others = tuple(heard(field))
    boxes = _runs(page, ink.start, ink.end) or [ink.box]
    what = Misread(
        kind=kind,
        field=field.name,
        value=shown(field.value),
        raw=field.raw,
        letters=letters,
        readers=tuple(dict.fromkeys(line.method for line in lines)),
        inputs=inputs_of(field.value),
        choices=choices_of(field, kind, letters, [entry.witness for entry in others]),
        heard=tuple(_testimonies(item, others)),
        ink=ink_of(item.id, page, boxes, high),
        around=surroundings(item.id, page, boxes, high),
        sheet=whole(item.id, page, boxes),
    )
    why = [*_unsure(letters), *_against(others)]
    if any(line.handwritten for line in lines):
        why.append(_("written by hand"))
    return _doubt(one, item, page.number, why or [_("not sure enough as a whole")], what)


def _testimonies(item: Item, others: Iterable[Heard]) -> Iterator[Testimony]:
    for witness, place, against in others:
        page = _page(item, witness.page)
        if page is not None:
            cut = ink_of(item.id, page, [witness.box])
            how = sure(witness.confidence)
            yield Testimony(place, shown(witness.value), witness.raw, witness.page, against, how, cut)


def _against(others: Iterable[Heard]) -> Iterator[str]:
    for witness, place, against in others:
        if against:
            text = _("{place} says {value}: {reason}")
            yield text.format(place=place, value=shown(witness.value), reason=against)


def _unsure(letters: Sequence[Letter]) -> Iterator[str]:
    doubtful = sorted((one for one in letters if one.confidence < _UNSURE), key=lambda one: one.confidence)
    for one in doubtful[:_REASONS]:
        yield _("“{char}” is read with a sureness of {sure} only").format(char=one.char, sure=one.sure)


def _link(item: Item, one: Waiting, link: CampaignLink) -> Doubt:
    inks = []
    for evidence in link.evidence:
        page = _page(item, evidence.page)
        if page is not None:
            boxes = _runs(page, evidence.start, evidence.end) or [evidence.box]
            high = _height(_lines(page, evidence.start, evidence.end))
            inks.append((surroundings(item.id, page, boxes, high), evidence.text))
    number = link.evidence[0].page if link.evidence else 1
    why = [_("the words do not name the campaign in full, or not surely")]
    return _doubt(one, item, number, why, Member(link.name, link.role, tuple(inks)))


def _beginning(archive: Archive, item: Item, one: Waiting, boundary: Boundary, may_see: MaySee) -> Doubt:
    signs = load("schemas/boundaries.yaml")["signs"]
    why = [phrase(signs[reason]) for reason in boundary.reasons if reason in signs]
    page = item.page(boundary.page)
    before = _page_before(archive, item, page, may_see)
    drawn = page is item.pages[0]
    what = Beginning(
        drawn=drawn,
        first=drawn and item.begins_at == 1,
        before=strip(*before, 1 - _END, 1) if before else None,
        behind=strip(item.id, page, 0, _BEGINNING),
    )
    return _doubt(one, item, page.number, why, what)


def _doubt(one: Waiting, item: Item, page: int, why: Iterable[str], what: Misread | Member | Beginning) -> Doubt:
    return Doubt(one.sort, one.handle, item.id, item.title, page, sure(one.what.confidence), tuple(why), what)


def _page_before(archive: Archive, item: Item, page: Page, may_see: MaySee) -> tuple[str, Page] | None:
    position = item.pages.index(page)
    if position:
        return item.id, archive.catalog.page_of(item.id, item.pages[position - 1].number)
    names = [name for name, _places in archive.catalog.items_of(item.source)]
    for other in archive.catalog.listed(names):
        if other.pages and other.begins_at + len(other.pages) == item.begins_at and open_to(other, may_see):
            return other.id, archive.catalog.page_of(other.id, other.pages[-1].number)
    return None


def _pair(pair: ItemPair, one: Item, other: Item) -> Doubt:
    words = load("schemas/likeness.yaml")["differences"]
    pages = []
    for matched in pair.pages:
        here, there = _page(one, matched.one), _page(other, matched.other)
        if here and there:
            differences = tuple((phrase(words[said.what]), said.here, said.there) for said in matched.alike.differences)
            pages.append((whole(one.id, here), whole(other.id, there), differences))
    kinds = {"rescan": _("the same sheets scanned again, as it seems"), "copy": _("another copy, as it seems")}
    what = Twice(other.id, (one.title, other.title), tuple(pages))
    return Doubt("pair", f"pair:{one.id}:{other.id}", one.id, one.title, 1, sure(pair.score), (kinds[pair.kind],), what)


def _page(item: Item, number: int) -> Page | None:
    return next((page for page in item.pages if page.number == number), None)


def _lines(page: Page, start: int, end: int) -> list[Line]:
    starts: Mapping[int, Line] = dict(zip(page.line_starts, page.lines, strict=True))
    return [line for at, line in starts.items() if at < end and at + len(line.glyphs) > start]


def _runs(page: Page, start: int, end: int) -> list[Box]:
    """Return a box for each line that characters `start` to `end` of `page` stand in."""
    boxes = []
    for at, line in zip(page.line_starts, page.lines, strict=True):
        glyphs = line.glyphs[max(0, start - at) : max(0, end - at)]
        if glyphs:
            boxes.append(Box.around(glyph.box for glyph in glyphs))
    return boxes


def _height(lines: Sequence[Line]) -> float:
    """Return how high the writing of these lines is: of vertical ones, how wide."""
    return max((writing_of(line) for line in lines), default=0.0)

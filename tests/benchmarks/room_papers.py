"""An archive of made papers for a reading room: items with pages whose every character has its box, some with scans."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import sha256
from itertools import islice
from pathlib import Path

from PIL import Image, ImageDraw

from archivist.archive import Archive
from archivist.model import (
    Alternative,
    Box,
    CampaignLink,
    Document,
    Evidence,
    Field,
    Glyph,
    Item,
    Line,
    Page,
    Region,
    Scan,
    Value,
)
from archivist.search.document import SearchDocument
from archivist.settings import Settings
from tests.benchmarks.search_papers import Made

#: Pixels of a page of A4 at 300 dpi, of a character, and characters on a line.
_WIDTH, _HEIGHT, _SIZE, _LINE = 2480, 3508, 56, 32
_LEFT, _TOP = 300, 300
_BATCH = 250
#: So many items have scans that can be looked at; they take half a second each to make.
PICTURED = 20


def made(folder: Path, count: int) -> Sequence[SearchDocument]:
    """Make the archive of `count` items in `folder` unless it is there, and return the papers it is made of."""
    papers = Made(count)
    if not (folder / "catalogue.db").exists():
        with Archive(Settings(folder=folder), create=True) as archive:
            items = (_pictured(archive, item) if n < PICTURED else item for n, item in enumerate(_items(papers)))
            while batch := list(islice(items, _BATCH)):
                archive.catalog.save_items(batch, "bench")
            archive.reindex()
    return papers


def _items(papers: Sequence[SearchDocument]) -> Iterator[Item]:
    for number in range(len(papers)):
        yield item_of(papers[number])


def item_of(paper: SearchDocument) -> Item:
    """Return a paper as an item: what is known of it stands on its first page, in its last lines."""
    said = [text for text in (*paper.agencies, *paper.numbers, paper.genre, paper.date, *paper.campaigns) if text]
    pages = tuple(_page(paper, number, text) for number, text in enumerate(paper.pages, 1))
    first = replace(pages[0], regions=(*pages[0].regions, Region("body", _sheet(), tuple(_lines(said, 48)))))
    status = {"review": "review", "verified": "verified"}.get(paper.state, "accepted")

    def field(name: str, raw: str, value: Value = None) -> Field:
        return Field(name, raw if value is None else value, raw, _ink(first, raw), 0.97, "rule", "accepted")

    code, _, rest = paper.numbers[0].partition("〔")
    year, _, order = rest.removesuffix("号").partition("〕")
    number: dict[str, Value] = {"text": paper.numbers[0], "agency_code": code, "year": int(year), "number": int(order)}
    fields = [field("document_number", paper.numbers[0], number), field("title", said[0], paper.title)]
    fields += [field("issuing_agency", agency) for agency in paper.agencies]
    if paper.genre:
        fields.append(replace(field("genre", paper.genre), status=status))  # type: ignore[arg-type]
    if paper.date:
        fields.append(field("date_of_issue", paper.date))
    documents = [Document("circulation_slip", (1,), form, ()) for form in paper.forms]
    documents.append(Document("issued_document", tuple(range(1, len(pages) + 1)), None, tuple(fields)))
    links = tuple(CampaignLink(name, name, 0.9, (_ink(first, name),), "notice") for name in paper.campaigns)
    whole = (first, *pages[1:])
    return Item(paper.id, paper.title, whole, tuple(documents), links, paper.reference_code, f"box {paper.id[:4]}")


def _page(paper: SearchDocument, number: int, text: str) -> Page:
    name = f"{paper.id}-{number}.png"
    scan = Scan(name, sha256(name.encode()).hexdigest(), 0, _WIDTH, _HEIGHT, 300.0, "image/png")
    lines = tuple(_lines([text[at : at + _LINE] for at in range(0, len(text), _LINE)], 0, paper.id))
    return Page(number, scan, (Region("body", _sheet(), lines),), 0, False)


def _lines(texts: Sequence[str], below: int, doubted: str = "") -> Iterator[Line]:
    for row, text in enumerate(texts, below):
        top = _TOP + row * _SIZE
        boxes = [Box(_LEFT + at * _SIZE, top, _LEFT + (at + 1) * _SIZE, top + _SIZE) for at in range(len(text))]
        glyphs = [Glyph(char, box, 0.98) for char, box in zip(text, boxes, strict=True)]
        if doubted and glyphs and not row % 7:
            # Of every so-manieth line a character is doubtful, as it is on worn papers.
            at = int(doubted) % len(glyphs)
            glyphs[at] = replace(glyphs[at], confidence=0.6, alternatives=(Alternative("科", 0.3),))
        yield Line(tuple(glyphs), Box.around(boxes), "rapidocr")


def _sheet() -> Box:
    return Box(0, 0, _WIDTH, _HEIGHT)


def _ink(page: Page, raw: str) -> Evidence:
    start = page.running_text.index(raw)
    return Evidence.of(page, start, start + len(raw))


def _pictured(archive: Archive, item: Item) -> Item:
    pages = []
    for page in item.pages:
        image = Image.new("L", (_WIDTH, _HEIGHT), 250)
        draw = ImageDraw.Draw(image)
        for glyph in page.glyphs:
            left, top, right, bottom = glyph.box
            draw.rectangle([left + 6, top + 6, right - 6, bottom - 6], fill=40 + ord(glyph.char) % 90)
        kept = io.BytesIO()
        image.save(kept, "PNG", dpi=(300, 300))
        digest = archive.store.put(kept.getvalue())
        archive.catalog.save_scan(digest, page.scan.name, len(kept.getvalue()), "image/png", 1, item.source)
        pages.append(replace(page, scan=replace(page.scan, sha256=digest)))
    return replace(item, pages=tuple(pages))

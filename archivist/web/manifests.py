"""An item as viewers of other makers take it: a manifest (IIIF Presentation API 3.0), its text, and hits in that."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date as Date
from typing import Any, TypeAlias
from urllib.parse import quote, urlencode

from archivist.access import OPEN, access_of
from archivist.definitions import load
from archivist.describe.numbers import parse as parse_number
from archivist.export.elements import statements
from archivist.language import gettext, speaking
from archivist.model import Box, Document, Item, Page
from archivist.phrases import dated
from archivist.search import query as queries
from archivist.search.marks import marks
from archivist.vocabulary import N_
from archivist.web.cuts import cut_asked
from archivist.web.pages import LANGUAGES
from archivist.web.sheets import Sheet, sheet_of

Json: TypeAlias = dict[str, Any]

PRESENTATION = "http://iiif.io/api/presentation/3/context.json"
SEARCH = "http://iiif.io/api/search/2/context.json"
#: Elements of description that are said in another place of a manifest.
_ELSEWHERE = frozenset({"著录层级", "载体形态"})
#: Hits on one page of the answer, and characters of the text shown to either side of one.
_HITS, _AROUND = 100, 30
#: How a thumbnail is asked for.
_THUMBNAIL = "!160,220"
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2}))?(?:-([0-9]{2}))?")


def place(base: str, item: str, *parts: object) -> str:
    """Return the address of something of an item; `base` is that of the reading room, without a slash at its end."""
    return "/".join([base, "iiif", quote(item, safe=""), *map(str, parts)])


def manifest(item: Item, base: str) -> Json:
    """Return the manifest of `item` as the reading room at `base` serves it."""
    own = place(base, item.id)
    room = f"{base}/items/{quote(item.id, safe='')}"
    level = access_of(item)
    said: Json = {
        "@context": PRESENTATION,
        "id": f"{own}/manifest.json",
        "type": "Manifest",
        "label": {"zh": [item.title or item.id]},
        "metadata": [*_metadata(item)],
        "behavior": ["paged"],
        "viewingDirection": "left-to-right",
        "homepage": [_linked(room, "Text", "text/html", N_("In the reading room"))],
        "rendering": [
            _linked(f"{room}/download/pdf", "Text", "application/pdf", N_("PDF that can be searched")),
            _linked(f"{room}/download/text", "Text", "text/plain", N_("Text as read")),
            _linked(f"{room}/download/original", *_originals(item), N_("Scans as they came")),
            _linked(f"{room}/download/metadata", "Dataset", "application/json", N_("Record")),
        ],
        "seeAlso": [
            _linked(f"{base}/api/items/{quote(item.id, safe='')}", "Dataset", "application/json", N_("Record")),
        ],
        "service": [{"id": f"{own}/search", "type": "SearchService2"}],
        "items": [_canvas(item.id, page, base) for page in item.pages],
    }
    if level != OPEN:
        said["requiredStatement"] = {"label": _both(N_("Access")), "value": _both(level)}
    if day := _day(dated(item)):
        said["navDate"] = day
    if item.pages:
        said["thumbnail"] = said["items"][0]["thumbnail"]
    if item.documents:
        said["structures"] = [_contents(item, base)]
    return said


def annotations(item: Item, page: Page, base: str) -> Json:
    """Return the lines of `page` as they are read, each with its place on the sheet."""
    sheet, own = sheet_of(page), place(base, item.id, page.number)
    lines = [
        _annotation(f"{own}/lines/{number}", line.text, f"{own}/canvas", sheet.place(line.box))
        for number, line in enumerate(page.lines, 1)
        if line.text
    ]
    return {"@context": PRESENTATION, "id": f"{own}/annotations.json", "type": "AnnotationPage", "items": lines}


def hits(item: Item, base: str, text: str, number: int, ignored: Sequence[str]) -> Json:
    """Return part `number` (from 1) of what answers `text` on the pages of `item` (IIIF Content Search API 2.0).

    Words are found as the search finds them, in either script, misread where they stand nowhere else; of an empty
    `text` every line is an answer. Raises QueryError where it cannot be meant so.
    """
    found = _found(item, text)
    parts = max((len(found) + _HITS - 1) // _HITS, 1)
    number = min(max(number, 1), parts)
    shown = found[(number - 1) * _HITS : number * _HITS]
    own = place(base, item.id)

    def part(which: int) -> Json:
        page = {"page": str(which)} if which > 1 else {}
        return {"id": f"{own}/search?{urlencode({'q': text, **page})}", "type": "AnnotationPage"}

    pieces = [[*_pieces(item, hit, base)] for hit in shown]
    unique = {piece["id"]: piece for hit in pieces for piece in hit}
    said = {"@context": SEARCH, **part(number), "items": [*unique.values()]}
    if ignored:
        said["ignored"] = [*ignored]
    if text and shown:
        matches = [_match(item, hit, pieces, base) for hit, pieces in zip(shown, pieces, strict=True)]
        of = f"{own}/matches?{urlencode({'q': text, 'page': str(number)})}"
        said["annotations"] = [{"id": of, "type": "AnnotationPage", "items": matches}]
    if parts > 1:
        counted = [len([*_spans(item, hit)]) for hit in found]
        said["startIndex"] = sum(counted[: (number - 1) * _HITS])
        said["partOf"] = {
            "id": f"{own}/hits?{urlencode({'q': text})}", "type": "AnnotationCollection", "total": sum(counted),
            "first": part(1), "last": part(parts),
        }  # fmt: skip
        if number > 1:
            said["prev"] = part(number - 1)
        if number < parts:
            said["next"] = part(number + 1)
    return said


@dataclass(frozen=True, slots=True, order=True)
class _Hit:
    """Characters `start` to `end` of the page at `place` (from 0) of an item."""

    place: int
    start: int
    end: int


def _found(item: Item, text: str) -> list[_Hit]:
    if text:
        leaves = queries.parse(text, parse_number).leaves()
        spans = ((mark.page, mark.start, mark.end) for mark in marks(item, leaves, tolerant=True))
        return sorted({_Hit(*span) for span in spans})
    return [
        _Hit(at, start, start + len(line.glyphs))
        for at, page in enumerate(item.pages)
        for start, line in zip(page.line_starts, page.lines, strict=True)
        if line.glyphs
    ]


def _spans(item: Item, hit: _Hit) -> Iterator[tuple[int, int]]:
    """Yield what of a hit stands in each line."""
    page = item.pages[hit.place]
    for first, line in zip(page.line_starts, page.lines, strict=True):
        start, end = max(hit.start, first), min(hit.end, first + len(line.glyphs))
        if start < end:
            yield start, end


def _pieces(item: Item, hit: _Hit, base: str) -> Iterator[Json]:
    page = item.pages[hit.place]
    sheet, own = sheet_of(page), place(base, item.id, page.number)
    for start, end in _spans(item, hit):
        box = Box.around(glyph.box for glyph in page.glyphs[start:end])
        text = page.running_text[start:end]
        yield _annotation(f"{own}/text/{start}-{end}", text, f"{own}/canvas", sheet.place(box))


def _match(item: Item, hit: _Hit, pieces: Sequence[Json], base: str) -> Json:
    """Return what stands around a hit, that over several lines being one match in all of them."""
    page = item.pages[hit.place]
    targets = []
    for (start, end), piece in zip(_spans(item, hit), pieces, strict=True):
        before, after = page.running_text[max(start - _AROUND, 0) : start], page.running_text[end : end + _AROUND]
        quoted = {"prefix": before, "exact": page.running_text[start:end], "suffix": after}
        selector = {"type": "TextQuoteSelector"} | {name: words for name, words in quoted.items() if words}
        targets.append({"type": "SpecificResource", "source": piece["id"], "selector": [selector]})
    return {
        "id": place(base, item.id, page.number, "matches", f"{hit.start}-{hit.end}"),
        "type": "Annotation",
        "motivation": "contextualizing",
        "target": targets[0] if len(targets) == 1 else targets,
    }


def _annotation(name: str, text: str, canvas: str, box: Box) -> Json:
    corner = f"{int(box.left)},{int(box.top)},{int(box.width)},{int(box.height)}"
    return {
        "id": name,
        "type": "Annotation",
        "motivation": "supplementing",
        "body": {"type": "TextualBody", "value": text, "format": "text/plain", "language": "zh"},
        "target": f"{canvas}#xywh={corner}",
    }


def _canvas(item: str, page: Page, base: str) -> Json:
    sheet, own = sheet_of(page), place(base, item, page.number)
    return {
        "id": f"{own}/canvas",
        "type": "Canvas",
        "label": _numbered(page.number),
        "width": sheet.width,
        "height": sheet.height,
        "thumbnail": [_image(own, sheet, _THUMBNAIL)],
        "items": [
            {
                "id": f"{own}/painting",
                "type": "AnnotationPage",
                "items": [
                    {
                        "id": f"{own}/painting/image",
                        "type": "Annotation",
                        "motivation": "painting",
                        "body": _image(own, sheet, "max"),
                        "target": f"{own}/canvas",
                    }
                ],
            }
        ],
        "annotations": [
            {"id": f"{own}/annotations.json", "type": "AnnotationPage", "label": _both(N_("Text as read"))},
        ],
    }


def _image(own: str, sheet: Sheet, size: str) -> Json:
    cut = cut_asked((sheet.width, sheet.height), "full", size, "0", "default", "jpg")
    return {
        "id": f"{own}/{cut.path}",
        "type": "Image",
        "format": "image/jpeg",
        "width": cut.width,
        "height": cut.height,
        "service": [{"id": own, "type": "ImageService3", "profile": "level2"}],
    }


def _contents(item: Item, base: str) -> Json:
    """Return the documents of an item, in its order: the slip lies on top."""
    own = place(base, item.id)
    held = {page.number for page in item.pages}
    parts = []
    for number, document in enumerate(item.documents, 1):
        canvases = [{"id": f"{own}/{page}/canvas", "type": "Canvas"} for page in document.pages if page in held]
        if canvases:
            said = {"id": f"{own}/documents/{number}", "type": "Range", "label": _kind(document), "items": canvases}
            parts.append(said)
    whole = {"id": f"{own}/documents", "type": "Range", "label": _both(N_("Documents"))}
    return whole | {"items": parts or [{"id": f"{own}/{page}/canvas", "type": "Canvas"} for page in sorted(held)]}


def _kind(document: Document) -> Json:
    label = _both(document.kind)
    return label if not document.form else {name: [f"{words[0]} · {document.form}"] for name, words in label.items()}


def _metadata(item: Item) -> Iterator[Json]:
    elements: Json = load("schemas/crosswalk.yaml")["elements"]
    for name, rule in elements.items():
        values = [] if name in _ELSEWHERE else [statement.text for statement in statements(item, name)]
        if values:
            english = rule["english"].partition(";")[0]
            label = {"zh": [name], "en": [english[:1].upper() + english[1:]]}
            yield {"label": label, "value": {"none": [*dict.fromkeys(values)]}}


def _originals(item: Item) -> tuple[str, str]:
    """Return what the scans of an item are, together: the one of them, or a bundle of all."""
    kinds = {page.scan.sha256: page.scan.media_type for page in item.pages}
    if len(kinds) != 1:
        return "Dataset", "application/zip"
    (kind,) = kinds.values()
    return "Image" if kind.startswith("image/") else "Text", kind


def _linked(address: str, kind: str, format: str, label: str) -> Json:
    return {"id": address, "type": kind, "format": format, "label": _both(label)}


def _numbered(number: int) -> Json:
    return _both(N_("p. {number}"), number=number)


def _both(text: str, **said: object) -> Json:
    """Return `text`, or the words for a name of the records, in every language of the room."""
    labels = {}
    for language in LANGUAGES:
        with speaking(language):
            labels[language] = [gettext(text).format(**said)]
    # A name that no catalogue of messages knows is English but for how its words are joined.
    labels["en"] = [labels["en"][0].replace("_", " ")]
    return labels


def _day(date: str) -> str:
    """Return a date (YYYY, YYYY-MM, YYYY-MM-DD) as a moment, "" where it is none."""
    found = _DATE.fullmatch(date)
    try:
        day = Date(*(int(part or 1) for part in found.groups())) if found else None
    except ValueError:
        day = None
    return f"{day.isoformat()}T00:00:00Z" if day else ""

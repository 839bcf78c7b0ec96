"""Pages as the catalogue keeps them: one compressed run of bytes that gives back exactly the same values."""

import json
import zlib
from collections.abc import Sequence
from dataclasses import astuple, replace
from itertools import chain, islice
from typing import Any

from archivist.errors import ArchivistError
from archivist.language import gettext as _
from archivist.model import Alternative, Box, Glyph, Line, Page, Region, Scan, Step

# Written into every record, so that a later version knows how an earlier one laid it out.
_LAYOUT = 2


class DamagedReading(ArchivistError, ValueError):
    """What was read of a page is kept, but its bytes have changed."""


def pack(pages: Sequence[Page]) -> bytes:
    """Return the pages of one scan as bytes for `unpack`, without numbers: a reading may stand in several items."""
    record = {"layout": _LAYOUT, "pages": [_record(page) for page in pages]}
    return zlib.compress(json.dumps(record, separators=(",", ":")).encode("ascii"))


def unpack(data: bytes) -> tuple[Page, ...]:
    """Return the pages that `pack` made `data` of, each as page 1.

    Raises ValueError where the bytes are damaged or were written by a version of archivist newer than this.
    """
    try:
        return tuple(map(_page, records(zlib.decompress(data))))
    except (zlib.error, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"the bytes of a page are damaged: {error}") from error


def records(text: bytes) -> list[Any]:
    """Return what is said of each page in `text`, which a reading was packed of; ValueError where it is newer."""
    record = json.loads(text)
    if record["layout"] > _LAYOUT:
        raise ValueError(f"layout {record['layout']} of a page is newer than this version of archivist")
    # Layout 1 held a single page.
    return list(record.get("pages", [record]))


def reopen(data: bytes, scan: str, place: int) -> tuple[Page, ...]:
    """Return what `unpack` does of page `place` (from 0) of a scan; DamagedReading, naming both, where it cannot."""
    try:
        return unpack(data)
    except ValueError as error:
        raise damaged(scan, place, error) from error


def damaged(scan: str, place: int, reason: Exception) -> DamagedReading:
    """Return what is raised where the reading of page `place` (from 0) of a scan is not as it was kept."""
    text = _("what was read of page {page} of {scan} is damaged ({reason}); `archivist verify` has it read again")
    return DamagedReading(text.format(page=place + 1, scan=scan, reason=reason))


def _record(page: Page) -> dict[str, Any]:
    lines = [line for region in page.regions for line in region.lines]
    glyphs = [glyph for line in lines for glyph in line.glyphs]
    scan = page.scan
    return {
        "scan": list(astuple(scan)),
        "rotation": page.rotation,
        "blank": page.blank,
        "look": page.look,
        "steps": [[step.stage, step.what] for step in page.steps],
        "regions": [
            [*r.box, r.kind, len(r.lines), r.table, r.row, r.column, r.rows, r.columns, r.crop] for r in page.regions
        ],
        "lines": [[*line.box, len(line.glyphs), line.method, line.handwritten] for line in lines],
        "chars": _joined([glyph.char for glyph in glyphs]),
        "boxes": list(chain.from_iterable(glyph.box for glyph in glyphs)),
        "confidences": [glyph.confidence for glyph in glyphs],
        "alternatives": [
            [place, *chain.from_iterable(glyph.alternatives)]
            for place, glyph in enumerate(glyphs)
            if glyph.alternatives
        ],
    }


def _page(record: Any) -> Page:
    glyphs = iter(_glyphs(record))
    lines = iter(
        [
            Line(tuple(islice(glyphs, length)), Box(*box), method, handwritten)
            for *box, length, method, handwritten in record["lines"]
        ]
    )
    regions = tuple(
        Region(kind, Box(left, top, right, bottom), tuple(islice(lines, length)), *grid)
        for left, top, right, bottom, kind, length, *grid in record["regions"]
    )
    steps = tuple(Step(stage, what) for stage, what in record["steps"])
    scan = Scan(*record["scan"])
    if scan.area is not None:
        scan = replace(scan, area=Box(*scan.area))
    return Page(1, scan, regions, record["rotation"], record["blank"], steps, record.get("look", ""))


def _joined(chars: Sequence[str]) -> str | Sequence[str]:
    # Two lone surrogates side by side would come back from JSON as one character.
    text = "".join(chars)
    whole = len(text) == len(chars) and not any("\ud800" <= char <= "\udfff" for char in text)
    return text if whole else chars


def _glyphs(record: Any) -> list[Glyph]:
    others = {
        place: tuple(Alternative(*pair) for pair in zip(flat[::2], flat[1::2], strict=True))
        for place, *flat in record["alternatives"]
    }
    numbers = iter(record["boxes"])
    boxes = map(Box._make, zip(numbers, numbers, numbers, numbers, strict=True))
    columns = zip(record["chars"], boxes, record["confidences"], strict=True)
    return [
        Glyph(char, box, confidence, others.get(place, ())) for place, (char, box, confidence) in enumerate(columns)
    ]

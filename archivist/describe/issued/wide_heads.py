"""Red heads set so wide that a reader takes their letters for the cells of a table, put together again."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from archivist.describe import names
from archivist.describe.ink import Printed, closed
from archivist.describe.issued.signs import head_in
from archivist.describe.issued.titles import genre_of
from archivist.model import Box, Evidence, Field, Line, Page, Region

_LINES = 14
_LEAST_PIECES = 3
_LETTERS = 60

Block = tuple[int, int]


def put_together(page: Page) -> tuple[Page, Block | None]:
    """Return `page` with the pieces of a head on one height as one line, and the span that they are in its text.

    The characters of the span stand in the order of the paper, not as they were read; all others stay where they
    are. Without such a head the page comes back as it is.
    """
    rows = [
        (line, place) for place, region in enumerate(page.regions) if region.kind != "seal" for line in region.lines
    ]
    found = _row([line for line, _ in rows[:_LINES]])
    if found is None:
        return page, None
    first, last = found
    pieces = rows[first:last]
    whole = _joined([line for line, _ in pieces])
    start = sum(len(line.glyphs) for line, _ in rows[:first])
    gone = {id(line) for line, _ in pieces}
    regions: list[Region] = []
    for place, region in enumerate(page.regions):
        kept = tuple(line for line in region.lines if id(line) not in gone)
        if place == pieces[0][1]:
            before = region.lines[: next(at for at, line in enumerate(region.lines) if id(line) in gone)]
            if before:
                regions.append(replace(region, lines=before))
            regions.append(Region("head", whole.box, (whole,)))
            kept = tuple(line for line in kept if line not in before)
        if kept or len(kept) == len(region.lines):
            regions.append(replace(region, lines=kept))
    return replace(page, regions=tuple(regions)), (start, start + len(whole.glyphs))


def lines_together(lines: Sequence[Printed]) -> tuple[list[Printed], list[int]]:
    """Return `lines` with the pieces of such a head as one, and for each of them its index among those given."""
    found = _row([entry.line for entry in lines[:_LINES]])
    if found is None:
        return list(lines), list(range(len(lines)))
    first, last = found
    head = lines[first]
    whole = Printed(head.start, head.page, head.offset, _joined([entry.line for entry in lines[first:last]]), "head")
    indices = [*range(first + 1), *range(last, len(lines))]
    return [*lines[:first], whole, *lines[last:]], indices


def shown_as_read(field: Field, page: Page, block: Block) -> Field:
    """Return `field` with the evidence of `page` as read, all of `block` where the value stands in it."""
    where = field.evidence
    if where.end <= block[0] or block[1] <= where.start:
        return field
    shown = Evidence.of(page, min(where.start, block[0]), max(where.end, block[1]))
    return replace(field, evidence=shown, raw=shown.text)


def _row(lines: Sequence[Line]) -> Block | None:
    """Return the pieces (first, behind the last) that stand on one height and are a head together."""
    for first, line in enumerate(lines):
        last = first + 1
        while last < len(lines) and _on_one_height(line, lines[last]):
            last += 1
        if last - first >= _LEAST_PIECES and any(len(piece.glyphs) == 1 for piece in lines[first:last]):
            whole = _joined(lines[first:last])
            if len(whole.glyphs) <= _LETTERS and _is_head(whole):
                return first, last
    return None


def _is_head(line: Line) -> bool:
    letters = closed(names.mended(line.text))
    genre = genre_of(letters)
    named = names.is_agency(letters) or (genre is not None and names.is_agency(letters.removesuffix(genre)))
    return named or head_in(line.text) is not None


def _on_one_height(one: Line, other: Line) -> bool:
    shared = min(one.box.bottom, other.box.bottom) - max(one.box.top, other.box.top)
    return shared > 0.6 * max(one.box.height, other.box.height)


def _joined(lines: Iterable[Line]) -> Line:
    ordered = sorted(lines, key=lambda line: line.box.left)
    glyphs = tuple(glyph for line in ordered for glyph in line.glyphs)
    return Line(glyphs, Box.around(line.box for line in ordered), ordered[0].method)

"""Lines as people read them, laid over the page as it was read: the reading itself stays as it is.

A decision about a line says where it stands (`box`, in pixels of the scan), what was `read` there, and what the `text`
is, "" where there is no writing. A line that no reader saw is added.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from statistics import median
from typing import NamedTuple
from unicodedata import category

from archivist.decisions import Decision, about
from archivist.model import Box, Glyph, Line, Page, Region, Step
from archivist.text import fold

PERSON = "person"
"""The method of a line as a person read it."""
STAGE = "correct"
"""The stage of the step that says so."""
# Boxes that have so much of both together in common are the same line, whatever stands there, or if it is alike.
_SURELY, _SAME = 0.9, 0.5
# So much of a line lies in another that was read in one with it, or apart.
_INSIDE = 0.7
# Texts so much alike (0..1) are readings of the same.
_ALIKE = 0.5
# What is put between two characters stands in the room between them where each has so much of the usual width.
_ROOM = 0.5


@dataclass(frozen=True, slots=True)
class _Said:
    """What a person says of a line."""

    box: Box
    read: str
    text: str
    who: str

    def likeness(self, text: str) -> float:
        """Return how much `text` is like what was read there, or like what the person reads (0..1)."""
        return max(_likeness(text, self.read), _likeness(text, self.text))

    def covers(self, before: "_Said") -> bool:
        """Return whether what was said `before` is about ink that was read as part of this line since."""
        return bool(before.read) and _lies_in(before.box, self.box) and _held(before.read, self.read) > _ALIKE

    def holds(self, text: str) -> float:
        """Return how much of `text` is part of what was read there, or of what the person reads (0..1)."""
        return max(_held(text, self.read), _held(text, self.text))


class _Way(NamedTuple):
    """Along which axis (0 for x, 1 for y) a line runs on the scan, and whether to greater or smaller values."""

    axis: int
    onward: bool

    def low(self, box: Box) -> float:
        return box[self.axis]

    def high(self, box: Box) -> float:
        return box[self.axis + 2]

    def part(self, box: Box, low: float, high: float) -> Box:
        """Return what lies between `low` and `high` of `box`."""
        return Box(low, box.top, high, box.bottom) if self.axis == 0 else Box(box.left, low, box.right, high)

    def shares(self, box: Box, count: int) -> list[Box]:
        """Return `box` in `count` equal parts, in the order of reading."""
        low, step = self.low(box), (self.high(box) - self.low(box)) / count
        # The last edge is that of the box, and no sum that comes near it.
        edges = [*(low + step * turn for turn in range(count)), self.high(box)]
        found = [self.part(box, edges[turn], edges[turn + 1]) for turn in range(count)]
        return found if self.onward else found[::-1]

    def room(self, before: Box | None, after: Box | None, line: Box) -> Box:
        """Return what lies between two characters of `line`, or one and its end; without area where nothing does."""
        first, last = (before, after) if self.onward else (after, before)
        low = self.high(first) if first else self.low(line)
        high = self.low(last) if last else self.high(line)
        beside = Box.around(box for box in (before, after) if box)
        return self.part(beside, low, max(low, high))


def plain(text: str) -> str:
    """Return `text` as it may stand in a line: without line breaks, tabs and what no paper bears."""
    kept = "".join(char for char in text if char.isspace() or category(char) not in ("Cc", "Cs"))
    return " ".join(kept.split())


def same_line(one: Box, other: Box) -> float:
    """Return how much two boxes have in common of both together (0..1); lines share at least half."""
    common = one.overlap(other)
    whole = one.width * one.height + other.width * other.height - common
    return common / whole if whole > 0 else float(one == other)


def line_at(page: Page, box: Box) -> Line | None:
    """Return the line of `page`, in seals as well, that stands in `box`; None where none does."""
    lines = [line for region in page.regions for line in region.lines]
    best = max(lines, key=lambda line: same_line(line.box, box), default=None)
    return best if best and same_line(best.box, box) >= _SAME else None


def text_at(page: Page, box: Box) -> str:
    """Return what stands in `box` on `page`: a line, or the lines that it was read as in parts."""
    line = line_at(page, box)
    if line and same_line(line.box, box) >= _SURELY:
        return line.text
    parts = [one.text for region in page.regions for one in region.lines if _lies_in(one.box, box)]
    return "".join(parts) or (line.text if line else "")


def lines_saying(page: Page, words: str) -> list[Line]:
    """Return the lines of `page` in which `words` stand, in either script and however they are spaced."""
    wanted = "".join(fold(words).split())
    found = [line for region in page.regions for line in region.lines]
    same = [line for line in found if "".join(fold(line.text).split()) == wanted]
    return same or [line for line in found if wanted and wanted in "".join(fold(line.text).split())]


def corrected(page: Page, decisions: Iterable[Decision]) -> Page:
    """Return `page` with its lines as people read them: of `decisions` those about this page, oldest first.

    Characters that were read right keep their boxes, others take the boxes of what they replace, or share the space.
    Every character of such a line is sure, and its method is `person`; a step tells how many lines who corrected.
    Where nothing was decided it is `page` itself; lines that a later reading sees otherwise are found again by place
    and text.
    """
    said = _last_word(one for one in map(_said, about(decisions, "line", page.place)) if one)
    if not said:
        return page
    sheet = _Sheet(page)
    for one in said:
        sheet.take(one)
    regions = sheet.regions()
    count = Counter(one.who for one in said)
    told = ", ".join(f"{lines} by {who}" for who, lines in sorted(count.items()))
    steps = (*(step for step in page.steps if step.stage != STAGE), Step(STAGE, f"lines read by people: {told}"))
    blank = not any(region.lines for region in regions)
    # Of whatever kind the page was: this one is known in full.
    return Page(page.number, page.scan, regions, page.rotation, blank, steps, page.look)


def _said(decision: Decision) -> _Said | None:
    box = decision.detail.get("box")
    edges = [edge for edge in box if isinstance(edge, int | float)] if isinstance(box, list) else []
    if len(edges) != 4:
        return None
    read, text = decision.detail.get("read"), decision.detail.get("text")
    return _Said(Box(*edges), str(read or ""), plain(str(text or "")), decision.decided.who)


def _last_word(said: Iterable[_Said]) -> list[_Said]:
    """Return of what was said of one line, or of a part of it, the last."""
    kept: list[_Said] = []
    for one in said:
        kept = [before for before in kept if same_line(before.box, one.box) < _SAME and not one.covers(before)]
        kept.append(one)
    return kept


class _Spot(NamedTuple):
    """A line of a page, by the numbers of its region and of itself there."""

    region: int
    place: int
    line: Line


class _Sheet:
    """The lines of a page while they are corrected."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._lines: list[list[Line | None]] = [list(region.lines) for region in page.regions]
        self._taken: set[tuple[int, int]] = set()
        self._added: list[Line] = []

    def take(self, said: _Said) -> None:
        """Put in what a person said of a line."""
        free = [
            _Spot(number, place, line)
            for number, lines in enumerate(self._lines)
            for place, line in enumerate(lines)
            if line and (number, place) not in self._taken
        ]
        if part := _part(said, free):
            spot, start, end = part
            glyphs = spot.line.glyphs
            made = self._anew(glyphs[start:end], said.text, said.box)
            self._put(spot, replace(spot.line, glyphs=(*glyphs[:start], *made, *glyphs[end:]), method=PERSON))
        elif found := _whole(said, free):
            first = found[0]
            box = first.line.box if len(found) == 1 else Box.around(spot.line.box for spot in found)
            read = [glyph for spot in found for glyph in spot.line.glyphs]
            for spot in found:
                self._lines[spot.region][spot.place] = None
            self._put(first, replace(first.line, glyphs=self._anew(read, said.text, box), box=box, method=PERSON))
        elif said.text:
            self._added.append(Line(self._anew([], said.text, said.box), said.box, PERSON))

    def regions(self) -> tuple[Region, ...]:
        """Return the regions with these lines, and those that were added where they are read."""
        kept = [[line for line in lines if line] for lines in self._lines]
        regions = [
            region if list(region.lines) == lines else replace(region, lines=tuple(lines))
            for region, lines in zip(self._page.regions, kept, strict=True)
        ]
        for line in self._added:
            self._add(regions, line)
        return tuple(regions)

    def _put(self, spot: _Spot, line: Line) -> None:
        self._taken.add(spot[:2])
        self._lines[spot.region][spot.place] = line if line.glyphs else None

    def _anew(self, glyphs: Sequence[Glyph], text: str, box: Box) -> tuple[Glyph, ...]:
        return aligned(glyphs, text, box, _way(glyphs, text, box, self._page.rotation)) if text else ()

    def _add(self, regions: list[Region], line: Line) -> None:
        """Put `line` into the smallest region it lies in, or into one of its own, where it is read."""
        area = max(line.box.width * line.box.height, 1)
        around = [
            (region.box.width * region.box.height, number)
            for number, region in enumerate(regions)
            if region.kind != "seal" and region.box.overlap(line.box) / area >= _SAME
        ]
        if not around:
            number = self._turn(line.box, [region.box for region in regions], upright=False)
            regions.insert(number, Region("body", line.box, (line,)))
            return
        number = min(around)[1]
        region = regions[number]
        boxes = [other.box for other in region.lines]
        upright = sum(self._is_upright(box) for box in boxes) * 2 > len(boxes)
        turn = self._turn(line.box, boxes, upright=upright)
        lines = (*region.lines[:turn], line, *region.lines[turn:])
        regions[number] = replace(region, box=Box.around((region.box, line.box)), lines=lines)

    def _is_upright(self, box: Box) -> bool:
        left, top, right, bottom = self._turned(box)
        return bottom - top > 1.5 * (right - left)

    def _turned(self, box: Box) -> Box:
        """Return `box` on the page set upright, from any point there."""
        corners = [_turned(x, y, self._page.rotation) for x, y in (box[:2], box[2:])]
        return Box.around(Box(x, y, x, y) for x, y in corners)

    def _turn(self, box: Box, others: Sequence[Box], *, upright: bool) -> int:
        """Return before which of `others` what stands in `box` is read: in rows, or columns from the right."""
        own = self._turned(box)
        for turn, other in enumerate(map(self._turned, others)):
            if _reads_before(own, other, upright=upright):
                return turn
        return len(others)


def _whole(said: _Said, free: Sequence[_Spot]) -> list[_Spot]:
    """Return the line that is meant, or the lines that it was read as in parts."""
    near = [(same_line(spot.line.box, said.box), said.likeness(spot.line.text), spot) for spot in free]
    near = [one for one in near if one[0] >= _SURELY or (one[0] >= _SAME and one[1] >= _ALIKE)]
    best = max(near, key=lambda one: one[:2], default=None)
    if best and best[0] >= _SURELY:
        return [best[2]]
    inside = [spot for spot in free if _lies_in(spot.line.box, said.box) and said.holds(spot.line.text) > _ALIKE]
    return inside or ([best[2]] if best else [])


def _part(said: _Said, free: Sequence[_Spot]) -> tuple[_Spot, int, int] | None:
    """Return the line, and from where to where in it, that holds what is meant among other things."""
    if any(same_line(said.box, spot.line.box) >= _SURELY for spot in free):
        return None
    for spot in free:
        glyphs = spot.line.glyphs
        if _lies_in(said.box, spot.line.box):
            inside = [turn for turn, glyph in enumerate(glyphs) if _holds(said.box, glyph.box)]
            start, end = (inside[0], inside[-1] + 1) if inside else (0, 0)
            if end - start < len(glyphs) and said.likeness(spot.line.text[start:end]) >= _ALIKE:
                return spot, start, end
    return None


def aligned(glyphs: Sequence[Glyph], text: str, box: Box, way: _Way) -> tuple[Glyph, ...]:
    """Return a glyph in `box` for each character of `text`, each where `glyphs`, as they were read, have it."""
    if not glyphs:
        return tuple(Glyph(char, own, 1.0) for char, own in zip(text, way.shares(box, len(text)), strict=True))
    read = [fold(glyph.char) for glyph in glyphs]
    boxes: list[Box] = []
    # Characters before the first that was read, with no room of their own.
    owed = 0
    for act, start, end, first, last in SequenceMatcher(None, read, list(fold(text)), autojunk=False).get_opcodes():
        own = [glyph.box for glyph in glyphs[start:end]]
        count = last - first
        if act == "insert":
            before = glyphs[start - 1].box if start else None
            after = glyphs[start].box if start < len(glyphs) else None
            usual = median(way.high(glyph.box) - way.low(glyph.box) for glyph in glyphs)
            room = way.room(before, after, box)
            if way.high(room) - way.low(room) >= _ROOM * usual * count:
                boxes += way.shares(room, count)
            elif boxes:
                boxes += way.shares(boxes.pop(), count + 1)
            else:
                owed = count
        elif count:
            found = own if count == len(own) else way.shares(Box.around(own), count)
            if owed:
                found[:1] = way.shares(found[0], owed + 1)
                owed = 0
            boxes += found
    return tuple(Glyph(char, clipped(own, box), 1.0) for char, own in zip(text, boxes, strict=True))


def _way(glyphs: Sequence[Glyph], text: str, box: Box, rotation: int) -> _Way:
    """Return which way a line runs: as its characters stand, or as its box is shaped on the page set upright."""
    if len(glyphs) > 1:
        (x1, y1), (x2, y2) = glyphs[0].box.centre, glyphs[-1].box.centre
        if (x1, y1) != (x2, y2):
            return _Way(0, x2 > x1) if abs(x2 - x1) >= abs(y2 - y1) else _Way(1, y2 > y1)
    sideways = rotation in (90, 270)
    width, height = (box.height, box.width) if sideways else (box.width, box.height)
    down = height > 1.5 * width and len(text) > 1
    # A step along the line on the upright page, turned back onto the scan.
    x, y = _turned(0.0, 1.0, -rotation) if down else _turned(1.0, 0.0, -rotation)
    return _Way(0, x > 0) if x else _Way(1, y > 0)


def _turned(x: float, y: float, rotation: int) -> tuple[float, float]:
    """Return a point turned clockwise about the origin by `rotation` degrees, a multiple of 90; y goes down."""
    for _quarter in range(rotation // 90 % 4):
        x, y = -y, x
    return x, y


def _reads_before(one: Box, other: Box, *, upright: bool) -> bool:
    """Whether what stands in `one` is read before what stands in `other`, both on a page set upright."""
    (x1, y1), (x2, y2) = one.centre, other.centre
    if upright:
        return y1 < y2 if abs(x1 - x2) < min(one.width, other.width) / 2 else x1 > x2
    return x1 < x2 if abs(y1 - y2) < min(one.height, other.height) / 2 else y1 < y2


def clipped(box: Box, within: Box) -> Box:
    """Return what of `box` lies in `within`; without area where nothing does."""
    left, right = (min(max(x, within.left), within.right) for x in (box.left, box.right))
    top, bottom = (min(max(y, within.top), within.bottom) for y in (box.top, box.bottom))
    return Box(left, top, right, bottom)


def _lies_in(one: Box, other: Box) -> bool:
    area = one.width * one.height
    return area > 0 and one.overlap(other) / area >= _INSIDE


def _holds(box: Box, other: Box) -> bool:
    x, y = other.centre
    return box.left <= x <= box.right and box.top <= y <= box.bottom


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, fold(one), fold(other), autojunk=False).ratio() if one and other else 0.0


def _held(part: str, whole: str) -> float:
    """Return how much of `part` stands in `whole`, in this order (0..1)."""
    found = SequenceMatcher(None, fold(part), fold(whole), autojunk=False).get_matching_blocks()
    return sum(block.size for block in found) / max(len(part), 1)

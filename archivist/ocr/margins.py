"""What stands at the edge of a page beside its text: running titles above and below, and the page number."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median

from archivist.model import Alternative, Box, Glyph, Line, Region, RegionKind
from archivist.ocr import STROKES
from archivist.ocr.layout import rows

#: How much of the page, from its edge, may hold a page number (below; above half as much) and a running title.
_NUMBER_BAND, _TITLE_BAND, _SHEET_BAND = 0.12, 0.12, 0.3
#: A running title is set smaller than the text and stands apart from it, by this many characters.
_SMALL, _APART = 0.87, 0.9
_MOST_ROWS = 2
#: Rows of text from which the size of its characters is known.
_LEAST_ROWS = 3

_DASHES = "".join(sorted(STROKES))
_AROUND = rf"[{re.escape(_DASHES)}·•.~～\s]{{0,4}}"
_NUMBER = re.compile(
    rf"{_AROUND}(?:第?\s*\d{{1,4}}\s*[页頁]?(?:[,，/\s]*共\s*\d+\s*[页頁])?|\d{{1,4}}\s*/\s*\d{{1,4}}|[(（\[【]\d{{1,4}}[)）\]】]"
    rf"|第[〇一二三四五六七八九十百]{{1,5}}[页頁]|[Pp]\.?\s?\d{{1,4}}){_AROUND}"
)
#: Pages of the republic are numbered so; many an entry of a list is nothing else.
_NUMERALS = re.compile(r"[〇一二三四五六七八九十百]{1,4}")
_DOTTED = re.compile(r"[·•.]\s?\d{1,4}\s?[·•.]")
_NUMBER_PART = re.compile(rf"[{re.escape(_DASHES)}·•.]{{1,2}}\d{{0,4}}|\d{{1,4}}")
#: What belongs to the paper itself though it is small and at its edge: marks, numbers, labels, imprint, notes.
_OF_THE_PAPER = re.compile(
    r"[:：〔﹝\[【★]|号$|號$|[机機秘绝絕]密|急件|特急|加急|文件$|No\b|№|^附|附件|单位|單位|\d+月|[一二三四五六七八九十]月"
    r"|主题词|主題詞|抄送|抄报|抄報|主送|印[发發制製]|[监監]制|共印|^注|来源|來源|说明|說明|^[①②③*※\d(（]|签|簽"
)


def set_apart(
    lines: Sequence[Line], others: Sequence[Box], size: tuple[int, int]
) -> tuple[list[Region], list[Line], list[Region]]:
    """Return the regions at the head of the page, the lines between, and the regions at its foot, each from the top.

    `lines` stand outside all tables, `others` are boxes of whatever else is on the page, `size` is its width and
    height, all in pixels. Regions are of kind `header`, `footer` and `page_number`; in these a level stroke is
    written as the dash it is, and what was read stays beside it as an alternative.
    """
    height = size[1]
    whole = _joined(lines, height)
    numbered = [[glyph.box for glyph in line.glyphs] for line in whole]
    found = [[whole[number] for number in row] for row in rows(numbered)]
    kinds: dict[int, RegionKind] = {}
    for row in found:
        for line in row:
            if _is_number(line, row, height):
                kinds[id(line)] = "page_number"
    kinds.update((id(line), "page_number") for line in _beyond(whole, others, height))
    usual = _usual(lines)
    for kind, ordered in (("header", found), ("footer", found[::-1])):
        for line in _running(ordered, kinds, others, usual, height, foot=kind == "footer"):
            kinds[id(line)] = "footer" if kind == "footer" else "header"
    above: list[Region] = []
    below: list[Region] = []
    for row in found:
        for line in row:
            if apart := kinds.get(id(line)):
                shown = _with_dashes(line) if apart == "page_number" else line
                at_head = line.box.centre[1] < height / 2
                (above if at_head else below).append(Region(apart, line.box, (shown,)))
    return above, [line for line in whole if id(line) not in kinds], below


def _at_edge(line: Line, height: int) -> bool:
    return line.box.top > (1 - _NUMBER_BAND) * height or line.box.bottom < _NUMBER_BAND * height / 2


def _near_edge(line: Line, height: int) -> bool:
    """Whether it may be at the edge of a sheet that fills only a part of the picture."""
    return line.box.top > (1 - _SHEET_BAND) * height or line.box.bottom < _SHEET_BAND * height


def _is_number(line: Line, row: Sequence[Line], height: int) -> bool:
    """Whether `line` is a page number, not a number in the last row of a list."""
    if not (_at_edge(line, height) and _NUMBER.fullmatch(line.text.strip())):
        return False
    # A page number may stand beside a running title, not in a row of many.
    return len(row) <= 3 and all(other is line or not _NUMBER.fullmatch(other.text.strip()) for other in row)


def _beyond(lines: Sequence[Line], others: Sequence[Box], height: int) -> Iterator[Line]:
    """Yield page numbers that are known by standing alone beyond all else: in numerals, or far from the edge."""
    for line in lines:
        text = line.text.strip()
        in_numerals = _NUMERALS.fullmatch(text) and _at_edge(line, height)
        if not (in_numerals or (_NUMBER.fullmatch(text) and _near_edge(line, height))):
            continue
        rest = [*(other.box for other in lines if other is not line), *others]
        white = _APART * min(line.box.width, line.box.height)
        beyond = all(box.bottom + white < line.box.top for box in rest)
        if rest and (beyond or all(box.top - white > line.box.bottom for box in rest)):
            yield line


def _joined(lines: Sequence[Line], height: int) -> list[Line]:
    """Return `lines` with the pieces of a page number (—, 4, —), found one by one, set together."""
    whole: list[Line] = []
    for line in sorted(lines, key=lambda line: line.box.left):
        before = None
        is_part = _at_edge(line, height) or (_near_edge(line, height) and _NUMBER_PART.fullmatch(line.text))
        if len(line.glyphs) <= 4 and is_part:
            before = next((other for other in reversed(whole) if _next_to(other, line)), None)
        if before and _NUMBER_PART.fullmatch(before.text):
            whole = [other for other in whole if other is not before]
            glyphs = (*before.glyphs, *line.glyphs)
            by_hand = before.handwritten or line.handwritten
            line = replace(before, glyphs=glyphs, box=Box.around((before.box, line.box)), handwritten=by_hand)
        whole.append(line)
    return whole


def _next_to(left: Line, right: Line) -> bool:
    high = max(left.box.height, right.box.height)
    level = abs(left.box.centre[1] - right.box.centre[1]) < 0.5 * high
    return level and -5 < right.box.left - left.box.right < 2 * high


def _usual(lines: Sequence[Line]) -> float | None:
    """Return how large the characters of the text are in pixels, None where there is too little of it."""
    sizes = [(size, len(line.glyphs)) for line in lines if (size := _size(line))]
    if len(sizes) < _LEAST_ROWS:
        return None
    return median(size for size, count in sizes for _ in range(count))


def _size(line: Line) -> float | None:
    """Return the distance of its ideographs in pixels, which says their size better than the ink does; None if few."""
    steps = [
        max(abs(b.box.centre[0] - a.box.centre[0]), abs(b.box.centre[1] - a.box.centre[1]))
        for a, b in pairwise(line.glyphs)
        if _is_ideograph(a.char) and _is_ideograph(b.char)
    ]
    return median(steps) if len(steps) >= 2 else None


def _is_ideograph(char: str) -> bool:
    return "\u3400" <= char <= "\u9fff" and char not in STROKES


def _running(
    ordered: Sequence[Sequence[Line]],
    kinds: dict[int, RegionKind],
    others: Sequence[Box],
    usual: float | None,
    height: int,
    *,
    foot: bool,
) -> Iterator[Line]:
    """Yield the lines of the running title in rows that come from the edge inwards."""
    for number, row in enumerate(ordered[:_MOST_ROWS]):
        box = Box.around(line.box for line in row)
        beyond = [other for other in others if (other.bottom > box.top if foot else other.top < box.bottom)]
        in_band = box.top > (1 - _TITLE_BAND) * height if foot else box.bottom < _TITLE_BAND * height
        if beyond or not in_band:
            return
        words = [line for line in row if id(line) not in kinds]
        if any(_OF_THE_PAPER.search(line.text.strip()) for line in words):
            return
        beside_number = len(words) < len(row)
        if words:
            inward = [*(line.box for row in ordered[number + 1 :] for line in row), *others]
            white = min((box.top - other.bottom if foot else other.top - box.bottom for other in inward), default=0.0)
            if usual is None or white < _APART * usual:
                return
            if not beside_number and not all((size := _size(line)) and size <= _SMALL * usual for line in words):
                return
            yield from words


def _with_dashes(line: Line) -> Line:
    """Return a page number with the dashes, or raised dots, that its strokes and dots are."""
    dotted = bool(_DOTTED.fullmatch(line.text.strip()))
    glyphs = tuple(
        _instead(glyph, "—") if glyph.char in STROKES - set("-—")
        else _instead(glyph, "·") if dotted and glyph.char in ".•" else glyph
        for glyph in line.glyphs
    )  # fmt: skip
    if glyphs == line.glyphs or not any(char.isdigit() for char in line.text):
        return line
    return replace(line, glyphs=glyphs, method=f"{line.method}+context")


def _instead(glyph: Glyph, char: str) -> Glyph:
    others = tuple(other for other in glyph.alternatives if other.char != char)
    return replace(glyph, char=char, alternatives=(Alternative(glyph.char, glyph.confidence), *others))

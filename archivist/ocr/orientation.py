"""Which way up a page lies, judged by how well it reads."""

from collections import Counter
from collections.abc import Sequence
from typing import Literal

import cv2
import numpy as np

from archivist.model import Line
from archivist.ocr import Grey, Reader
from archivist.ocr.order import vertical

#: Pages that read as well as this lie right.
_GOOD = 0.9
_BAND = 0.35
_CHARACTER = 44


def turn_needed(image: Grey, lines: Sequence[Line], reader: Reader) -> Literal[0, 90, 180, 270]:
    """Return the clockwise turn that sets `image`, read as `lines`, upright; 0 where nothing reads better.

    A page that reads well costs nothing. Otherwise the band of the page with most lines is read in the other
    directions, and the direction with most characters surely read wins.
    """
    down = vertical(lines)
    if not lines or (_mean(lines) >= _GOOD and (not down or _characters_upright(image, lines, reader))):
        return 0
    band = _fullest_band(image, lines)
    turns: tuple[Literal[0, 90, 180, 270], ...] = (0, 90, 180, 270) if down or len(lines) < 3 else (0, 180, 90, 270)
    scores = {}
    for turn in turns:
        found = reader.read(np.ascontiguousarray(np.rot90(band, -turn // 90)))
        scores[turn] = _sure(found)
        if turn and scores[turn] > 1.5 * scores[0] and _mean(found) >= _GOOD and not vertical(found):
            return turn
    best = max(turns, key=lambda turn: scores[turn])
    return best if scores[best] > 1.2 * scores[0] else 0


def _characters_upright(image: Grey, lines: Sequence[Line], reader: Reader) -> bool:
    """Whether the characters of lines that run down the page stand upright: vertical text, not a page on its side.

    The networks read a character on its side nearly as well, so each is cut out and set beside the others as it stands.
    """
    columns = sorted(lines, key=lambda line: -len(line.glyphs))[:3]
    rows = [_side_by_side(image, line) for line in columns]
    sheet = np.full((sum(row.shape[0] for row in rows), max(row.shape[1] for row in rows)), 245, np.uint8)
    top = 0
    for row in rows:
        sheet[top : top + row.shape[0], : row.shape[1]] = row
        top += row.shape[0]
    expected = Counter(glyph.char for line in columns for glyph in line.glyphs)
    seen = Counter(glyph.char for line in reader.read(sheet) for glyph in line.glyphs)
    return (expected & seen).total() >= 0.5 * expected.total()


def _side_by_side(image: Grey, line: Line) -> Grey:
    cut = []
    for glyph in line.glyphs:
        left, top, right, bottom = (max(round(side), 0) for side in glyph.box)
        part = image[top:bottom, left:right]
        if part.size:
            cut.append(cv2.resize(part, (_CHARACTER, _CHARACTER), interpolation=cv2.INTER_AREA))
    return np.pad(np.hstack(cut), _CHARACTER // 3, constant_values=245) if cut else np.full((1, 1), 245, np.uint8)


def _mean(lines: Sequence[Line]) -> float:
    values = [glyph.confidence for line in lines for glyph in line.glyphs]
    return sum(values) / len(values) if values else 0.0


def _sure(lines: Sequence[Line]) -> float:
    """Return how many characters are surely read, those in lines running across; columns count little."""
    return sum(
        (glyph.confidence > _GOOD) * (0.5 if line.box.height > 1.5 * line.box.width else 1.0)
        for line in lines
        for glyph in line.glyphs
    )


def _fullest_band(image: Grey, lines: Sequence[Line]) -> Grey:
    height = image.shape[0]
    reach = max(round(height * _BAND), 1)
    weight = np.zeros(height + 1)
    for line in lines:
        weight[min(max(round(line.box.centre[1]), 0), height)] += line.box.width * line.box.height
    total = np.concatenate(([0.0], np.cumsum(weight)))
    start = int(np.argmax(total[reach : height + 1] - total[: height + 1 - reach]))
    return image[start : start + reach]

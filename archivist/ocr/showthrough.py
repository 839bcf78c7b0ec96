"""Print of the other side that shows through thin paper: pale, and in mirror writing."""

from collections.abc import Sequence
from statistics import fmean, median

import numpy as np

from archivist.model import Line, Step
from archivist.ocr import Grey
from archivist.ocr.rapid import RapidReader

_PAPER = 245
#: Of the ink of a usual line, the other side shows less than this.
_PALE = 0.4


def without_show_through(
    image: Grey, lines: Sequence[Line], reader: RapidReader
) -> tuple[tuple[Line, ...], tuple[Step, ...]]:
    """Return `lines` without those that belong to the other side of the paper, and what was left out.

    `image` (height, width; 245 is paper) is what they were read from. A line goes where it is far paler than the others
    and reads better in a mirror; pale writing that does not, as in pencil, stays.
    """
    darkness = [_darkness(image, line) for line in lines]
    usual = median(darkness or [0.0])
    pale = [line for line, dark in zip(lines, darkness, strict=True) if dark < _PALE * usual]
    if not pale:
        return tuple(lines), ()
    mirror = np.ascontiguousarray(image[:, ::-1])
    gone = [line for line in pale if _reads_better_there(line, mirror, reader)]
    if not gone:
        return tuple(lines), ()
    step = Step("read", f"lines of the other side that show through, left out: {len(gone)}")
    return tuple(line for line in lines if not any(line is other for other in gone)), (step,)


def _darkness(image: Grey, line: Line) -> float:
    left, top, right, bottom = (max(round(side), 0) for side in line.box)
    part = image[top:bottom, left:right]
    return _PAPER - float(np.percentile(part, 5)) if part.size else 0.0


def _reads_better_there(line: Line, mirror: Grey, reader: RapidReader) -> bool:
    left, right = mirror.shape[1] - line.box.right, mirror.shape[1] - line.box.left
    top, bottom = line.box.top, line.box.bottom
    quad = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)
    # Characters alike on both sides, as 中, read as well in a mirror.
    found = [other for other in reader.read_at(mirror, [quad]) if other.text != line.text[::-1]]
    return any(_sure(other) > _sure(line) for other in found)


def _sure(line: Line) -> float:
    return fmean(glyph.confidence for glyph in line.glyphs)

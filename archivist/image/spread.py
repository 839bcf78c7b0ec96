"""Two pages on one picture: an open volume or a folded sheet, laid on the glass or photographed as it lies."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from archivist.image.clean import ink_of, level
from archivist.image.flatten import down_to_across
from archivist.image.open import Pixels
from archivist.image.sheet import find_sheet
from archivist.model import Box

Mask = NDArray[np.uint8]

_SIDE = 900
#: On fewer pixels there is no telling.
_LEAST_SIDE = 64
#: Two pages side by side are wider than high by at least this much.
_LEAST_WIDE = 1.1
#: Where the gutter is looked for, as shares of the width of the paper.
_MIDDLE = (0.4, 0.6)
#: A gutter in shadow is darker than the paper on both sides by this much.
_SHADE = 0.9
#: Room between the two blocks of print as a share of the width: beside a gutter that can be seen, and without one.
_LEAST_ROOM, _LEAST_PLAIN_ROOM = 0.025, 0.045
#: Without a gutter to be seen, there is as much room between two pages as beside them, by this share.
_LIKE_MARGINS = 0.6
#: A page by itself on its half: print this wide and high, as shares of the paper.
_LEAST_BLOCK = (0.28, 0.5)
_LEAST_PRINT = 0.002
#: Marks in a strip so narrow, as a share of the picture, and so few are holes and staples, not a column of print.
_NARROW, _FEW = 0.022, 4
#: What stands so close to the gutter is its edge.
_SEAM = 0.012
#: A line between two sheets runs down this share of the picture.
_WHOLE = 0.97
#: Rows that go on so much longer down the picture than across: a page that lies on its side.
_ON_SIDE = 1.15
#: Solid marks up to this many pixels wide, and no more of them, are punch holes; bold print has more.
_HOLE, _MOST_HOLES = 20, 12


class _Block(NamedTuple):
    left: int
    right: int
    height: int


def leaves(pixels: Pixels, stretch: float = 1.0) -> tuple[Box, ...]:
    """Return the pages on a picture (RGB, height × width × 3), as boxes in its pixels: the whole, or left and right.

    A pixel is `stretch` times as tall as wide.
    The picture shows facing pages where no print and no rule crosses its middle, and where either a gutter is seen
    or each half has margins of its own. One of them may be blank. Rows that cross the middle, of a table on a broad
    sheet or of broad text, make it one page.
    """
    height, width = pixels.shape[:2]
    whole = (Box(0.0, 0.0, float(width), float(height)),)
    if width < _LEAST_WIDE * height * stretch or min(height, width) < _LEAST_SIDE:
        return whole
    scale = min(1.0, _SIDE / width)
    grey = np.ascontiguousarray(pixels[:, :, 0])
    size = (max(round(width * scale), 1), max(round(height * scale * stretch), 1))
    small = np.array(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
    sheet = find_sheet(np.asarray(cv2.resize(pixels, small.shape[::-1], interpolation=cv2.INTER_AREA), np.uint8))
    left, right = 0, small.shape[1]
    if sheet is not None:
        columns, rows = (np.flatnonzero((~sheet.beyond).mean(axis=axis) > 0.5) for axis in (0, 1))
        if not len(columns) or len(columns) < _LEAST_WIDE * len(rows):
            return whole
        left, right = int(columns[0]), int(columns[-1]) + 1
        # The edge of the sheet throws a shadow, and is no rule.
        around = cv2.dilate(sheet.beyond.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
        small[around] = np.median(small[~around])
    cut = _gutter(small, left, right)
    if cut is None:
        return whole
    x = float(round(cut / scale))
    return Box(0.0, 0.0, x, float(height)), Box(x, 0.0, float(width), float(height))


def _gutter(grey: Mask, left: int, right: int) -> float | None:
    """Return where one page ends and the other begins, None where there is one page; paper from `left` to `right`."""
    ink = level(ink_of(grey)).astype(np.uint8)
    wide = right - left
    low, high = (left + round(wide * share) for share in _MIDDLE)
    bar = np.ones((max(len(ink) // 8, 2), 1), np.uint8)
    down = np.asarray(cv2.morphologyEx(ink, cv2.MORPH_OPEN, bar), np.uint8)
    print_ = _print(ink, down)
    seam = _seam(grey, down, low, high)
    if seam is not None:
        print_[:, max(round(seam - _SEAM * wide), 0) : round(seam + _SEAM * wide) + 1] = 0
    first, second = _block(print_[:, left:low]), _block(print_[:, high:right])
    if first is None and second is None:
        return None
    printed = _inked(print_)
    gap = _widest_gap(printed, low, high)
    if gap is None:
        return None
    # The gap goes on beyond the middle of the page, up to print or to the edge of the paper.
    inked = np.flatnonzero(printed)
    before, after = inked[(inked < gap[0]) & (inked >= left)], inked[(inked >= gap[1]) & (inked < right)]
    start, end = (int(before[-1]) + 1 if len(before) else left), (int(after[0]) if len(after) else right)
    at = seam if seam is not None and start <= seam <= end else None
    if first is None or second is None:
        return _beside_blank(print_, (left, right), at)
    room = end - start
    if not len(before) or not len(after):
        return at
    if at is not None and room >= (_LEAST_ROOM + 2 * _SEAM) * wide:
        return at
    margins = (int(before[0]) - left) + (right - int(after[-1]) - 1)
    own_margins = room >= max(_LEAST_PLAIN_ROOM * wide, _LIKE_MARGINS * margins)
    parts = (print_[:, left:start], print_[:, end:right], print_)
    across = all(down_to_across(part.astype(np.float32)) < _ON_SIDE for part in parts)
    # Facing pages are as wide as each other.
    middle = float(np.clip((left + right) / 2, start + 0.2 * room, end - 0.2 * room))
    return middle if own_margins and across else None


def _print(ink: Mask, down: Mask) -> Mask:
    """Return `ink` without upright rules, punch holes and specks."""
    solid = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((7, 7), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(solid)
    small = stats[1:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1, initial=0) <= _HOLE
    ink = np.asarray(np.minimum(ink, 1 - cv2.dilate(down, np.ones((1, 3), np.uint8))), np.uint8)
    if count - 1 <= _MOST_HOLES and small.all():
        ink = np.asarray(np.minimum(ink, 1 - cv2.dilate(solid, np.ones((7, 7), np.uint8))), np.uint8)
    ink[: len(ink) // 25], ink[-(len(ink) // 25) :] = 0, 0
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    kept = stats[:, cv2.CC_STAT_AREA] >= 5
    kept[0] = False
    return np.asarray(kept[labels], np.uint8)


def _inked(print_: Mask) -> NDArray[np.bool_]:
    """Return for each column whether there is print in it; a few marks by themselves, as punch holes, are none."""
    inked = np.asarray(print_.sum(axis=0) > 0.004 * len(print_), np.bool_)
    for start, end in _runs(inked):
        if end - start <= _NARROW * print_.shape[1]:
            marks = cv2.morphologyEx(print_[:, start:end], cv2.MORPH_CLOSE, np.ones((15, 15), np.uint8))
            if cv2.connectedComponents(marks)[0] - 1 <= _FEW:
                inked[start:end] = False
    return inked


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return [(int(start), int(end)) for start, end in zip(edges[::2], edges[1::2], strict=True)]


def _block(print_: Mask) -> _Block | None:
    """Return how far the print of one half reaches, None where it is blank."""
    if print_.mean() < _LEAST_PRINT:
        return None
    columns = np.flatnonzero(_inked(print_))
    rows = np.flatnonzero(print_.sum(axis=1) > 1)
    if len(columns) < 8 or not len(rows):
        return None
    return _Block(int(columns[0]), int(columns[-1]) + 1, int(rows[-1] - rows[0]))


def _widest_gap(printed: NDArray[np.bool_], low: int, high: int) -> tuple[int, int] | None:
    """Return the widest run of columns without print between `low` and `high`."""
    bare = ((low + start, low + end) for start, end in _runs(~printed[low:high]))
    return max(bare, key=lambda run: run[1] - run[0], default=None)


def _seam(grey: Mask, down: Mask, low: int, high: int) -> float | None:
    """Return where a gutter is seen between `low` and `high`: its shadow, or a line from top to bottom."""
    paper = cv2.medianBlur(cv2.dilate(grey, np.ones((7, 7), np.uint8)), 21)
    margin = len(paper) // 10
    light = np.median(paper[margin : len(paper) - margin], axis=0)
    darkest = low + int(light[low:high].argmin())
    reach = (high - low) // 2
    beside = [light[max(darkest - reach, 0) : darkest + 1].max(), light[darkest : darkest + reach].max()]
    if light[darkest] < _SHADE * min(beside):
        return float(darkest)
    # The rule of a table ends on the paper.
    inner = len(down) // 25 + 1
    line = cv2.dilate(down, np.ones((1, 5), np.uint8))[inner:-inner, low:high].mean(axis=0)
    return float(low + int(line.argmax())) if line.max() > _WHOLE else None


def _beside_blank(print_: Mask, paper: tuple[int, int], seam: float | None) -> float | None:
    """Return where a blank page ends beside one that is not."""
    if seam is not None:
        return seam
    left, right = paper
    middle = (left + right) / 2
    block = _block(print_[:, left:right])
    if block is None:
        return None
    wide, start, end = right - left, left + block.left, left + block.right
    inside = end <= middle - _LEAST_ROOM * wide or start >= middle + _LEAST_ROOM * wide
    large = block.right - block.left >= _LEAST_BLOCK[0] * wide and block.height >= _LEAST_BLOCK[1] * len(print_)
    across = down_to_across(print_[:, start:end].astype(np.float32)) < _ON_SIDE
    return middle if inside and large and across else None

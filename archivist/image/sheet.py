"""Where the sheet of paper ends: the lid of the scanner and the desk around a photographed page are no paper."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

_SIDE = 400
#: The sheet takes up at least this share of the picture, and what is around it at least that of its edge.
_LEAST_SHEET, _LEAST_AROUND = 0.35, 0.12
_DARKER = 0.7
#: Paper in the shade keeps at least this share of the light; a desk or a lid may, too, and is then left in.
_DIMMEST = 0.38
_BRIGHTEST_DESK, _ABOVE_DESK = 0.55, 1.1
#: A gap along a side at most so deep and at least so long, as shares of the picture, is where the edge curves.
_DEEPEST_CURVE, _LONG = 0.07, 0.2
#: The four corners say where the sheet is when the outline fills this much of what lies between them.
_LEAST_FILLED = 0.93
#: A bar along an edge of the picture is at most so deep; something deeper is part of what is shown.
_DEEPEST_BAR, _RIM = 0.15, 7


@dataclass(frozen=True, eq=False)
class Sheet:
    """The sheet on a picture: `beyond` is True around it, (height, width); `corners` from top left, clockwise, (4, 2).

    `corners` is None where the sheet is not bounded by four sides.
    """

    beyond: NDArray[np.bool_]
    corners: NDArray[np.float64] | None

    @property
    def lean(self) -> float:
        """By how many degrees opposite sides converge or neighbouring ones lean; 0 for a rectangle, however turned."""
        if self.corners is None:
            return 0.0
        top, right, bottom, left = np.roll(self.corners, -1, axis=0) - self.corners
        across = [np.degrees(np.arctan2(side[1], side[0])) for side in (top, -bottom)]
        down = [np.degrees(np.arctan2(-side[0], side[1])) for side in (right, -left)]
        shear = abs(np.mean(across) - np.mean(down))
        return float(max(abs(across[0] - across[1]), abs(down[0] - down[1]), shear))


def shrunk(picture: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Return `picture`, grey or RGB, averaged down so that its longer side is `side` pixels, or as it is if smaller.

    By a whole step first, which takes a third of the time.
    """
    height, width = picture.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return picture
    step = int(1 / scale)
    if 1 < step <= min(height, width):
        whole = np.ascontiguousarray(picture[: height // step * step, : width // step * step])
        picture = np.asarray(cv2.resize(whole, (width // step, height // step), interpolation=cv2.INTER_AREA), np.uint8)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def find_sheet(picture: NDArray[np.uint8]) -> Sheet | None:
    """Return the sheet on `picture`, grey or RGB; None where it fills the picture or does not end clearly.

    The sheet is the largest bright area; print and stains at its edge stay in. A dark bar along an edge of the
    picture, thin as it may be, is no paper either.
    """
    shape = picture.shape[:2]
    small = shrunk(picture, _SIDE)
    # Wood and cloth are darkest in one colour, paper is pale in all.
    small = small.min(axis=2) if small.ndim == 3 else small
    found = _bright_sheet(small, shape)
    if found is not None:
        return found
    bars = _bars(small)
    if not bars.any() or bars.mean() > 1 - _LEAST_SHEET:
        return None
    beyond = cv2.resize(bars, shape[::-1], interpolation=cv2.INTER_LINEAR) > 0
    return Sheet(np.asarray(beyond, np.bool_), None)


def _bars(small: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the mask of dark bars along the edges of a small picture, with the pixels that are half bar."""
    dark = (small <= _DIMMEST * np.percentile(small, 85)).astype(np.uint8)
    # Beyond the edge all is dark, so that what is joined to it stays and strokes near it go.
    edged = cv2.copyMakeBorder(dark, _RIM, _RIM, _RIM, _RIM, cv2.BORDER_CONSTANT, value=1)
    solid = cv2.morphologyEx(edged, cv2.MORPH_OPEN, np.ones((_RIM, _RIM), np.uint8))
    _, labels = cv2.connectedComponents(solid)
    joined = (labels == labels[0, 0])[_RIM:-_RIM, _RIM:-_RIM].astype(np.uint8)
    bars = np.zeros_like(joined)
    for turn in range(4):
        side, out = np.rot90(joined, turn), np.rot90(bars, turn)
        depth = max(round(_DEEPEST_BAR * len(side)), 1)
        # A bar goes on; print that the edge cuts off does not.
        run = np.ones((1, max(side.shape[1] // 10, 1)), np.uint8)
        along = np.asarray(cv2.morphologyEx(np.ascontiguousarray(side[:1]), cv2.MORPH_OPEN, run), np.uint8)[0]
        if along.mean() >= _LONG and side[:depth].sum(axis=0).max() < depth:
            out[:depth] = np.maximum(out[:depth], side[:depth] * along)
    return np.asarray(cv2.dilate(bars, np.ones((5, 5), np.uint8)), np.uint8)


def _bright_sheet(small: NDArray[np.uint8], shape: tuple[int, ...]) -> Sheet | None:
    height, width = shape
    small = np.asarray(cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8)), np.uint8)
    white = float(np.percentile(small, 85))
    rim = float(np.percentile(np.concatenate([small[0], small[-1], small[:, 0], small[:, -1]]), 90))
    # Where all that is around the sheet is seen, the darkest paper is told from the brightest desk.
    dimmest = max(_DIMMEST * white, _ABOVE_DESK * rim if rim < _BRIGHTEST_DESK * white else 0.0)
    bright = (small > dimmest).astype(np.uint8)
    # Smooth, so that a bright streak along the border does not tie the sheet to what is beyond.
    bright = np.asarray(cv2.morphologyEx(bright, cv2.MORPH_OPEN, np.ones((9, 9), np.uint8)), np.uint8)
    edge = np.concatenate([bright[0], bright[-1], bright[:, 0], bright[:, -1]])
    if 1 - edge.mean() < _LEAST_AROUND:
        return None
    contours, _hierarchy = cv2.findContours(bright, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if not contours:
        return None
    largest = max(contours, key=cv2.contourArea)
    outline = np.asarray(cv2.convexHull(largest), np.int32)
    if cv2.contourArea(outline) < _LEAST_SHEET * bright.size:
        return None
    if not _ends_sharply(small, outline):
        return None
    # The last pixel is half desk.
    paper = cv2.erode(_with_curved_edges(bright, outline), np.ones((3, 3), np.uint8), borderValue=1)
    beyond = cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR) == 0
    if not beyond.any():
        return None
    corners = _corners(outline[:, 0].astype(np.float64), bright.shape)
    if corners is not None and not all(_edge_seen(small, *ends) for ends in pairwise([*corners, corners[0]])):
        corners = None
    if corners is not None:
        corners = corners * (width, height) / small.shape[::-1]
    return Sheet(np.asarray(beyond, np.bool_), corners)


def _with_curved_edges(bright: NDArray[np.uint8], outline: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Return the mask of what `outline` encloses, less the desk that shows along an edge that bows inwards."""
    paper = cv2.fillConvexPoly(np.zeros(bright.shape, np.uint8), outline, 1)
    gaps = cv2.morphologyEx(np.minimum(paper, 1 - bright), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(gaps)
    around = cv2.dilate(1 - paper, np.ones((3, 3), np.uint8), borderValue=1)
    for number in range(1, count):
        _left, _top, wide, high, area = stats[number]
        long, deep = max(wide, high), area / max(wide, high)
        gap = labels == number
        if long >= _LONG * min(bright.shape) and deep <= _DEEPEST_CURVE * max(bright.shape) and around[gap].any():
            paper[gap] = 0
    return np.asarray(paper, np.uint8)


def _corners(outline: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.float64] | None:
    """Return the four corners of the sheet, sides drawn through the outline between them, None where it has more."""
    total, difference = outline.sum(axis=1), outline[:, 0] - outline[:, 1]
    picks = (total.argmin(), difference.argmax(), total.argmax(), difference.argmin())
    quad = outline[list(picks)]
    sides = []
    dense = _dense(outline)
    for start, end in zip(quad, np.roll(quad, -1, axis=0), strict=True):
        along = end - start
        length = float(np.hypot(*along))
        if length < 0.3 * min(shape):
            return None
        unit = along / length
        offset = dense - start
        place, aside = offset @ unit, offset @ np.array([-unit[1], unit[0]])
        near = dense[(np.abs(aside) < 0.05 * length) & (place > 0.1 * length) & (place < 0.9 * length)]
        if len(near) < 10:
            return None
        dx, dy, x, y = cv2.fitLine(near.astype(np.float32), cv2.DIST_HUBER, 0, 0.01, 0.01).ravel()
        sides.append(np.cross([x, y, 1.0], [x + dx, y + dy, 1.0]))
    corners = []
    for before, after in zip(np.roll(sides, 1, axis=0), sides, strict=True):
        x, y, w = np.cross(before, after)
        if abs(w) < 1e-6:
            return None
        corners.append((x / w, y / w))
    found = np.array(corners)
    # A pixel of the outline is its middle; places are edges of pixels.
    filled = cv2.contourArea(outline.astype(np.float32)) / max(cv2.contourArea(found.astype(np.float32)), 1.0)
    if not cv2.isContourConvex(found.astype(np.float32)) or not _LEAST_FILLED < filled < 2 - _LEAST_FILLED:
        return None
    return found + 0.5


def _edge_seen(small: NDArray[np.uint8], start: NDArray[np.float64], end: NDArray[np.float64]) -> bool:
    """Whether paper ends along this side of the sheet, or the picture does."""
    along = end - start
    aside = np.array([along[1], -along[0]]) / max(float(np.hypot(*along)), 1.0)
    places = start + along * np.linspace(0.1, 0.9, 41)[:, None]
    ratios = []
    for place in places:
        (x, y), (out_x, out_y) = place - 5 * aside, place + 5 * aside
        if 0 <= out_x < small.shape[1] and 0 <= out_y < small.shape[0]:
            x, y = min(max(x, 0), small.shape[1] - 1), min(max(y, 0), small.shape[0] - 1)
            ratios.append(float(small[int(out_y), int(out_x)]) / max(float(small[int(y), int(x)]), 1.0))
    return len(ratios) < 20 or float(np.median(ratios)) < _DARKER


def _dense(outline: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return points every half pixel along a closed outline."""
    parts = []
    for start, end in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        count = max(round(2 * float(np.hypot(*(end - start)))), 1)
        parts.append(start + (end - start) * (np.arange(count) / count)[:, None])
    return np.concatenate(parts)


def _ends_sharply(grey: NDArray[Any], outline: NDArray[np.int32]) -> bool:
    """Whether it gets dark at once outside `outline`; a shadow across the paper darkens by degrees."""
    sheet = cv2.fillConvexPoly(np.zeros(grey.shape, np.uint8), outline, 1)
    band = np.ones((9, 9), np.uint8)
    outside, inside = cv2.dilate(sheet, band) - sheet, sheet - cv2.erode(sheet, band, borderValue=1)
    return bool(np.median(grey[outside == 1]) < _DARKER * np.median(grey[inside == 1]))

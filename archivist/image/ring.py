"""The writing of a round seal laid out level: its ring unrolled into a strip, its middle without the star."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from archivist.image.seal import Ellipse
from archivist.model import Box, Seal

Grey = NDArray[np.uint8]

_PAPER = 245
_INK = 150
#: Where the writing of the ring begins and ends, as shares of the radius: between rim and emblem; long names are set in
#: tall characters.
_OUTER, _INNER = (0.88, 0.955), (0.44, 0.62)
#: Half the width of a level line in the middle of a seal.
_LEVEL_REACH = 0.66
#: One strip for all seals, so that a reader sees pictures of one size; its writing is about 45 pixels high.
_HEIGHT, _MARGIN = 76, 12
_ANGLES = 720


@dataclass(frozen=True)
class Strip:
    """The writing of a seal laid out level: its ring unrolled, below row `level_from` what stands level in its middle.

    Every pixel of `image` knows where on the page it came from.
    """

    image: Grey
    level_from: int
    xs: NDArray[np.float32]
    ys: NDArray[np.float32]

    def on_page(self, box: Box) -> Box:
        """Return the upright box around what `box` of the strip is on the page."""
        height, width = self.xs.shape
        left, right = (min(max(round(side), 0), width - 1) for side in (box.left, box.right))
        top, bottom = (min(max(round(side), 0), height - 1) for side in (box.top, box.bottom))
        xs, ys = (part[top : bottom + 1, left : right + 1] for part in (self.xs, self.ys))
        return Box(float(xs.min()), float(ys.min()), float(xs.max()) + 1, float(ys.max()) + 1)


def unwrapped(ink: Grey, seal: Seal) -> Strip:
    """Return the writing of a round `seal` on `ink` (height, width; 255 or 245 is paper), its ring read clockwise.

    The ring is cut where it is empty for longest, so that a seal set on the paper askew begins with its first character
    too; the middle is turned as the ring says. Wide gaps between characters are made narrow: reading networks take
    them for the end of a line.
    """
    ring = Ellipse.in_box(seal.box)
    start = _gap(ink, ring)
    outer, inner = _emptiest(ink, ring, *_OUTER), _emptiest(ink, ring, *_INNER)
    row, below = _level(ink, ring, start - np.pi / 2)
    scale = _HEIGHT / ((outer - inner) * ring.radius)
    columns = round(np.pi * (outer + inner) * ring.radius * scale)
    away = np.linspace(outer, inner, _HEIGHT)[:, None]
    turns = np.linspace(0, 2 * np.pi, columns, endpoint=False)[None]
    xs, ys = _places(ring, away, start + turns)
    strip = _fetched(ink, xs, ys)
    if below:
        # The ends of a level line reach into the ring.
        down, across = away * np.cos(turns), away * np.sin(turns)
        strip[(down > below[0]) & (down < below[1]) & (np.abs(across) < _LEVEL_REACH)] = _PAPER
    kept = _without_gaps(strip)
    upper = _framed(strip[:, kept], xs[:, kept], ys[:, kept])
    lower = _framed(*row)
    wide = max(upper[0].shape[1], lower[0].shape[1])
    image, all_xs, all_ys = (
        np.concatenate([np.pad(part, ((0, 0), (0, wide - part.shape[1])), mode="edge") for part in pair])
        for pair in zip(upper, lower, strict=True)
    )
    return Strip(image.astype(np.uint8), len(upper[0]), all_xs.astype(np.float32), all_ys.astype(np.float32))


def _fetched(ink: Grey, xs: NDArray[np.float32], ys: NDArray[np.float32]) -> Grey:
    found = cv2.remap(ink, xs, ys, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=_PAPER)
    return np.minimum(found, _PAPER).astype(np.uint8)


def _framed(image: Grey, xs: NDArray[Any], ys: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    wide = ((_MARGIN, _MARGIN), (2 * _MARGIN, 2 * _MARGIN))
    return np.pad(image, wide, constant_values=_PAPER), np.pad(xs, wide, mode="edge"), np.pad(ys, wide, mode="edge")


def _level(
    ink: Grey, ring: Ellipse, turn: float
) -> tuple[tuple[Grey, NDArray[np.float32], NDArray[np.float32]], tuple[float, float] | None]:
    """Return the level line of a seal with its places on the page, and how far below the middle it begins and ends.

    It stands below the emblem, as 专用章 does, or in its place, as a date does; the latter has no "below".
    """
    size = ring.radius
    down, across = np.mgrid[-0.95 * size : 0.95 * size, -_LEVEL_REACH * size : _LEVEL_REACH * size] / size
    away, angle = np.hypot(down, across), np.arctan2(down, across)
    xs, ys = _places(ring, away, angle + turn)
    part = _fetched(ink, xs, ys)
    part[away > 0.92] = _PAPER
    inked = ((part < _INK) & (np.abs(across) < 0.3)).mean(axis=1) > 0.01
    rows = down[:, 0]
    line = np.flatnonzero(inked & (rows > 0.4) & (rows < 0.86))
    below = None
    if len(line) and rows[line[-1]] - rows[line[0]] > 0.08:
        below = (float(rows[line[0]]) - 0.03, float(rows[line[-1]]) + 0.03)
    core = (part < _INK) & (away < 0.35)
    solid = cv2.morphologyEx(core.astype(np.uint8), cv2.MORPH_OPEN, _disc(max(round(0.1 * size), 5)))
    from_, to = below or ((-0.4, 0.4) if solid.sum() < 0.01 * size * size else (0.4, 0.5))
    rows_kept = (rows > from_) & (rows < to)
    if below is None and to > 0.45:
        part[:] = _PAPER
    return (part[rows_kept], xs[rows_kept], ys[rows_kept]), below


def _disc(size: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)), np.uint8)


def _places(ring: Ellipse, away: NDArray[Any], angle: NDArray[Any]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return x and y of the pixels at distances (1 is the rim) and angles (clockwise from the right)."""
    xs = ring.x + ring.across * away * np.cos(angle) - 0.5
    ys = ring.y + ring.down * away * np.sin(angle) - 0.5
    return xs.astype(np.float32), ys.astype(np.float32)


def _around(ink: Grey, ring: Ellipse, radii: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return for each of `radii` and each angle of the circle whether it is inked."""
    angles = np.linspace(0, 2 * np.pi, _ANGLES, endpoint=False)
    return np.asarray(_fetched(ink, *_places(ring, radii[:, None], angles[None])) < _INK, np.bool_)


def _emptiest(ink: Grey, ring: Ellipse, least: float, most: float) -> float:
    """Return the outermost circle between two radii, as shares, that is as empty as any."""
    radii = np.linspace(least, most, 19)
    inked = _around(ink, ring, radii).mean(axis=1)
    return float(radii[np.flatnonzero(inked <= inked.min() + 0.02)[-1]])


def _gap(ink: Grey, ring: Ellipse) -> float:
    """Return the angle (clockwise from the right) in the middle of the longest empty stretch of the ring."""
    inked = _around(ink, ring, np.linspace(0.66, 0.88, 16)).mean(axis=0)
    # Print that runs through the seal, or a code number along the lower rim, may fill the gap: the sum over the width
    # of a usual gap finds it all the same. Where all stretches are alike the lowest point is meant.
    width = _ANGLES // 8
    around = np.concatenate([inked[-width:], inked, inked[:width]])
    sums = np.convolve(around, np.hanning(2 * width + 1) / width, "valid")
    lowest = 0.02 * (1 - np.sin(np.linspace(0, 2 * np.pi, _ANGLES, endpoint=False)))
    return float(np.argmin(sums + lowest) * 2 * np.pi / _ANGLES)


def _without_gaps(strip: Grey) -> NDArray[np.intp]:
    """Return which columns of `strip` to keep, so that no gap is wider than a quarter of the strip is high."""
    inked = (strip < _INK).sum(axis=0) > 1
    widest = strip.shape[0] // 4
    kept, empty = [], 0
    for column, ink in enumerate(inked):
        empty = 0 if ink else empty + 1
        if empty <= widest:
            kept.append(column)
    return np.asarray(kept, np.intp)

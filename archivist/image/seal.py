"""Where seals are: round and oval seals of offices and ruled stamps, in red ink or on grey and bilevel scans.

A seal is known by its shape, not by its colour alone: a rim that runs round without a break, as thin as a pen stroke,
paper on both sides of it and, where no colour tells its ink from black, writing along its inside.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from archivist.model import Box, Cell, Seal

Grey = NDArray[np.uint8]

#: Seals are looked for on a picture whose longer side is about this, so that a millimetre of A4 is 3.4 pixels.
_SIDE = 1000
#: Radii on that picture: 13 to 38 mm on A4; seals of offices measure 38 to 60 mm across, oval ones 30 by 45.
_LEAST_RADIUS, _MOST_RADIUS = 44, 130
#: What is ink there. The rim is a thin line, and averaging makes it pale.
_INK_RED, _INK_DARK = 170, 185
#: Print is smaller than the arcs that a rim falls into, and a rule is straighter.
_LEAST_ARC, _THINNEST_ARC, _FULLEST_ARC = 40, 14, 0.45
_RULE = 75
#: How much of a rim must be there: red ink is patchy, but nothing else is red; print beside a dark rim fills its gaps.
_LEAST_RIM_RED, _LEAST_RIM_DARK = 0.6, 0.7
#: With less ink than this share a red layer is a head and seals.
_MOST_RED = 0.02
#: Accession stamps stand in this upper part of a page; as shares of its sides they are at most this wide and high.
_STAMP_BAND, _STAMP_WIDTH, _STAMP_HEIGHT = 0.2, 0.4, 0.1
_ANGLES = np.linspace(0, 2 * np.pi, 180, endpoint=False)
#: How many ellipses are tried on a piece of ink, and on how many of its pixels.
_TRIES, _POINTS = 800, 400
#: An oval seal is at most this much longer than wide.
_LONGEST = 1.7


class Ellipse(NamedTuple):
    """A level ellipse: its middle and half its width and height."""

    x: float
    y: float
    across: float
    down: float

    @classmethod
    def in_box(cls, box: Box) -> "Ellipse":
        """Return the ellipse that fills `box`."""
        return cls(*box.centre, box.width / 2, box.height / 2)

    @property
    def box(self) -> Box:
        """The box around it."""
        return Box(self.x - self.across, self.y - self.down, self.x + self.across, self.y + self.down)

    @property
    def radius(self) -> float:
        """The radius of the circle of the same size."""
        return float(np.sqrt(self.across * self.down))


def find_seals(black: Grey, red: Grey | None) -> tuple[Seal, ...]:
    """Return the seals and ruled stamps of a page from its two layers (height, width; 245 is paper), in their pixels.

    On `red` (None where there is no red ink) a rim is enough, and stamps in red rules are found too; a large character
    of a red head is neither. On `black` a seal must also carry writing along its rim, which a circle drawn around a
    word, a punch hole and most round logos do not; for stamps in black see `stamps_among`.
    """
    found: list[Seal] = []
    if red is not None:
        scale = max(red.shape) / _SIDE
        small = cv2.resize(red, None, fx=1 / scale, fy=1 / scale, interpolation=cv2.INTER_AREA)
        ink = (np.asarray(small) < _INK_RED).astype(np.uint8)
        # The rim of a patchy seal breaks into pieces as small as print, but on a page all in red print hides no rim.
        arcs = ink if ink.mean() < _MOST_RED else _arcs(*cv2.connectedComponentsWithStats(ink)[1:3])
        if arcs is not None:
            found.extend(Seal(_scaled(ring.box, scale)) for ring in _rings(ink, arcs, written=False))
        found.extend(Seal(_scaled(box, scale), "ruled") for box in _stamps(ink))
    # Whole steps: averaging over them is several times faster than over fractions, and every page pays for it.
    step = min(max(round(max(black.shape) / _SIDE), 1), *black.shape)
    height, width = (side // step * step for side in black.shape)
    size = (width // step, height // step)
    small = black if step == 1 else cv2.resize(black[:height, :width], size, interpolation=cv2.INTER_AREA)
    ink = (np.asarray(small) < _INK_DARK).astype(np.uint8)
    arcs = _arcs(*cv2.connectedComponentsWithStats(ink)[1:3])
    if arcs is not None:
        for ring in _rings(ink, arcs, written=True):
            box = _scaled(ring.box, step)
            if all(box.overlap(seal.box) < 0.3 * box.width * box.height for seal in found):
                found.append(Seal(box, red=False))
    return tuple(found)


def stamps_among(cells: Sequence[Cell], shape: tuple[int, ...]) -> tuple[Seal, ...]:
    """Return the accession stamps (归档章, DA/T 22) among the ruled tables of a page of `shape` (height, width).

    In black, a stamp is a table like another, but a small one by itself at the head of the page: two or three rows of
    two to four cells.
    """
    height, width = shape[:2]
    found = []
    for table in {cell.table: None for cell in cells}:
        own = [cell for cell in cells if cell.table == table]
        box = Box.around(cell.box for cell in own)
        rows = max(cell.row + cell.rows for cell in own)
        columns = max(cell.column + cell.columns for cell in own)
        small = box.width < _STAMP_WIDTH * min(width, height) and box.height < _STAMP_HEIGHT * max(width, height)
        if small and box.bottom < _STAMP_BAND * height and 2 <= rows <= 3 and 2 <= columns <= 4:
            found.append(Seal(box, "ruled", red=False))
    return tuple(found)


def _scaled(box: Box, scale: float) -> Box:
    return Box(*(side * scale for side in box))


def _arcs(labels: NDArray[Any], stats: NDArray[Any]) -> Grey | None:
    """Return only what may be part of a rim: larger than print, thin, not straight; None where there is none."""
    width, height, area = stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT], stats[:, cv2.CC_STAT_AREA]
    keep = (np.maximum(width, height) >= _LEAST_ARC) & (np.minimum(width, height) >= _THINNEST_ARC)
    keep &= area < _FULLEST_ARC * width * height
    keep[0] = False
    if not keep.any():
        return None
    arcs = np.asarray(keep[labels], np.uint8)
    for shape in ((1, _RULE), (_RULE, 1)):
        rules = cv2.morphologyEx(arcs, cv2.MORPH_OPEN, np.ones(shape, np.uint8))
        arcs[cv2.dilate(rules, np.ones((3, 3), np.uint8)) > 0] = 0
    # A quarter of the smallest rim.
    return arcs if int(arcs.sum()) >= _LEAST_RADIUS * np.pi / 2 else None


def _rings(ink: Grey, arcs: Grey, *, written: bool) -> list[Ellipse]:
    """Return the rims on `ink`; `arcs` is what of it may belong to one."""
    least = _LEAST_RIM_DARK if written else _LEAST_RIM_RED
    found = [
        (quality, ring)
        for start in (*_circles(arcs), *_ovals(arcs))
        if (ring := _fitted(ink, start))
        if (quality := _rim(ink, ring, least)) and (not written or _written_round(ink, ring))
    ]
    rings: list[Ellipse] = []
    for _, ring in sorted(found, reverse=True):
        if all(ring.box.overlap(other.box) < 0.5 * min(_area(ring), _area(other)) for other in rings):
            rings.append(ring)
    return rings


def _area(ring: Ellipse) -> float:
    return ring.box.width * ring.box.height


def _unit(ink: Grey) -> float:
    """Return how many pixels of `ink` make one where the longer side is _SIDE."""
    return float(max(ink.shape)) / _SIDE


def _circles(arcs: Grey) -> Iterator[Ellipse]:
    least, most = round(_LEAST_RADIUS * _unit(arcs)), round(_MOST_RADIUS * _unit(arcs))
    circles = cv2.HoughCircles(
        cv2.GaussianBlur(arcs * 255, (5, 5), 0), cv2.HOUGH_GRADIENT, 1.5, 60,
        param1=120, param2=30, minRadius=least, maxRadius=most,
    )  # fmt: skip
    for x, y, radius in [] if circles is None else circles[0]:
        yield Ellipse(float(x), float(y), float(radius), float(radius))


def _ovals(arcs: Grey) -> Iterator[Ellipse]:
    """Yield for each large piece of ink the level ellipse that most of it lies on (RANSAC, Fischler and Bolles 1981).

    A rim and the print that crosses it are one piece.
    """
    least, most = 0.8 * _LEAST_RADIUS * _unit(arcs), _MOST_RADIUS * _unit(arcs)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(cv2.dilate(arcs, np.ones((3, 3), np.uint8)))
    chance = np.random.default_rng(0)
    for number in range(1, count):
        left, top, width, height, _area = stats[number]
        if min(width, height) < 1.6 * least:
            continue
        part = np.s_[top : top + height, left : left + width]
        ys, xs = np.nonzero((labels[part] == number) & (arcs[part] > 0))
        picks = chance.integers(0, len(xs), (_TRIES, 4))
        x, y = xs[picks] - width / 2, ys[picks] - height / 2
        terms = np.stack([x * x, y * y, x, y], axis=2)
        proper = np.abs(np.linalg.det(terms / terms.std(axis=(0, 1)))) > 1e-6
        a, b, c, d = np.linalg.solve(terms[proper], np.ones((int(proper.sum()), 4, 1)))[:, :, 0].T
        a, b = np.where(a == 0, -1, a), np.where(b == 0, -1, b)
        size = 1 + c * c / (4 * a) + d * d / (4 * b)
        across, down = (np.sqrt(np.clip(size / term, 0, None)) for term in (a, b))
        fits = (a > 0) & (b > 0) & (np.minimum(across, down) > least) & (np.maximum(across, down) < most)
        middles = np.stack([-c / (2 * a), -d / (2 * b), across, down])[:, fits]
        if not middles.size:
            continue
        some = chance.integers(0, len(xs), _POINTS)
        x, y = xs[some, None] - width / 2, ys[some, None] - height / 2
        away = np.hypot((x - middles[0]) / middles[2], (y - middles[1]) / middles[3])
        near = (np.abs(away - 1) * np.sqrt(middles[2] * middles[3]) < 2).sum(axis=0)
        x, y, across, down = (float(value) for value in middles[:, near.argmax()])
        yield Ellipse(left + width / 2 + x, top + height / 2 + y, across, down)


def _polar(ink: Grey, ring: Ellipse, radii: NDArray[Any]) -> NDArray[np.bool_]:
    """Return for each of `radii` (1 is the ring) and each of 180 angles whether it is inked; none is off the sheet."""
    columns = np.rint(ring.x + ring.across * np.outer(radii, np.cos(_ANGLES))).astype(int)
    rows = np.rint(ring.y + ring.down * np.outer(radii, np.sin(_ANGLES))).astype(int)
    height, width = ink.shape
    on_sheet = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    inked = ink[np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)] > 0
    return np.asarray(inked & on_sheet, np.bool_)


def _fitted(ink: Grey, start: Ellipse) -> Ellipse | None:
    """Return the ellipse through the rim near `start`, None where the ink there does not lie on one."""
    ring = start
    least, most = 0.75 * _LEAST_RADIUS * _unit(ink), 1.1 * _MOST_RADIUS * _unit(ink)
    for reach in (0.09, 0.05, 0.03):
        radii = np.linspace(1 - reach, 1 + reach, 2 * max(round(reach * ring.radius), 3) + 1)
        inked = _polar(ink, ring, radii).astype(np.float32)
        # The rim is several pixels thick: its middle is where most ink lies close by.
        mass = cv2.blur(inked, (1, 3)) - 0.4 * np.abs(radii - 1)[:, None] / reach
        best, angles = mass.argmax(axis=0), np.arange(len(_ANGLES))
        on_rim = inked[best, angles] > 0
        if on_rim.mean() < 0.5:
            return None
        away = radii[best[on_rim]]
        x, y = np.cos(_ANGLES[on_rim]) * away, np.sin(_ANGLES[on_rim]) * away
        fitted = _level_ellipse(x, y)
        if fitted is None:
            return None
        ring = Ellipse(
            ring.x + fitted.x * ring.across, ring.y + fitted.y * ring.down,
            ring.across * fitted.across, ring.down * fitted.down,
        )  # fmt: skip
        long, short = max(ring.across, ring.down), min(ring.across, ring.down)
        if not (least <= short and long <= most and long <= _LONGEST * short):
            return None
    return ring


def _level_ellipse(x: NDArray[np.float64], y: NDArray[np.float64]) -> Ellipse | None:
    """Return the level ellipse nearest to the points, those far off it left aside, by least squares."""
    weights = np.ones_like(x)
    for _ in range(4):
        terms = np.stack([x * x, y * y, x, y], axis=1)
        a, b, c, d = np.linalg.lstsq(terms * weights[:, None], weights, rcond=None)[0]
        if a <= 0.2 or b <= 0.2:
            return None
        size = 1 + c * c / (4 * a) + d * d / (4 * b)
        ring = Ellipse(-c / (2 * a), -d / (2 * b), float(np.sqrt(size / a)), float(np.sqrt(size / b)))
        off = np.abs(np.hypot((x - ring.x) / ring.across, (y - ring.y) / ring.down) - 1)
        weights = 1 / (1 + (off / max(float(np.median(off)), 0.005)) ** 2)
    return ring


def _rim(ink: Grey, ring: Ellipse, least: float) -> float:
    """Return how much of a rim `ring` is, 0 where it is none: a thin line all round, with little ink beside it."""
    pixel = 1 / ring.radius
    rim = _polar(ink, ring, 1 + pixel * np.arange(-2, 3))
    whole = float(rim.any(axis=0).mean())
    # Bits of the rim may be missing, but never a whole side of it.
    twelfths = rim.any(axis=0).reshape(12, -1).mean(axis=1)
    # Print that runs on beside the seal inks some of the paper there; a circle seen in print has no edge at all.
    outside = float(_polar(ink, ring, np.linspace(1.06, 1.14, 5)).mean())
    inside = float(_polar(ink, ring, np.linspace(0.86, 0.95, 6)).mean(axis=1).min())
    peak = float(rim.mean(axis=1).max())
    if whole < least or np.sort(twelfths)[1] < 0.15 or peak < 0.4 or outside > 0.45 * peak or inside > 0.5 * peak:
        return 0.0
    return whole + peak - outside - inside


def _written_round(ink: Grey, ring: Ellipse) -> bool:
    """Whether writing runs along the inside of the rim: some ink, some paper, most of the way round."""
    band = _polar(ink, ring, np.linspace(0.62, 0.9, 12))
    sectors = band.any(axis=0).reshape(18, -1).any(axis=1)
    return bool(0.05 <= band.mean() <= 0.6 and sectors.mean() >= 0.5)


def _stamps(ink: Grey) -> list[Box]:
    closed = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(closed)
    return [
        Box(float(left), float(top), float(left + width), float(top + height))
        for left, top, width, height, _area in stats[1:count]
        if 60 <= width <= 420 and 24 <= height <= 200 and _ruled(ink[top : top + height, left : left + width])
    ]


def _ruled(part: Grey) -> bool:
    """Whether thin rules make a frame, as on an accession stamp (归档章)."""
    height, width = part.shape
    across = cv2.morphologyEx(part, cv2.MORPH_OPEN, np.ones((1, max(width * 3 // 5, 2)), np.uint8))
    down = cv2.morphologyEx(part, cv2.MORPH_OPEN, np.ones((max(height * 3 // 5, 2), 1), np.uint8))
    rows, columns = (np.asarray(mask, np.bool_) for mask in (across.any(axis=1), down.any(axis=0)))
    thin = rows.mean() < 0.25 and columns.mean() < 0.25
    return bool(thin and _runs(rows) >= 3 and _runs(columns) >= 2)


def _runs(flags: NDArray[np.bool_]) -> int:
    return int(np.count_nonzero(flags[1:] & ~flags[:-1]) + flags[:1].sum())

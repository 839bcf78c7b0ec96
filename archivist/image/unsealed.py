"""The print under a dark seal: rim, emblem and ring writing taken off, strokes that cross them left whole.

On a grey scan the seal's ink is paler than print that lies under it; on a bilevel one only shape tells them apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from archivist.image.seal import Ellipse
from archivist.model import Box, Line, Seal

Grey = NDArray[np.uint8]
Mask = NDArray[np.bool_]

_PAPER = 245
#: So far above and below a seal, in radii, lines that it touches may reach.
_MARGIN = 0.45
_INK, _CORE = 170, 110
#: Parts of a seal as shares of its radius: the ring writing, and the star in its middle.
_RING_INNER, _RING_OUTER = 0.55, 0.97
_EMBLEM = 0.45
#: No character of the ring is larger.
_CHARACTER = 0.3
#: A star's inner corners lie at this share of its outer ones (a regular pentagram).
_STAR_INNER = 0.382
#: So many pixels make a stroke.
_SPECK = 15
#: What is left of the ink on the ring where it is too pale to be surely print.
_PALE = 0.45
#: Rows of print are looked for so far from the middle of the seal, in radii; no gap in a character is taller than this.
_BESIDE, _ROW_GAP = 3.0, 7
#: Print at least this much darker than the seal's ink is told from it by darkness.
_DARKER = 40
#: Print lies under at most this share of the rim, or of the emblem; on patchy ink more is as dark, and none is print.
_MOST_UNDER_RIM, _MOST_UNDER_EMBLEM = 0.15, 0.38


@dataclass(frozen=True)
class Unsealed:
    """Rows of the page without the ink of the `seals` in them; the first row of `image` is row `top` of the page."""

    image: Grey
    top: int
    seals: tuple[Seal, ...]


@dataclass(frozen=True)
class _Disc:
    """A part of the page around a seal, with each pixel's distance from the middle (1 is the rim) and angle."""

    ring: Ellipse
    away: NDArray[np.float32]
    angle: NDArray[np.float32]


def without_seals(black: Grey, seals: Sequence[Seal], lines: Sequence[Line] = ()) -> tuple[Unsealed, ...]:
    """Return the rows of `black` (height, width; 245 is paper) that the dark round `seals` cover, without their ink.

    `lines` are those read on `black` so far: what stands in a ring and in none of their rows is the seal's own writing.
    The whole width of the page is returned, so that lines are read whole; seals in the same rows are in one part.
    """
    clear = black.copy()
    reaches: list[tuple[int, int, tuple[Seal, ...]]] = []
    for seal in sorted(seals, key=lambda seal: seal.box.top):
        margin = _MARGIN * Ellipse.in_box(seal.box).radius
        top, bottom = max(round(seal.box.top - margin), 0), min(round(seal.box.bottom + margin), black.shape[0])
        others = [Ellipse.in_box(other.box) for other in seals if other is not seal]
        _take_off(clear, black, seal, (top, bottom), others, lines)
        if reaches and top < reaches[-1][1]:
            first, last, group = reaches[-1]
            reaches[-1] = (first, max(last, bottom), (*group, seal))
        else:
            reaches.append((top, bottom, (seal,)))
    return tuple(Unsealed(clear[top:bottom], top, group) for top, bottom, group in reaches)


def _take_off(
    clear: Grey,
    black: Grey,
    seal: Seal,
    reach: tuple[int, int],
    others: Sequence[Ellipse],
    lines: Sequence[Line],
) -> None:
    """Make the ink of `seal` on `clear` paper; `reach` are the rows of the page around it."""
    ring = Ellipse.in_box(seal.box)
    top, bottom = reach
    left, right = max(round(seal.box.left) - 8, 0), min(round(seal.box.right) + 8, black.shape[1])
    window = clear[top:bottom, left:right]
    disc = _disc(window.shape, Ellipse(ring.x - left, ring.y - top, ring.across, ring.down))
    ink = window < _INK
    within = [_moved(line.box, top) for line in lines if _through(line, ring)]
    around = [Ellipse(other.x, other.y - top, other.across, other.down) for other in (ring, *others)]
    rows = _rows(black[top:bottom], around, within)[:, left:right]
    rim, emblem = _rim(ink, disc), _emblem(ink, disc)
    gone = rim.band & ~_crossing(ink & ~emblem, rim, rows, disc)
    gone |= _ring_writing(ink & ~gone & ~emblem, rows, disc)
    print_tone = _tone_of_print(black[top:bottom], around)
    rim_tone = _tone(window[rim.band & ink], print_tone, _MOST_UNDER_RIM)
    emblem_tone = _tone(window[emblem & ink], print_tone, _MOST_UNDER_EMBLEM)
    if rim_tone:
        # Print over print: what is dark stays, and on the ring what is paler fades; thin strokes are pale as well.
        dark = _dark(window, rim_tone, print_tone, 1)
        gone &= ~np.where(rim.band, _dark(window, rim_tone, print_tone, _SPECK), dark)
        pale = rows & ~dark & (disc.away > _RING_INNER) & (disc.away < 1)
        window[pale] = np.asarray(_PAPER - (_PAPER - np.minimum(window[pale], _PAPER)) * _PALE, np.uint8)
    if emblem_tone:
        under = emblem & _dark(window, emblem_tone, print_tone, _SPECK)
        window[under] = np.asarray(np.minimum(window[under] * (_PAPER / emblem_tone), _PAPER), np.uint8)
        gone |= emblem & ~under
    else:
        gone |= emblem
    window[gone & ink] = _PAPER
    fringe = cv2.dilate((gone & ink).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    stays = cv2.dilate((~gone & (window < _CORE)).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    window[fringe & ~stays] = _PAPER


def _through(line: Line, ring: Ellipse) -> bool:
    """Whether `line` stands wholly within the seal and runs through its middle, as a short signature does."""
    places = [_away(*glyph.box.centre, ring) for glyph in line.glyphs]
    level = line.box.width > 2.2 * line.box.height
    return level and len(places) > 1 and max(places) <= 1.1 and min(places) < _RING_INNER


def _away(x: float, y: float, ring: Ellipse) -> float:
    return float(np.hypot((x - ring.x) / ring.across, (y - ring.y) / ring.down))


def _disc(shape: tuple[int, ...], ring: Ellipse) -> _Disc:
    ys, xs = np.mgrid[: shape[0], : shape[1]].astype(np.float32) + 0.5
    x, y = (xs - ring.x) / ring.across, (ys - ring.y) / ring.down
    return _Disc(ring, np.hypot(x, y).astype(np.float32), np.arctan2(y, x).astype(np.float32))


def _tone_of_print(part: Grey, seals: Sequence[Ellipse]) -> float:
    """Return how dark the strokes of print are beside the seals."""
    ink = part[(part < _INK) & ~_in_any(part.shape, seals)]
    return float(np.percentile(ink, 10)) if len(ink) else 0.0


def _in_any(shape: tuple[int, ...], seals: Sequence[Ellipse]) -> Mask:
    covered = np.zeros(shape, np.uint8)
    for seal in seals:
        middle = (round(seal.x), round(seal.y))
        cv2.ellipse(covered, middle, (round(1.06 * seal.across), round(1.06 * seal.down)), 0, 0, 360, 1, -1)
    return covered > 0


def _tone(ink: Grey, print_tone: float, most: float) -> float | None:
    """Return how dark the seal's `ink` is, None where it is as dark as print, or more than the share `most` is."""
    if not len(ink):
        return None
    tone = float(np.median(ink))
    as_dark = float((ink < _between(tone, print_tone)).mean())
    return tone if tone - print_tone >= _DARKER and as_dark < most else None


def _between(tone: float, print_tone: float) -> float:
    return print_tone + 0.45 * (tone - print_tone)


def _dark(window: Grey, tone: float, print_tone: float, least: int) -> Mask:
    """Return where `window` is so much darker than the seal's `tone` that it is print, edges included.

    Pieces of fewer than `least` pixels do not count: such specks are the grain of the seal's ink.
    """
    core = (window < _between(tone, print_tone)).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(core)
    core[stats[labels, cv2.CC_STAT_AREA] < least] = 0
    return np.asarray(cv2.dilate(core, np.ones((3, 3), np.uint8)) > 0, np.bool_)


@dataclass(frozen=True)
class _Rim:
    """The rim as a mask, and for each pixel of the picture how far in and out the rim reaches at its angle."""

    band: Mask
    inner: NDArray[np.float32]
    outer: NDArray[np.float32]


def _rim(ink: Mask, disc: _Disc) -> _Rim:
    """Return the rim; it is followed all the way round, as few are quite round."""
    pixel = 1 / disc.ring.radius
    angles = np.linspace(-np.pi, np.pi, 360, endpoint=False)
    radii = 1 + pixel * np.arange(-14, 15)
    rings = np.asarray(_sampled(ink, disc.ring, radii[:, None], angles[None]), np.float32)
    along = np.array([rings[:, np.arange(turn - 6, turn + 7) % 360].mean(axis=1) for turn in range(360)]).T
    # Where most of a stretch is inked is rim; print that crosses it slants, and inks less of the stretch.
    most = along * (1 - 0.02 * np.abs(np.arange(-14, 15)))[:, None]
    peak = most.argmax(axis=0)
    full = along > 0.5 * along.max(axis=0)
    low, high = peak.copy(), peak.copy()
    for turn in range(360):
        while low[turn] > 0 and full[low[turn] - 1, turn]:
            low[turn] -= 1
        while high[turn] < len(radii) - 1 and full[high[turn] + 1, turn]:
            high[turn] += 1
    edges = [_median_round(radii[side] + shift * pixel, 31) for side, shift in ((low, -1.5), (high, 1.5))]
    turn = np.clip(((disc.angle + np.pi) * (180 / np.pi)).astype(int), 0, 359)
    inner, outer = (edge.astype(np.float32)[turn] for edge in edges)
    return _Rim(np.asarray((disc.away > inner) & (disc.away < outer), np.bool_), inner, outer)


def _median_round(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    count = len(values)
    return np.array([np.median(values[np.arange(at - width // 2, at + width // 2 + 1) % count]) for at in range(count)])


def _sampled(ink: Mask, ring: Ellipse, away: NDArray[Any], angle: NDArray[Any]) -> Mask:
    """Return whether there is ink at places given by distance and angle; none is off the picture."""
    xs = (ring.x + ring.across * away * np.cos(angle) - 0.5).astype(np.float32)
    ys = (ring.y + ring.down * away * np.sin(angle) - 0.5).astype(np.float32)
    return np.asarray(cv2.remap(ink.astype(np.uint8), xs, ys, cv2.INTER_NEAREST) > 0, np.bool_)


def _crossing(ink: Mask, rim: _Rim, rows: Mask, disc: _Disc) -> Mask:
    """Return where a stroke runs through the rim: ink just beyond both its edges, or well beyond one in a row."""
    pixel = 1 / disc.ring.radius
    soft = cv2.dilate(ink.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    near, far = (
        [
            _sampled(soft, disc.ring, edge + way * step * pixel, disc.angle)
            for edge, way in ((rim.inner, -1), (rim.outer, 1))
        ]
        for step in (1.5, 6.0)
    )
    # A stroke that ends on the rim, as the first stroke of a line may.
    ends = rows & ((near[0] & far[0]) | (near[1] & far[1]))
    return np.asarray(rim.band & ((near[0] & near[1]) | ends), np.bool_)


def _emblem(ink: Mask, disc: _Disc) -> Mask:
    """Return the star (or another solid emblem) in the middle, taken for a star where one fits."""
    star = _star(ink, disc)
    if star is not None:
        return star
    size = max(round(0.1 * disc.ring.radius), 5)
    solid = cv2.morphologyEx(
        (ink & (disc.away < _EMBLEM)).astype(np.uint8), cv2.MORPH_OPEN,
        cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)),
    )  # fmt: skip
    grown = cv2.dilate(solid, np.ones((size // 2, size // 2), np.uint8)) > 0
    return np.asarray(grown & (disc.away < _EMBLEM), np.bool_)


def _star(ink: Mask, disc: _Disc) -> Mask | None:
    """Return the star that covers most ink and least paper, a little larger all round; None where none fits."""

    def fits(star: _Star) -> float:
        mask = _drawn_star(ink.shape, disc.ring, star)
        inked = int((ink & mask).sum())
        return inked - 1.3 * (int(mask.sum()) - inked)

    sizes, turns = np.arange(0.2, 0.46, 0.03), np.arange(-0.6, 0.6, 0.14)
    best = max((_Star(float(size), float(turn)) for size in sizes for turn in turns), key=fits)
    # Few stars are cut quite in the middle.
    for step in (0.03, 0.015, 0.008) * 2:
        for way in (step, -step):
            moved = (
                best._replace(size=best.size + way),
                best._replace(turn=best.turn + 4 * way),
                best._replace(x=best.x + way),
                best._replace(y=best.y + way),
            )
            best = max((best, *moved), key=fits)
    if fits(best) <= 0:
        return None
    return _drawn_star(ink.shape, disc.ring, best._replace(size=best.size + 4 / disc.ring.radius))


class _Star(NamedTuple):
    """A star of a size, turned clockwise (radians), its middle off the ring's; in shares of the radius."""

    size: float
    turn: float
    x: float = 0.0
    y: float = 0.0


def _drawn_star(shape: tuple[int, ...], ring: Ellipse, star: _Star) -> Mask:
    angles = star.turn - np.pi / 2 + np.arange(10) * np.pi / 5
    radii = np.where(np.arange(10) % 2, _STAR_INNER, 1.0) * star.size
    xs = ring.x + ring.across * (star.x + radii * np.cos(angles))
    ys = ring.y + ring.down * (star.y + radii * np.sin(angles))
    mask = np.zeros(shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.rint(np.stack([xs, ys], axis=1)).astype(np.int32)], 1)
    return np.asarray(mask > 0, np.bool_)


def _moved(box: Box, top: float) -> Box:
    return Box(box.left, box.top - top, box.right, box.bottom - top)


def _rows(part: Grey, seals: Sequence[Ellipse], within: Sequence[Box]) -> Mask:
    """Return a mask on `part` of where print may stand: the rows beside the first of `seals`, and boxes `within` it."""
    rows = np.zeros(part.shape, np.bool_)
    away = np.abs(np.arange(part.shape[1]) - seals[0].x)
    beside = (part < _INK) & ~_in_any(part.shape, seals) & (away < _BESIDE * seals[0].across)[None]
    counts = beside.sum(axis=1)
    level = max(3.0, 0.1 * float(np.percentile(counts, 90)))
    closed = cv2.morphologyEx((counts >= level).astype(np.uint8)[:, None], cv2.MORPH_CLOSE, np.ones((_ROW_GAP, 1)))
    edges = np.flatnonzero(np.diff(np.concatenate(([0], closed[:, 0].astype(np.int8), [0]))))
    talls = []
    for top, bottom in zip(edges[::2], edges[1::2], strict=True):
        pad = round(0.1 * (bottom - top)) + 1
        rows[max(top - pad, 0) : bottom + pad] = True
        talls.append(bottom - top)
    usual = float(np.median(talls)) if talls else np.inf
    for box in within:
        # Writing of the ring read with the line has made its box taller than the line.
        middle, reach = box.centre[1], min(box.height, 1.2 * usual) / 2
        rows[max(round(middle - reach), 0) : max(round(middle + reach), 0)] = True
    return rows


def _ring_writing(ink: Mask, rows: Mask, disc: _Disc) -> Mask:
    """Return the ink of the ring that stands in no row of print, or only reaches into one."""
    ring = ink & (disc.away > _RING_INNER) & (disc.away < _RING_OUTER)
    gone = ring & ~rows
    count, labels, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
    total = stats[:, cv2.CC_STAT_AREA]
    within = np.bincount(labels[ring], minlength=count)
    in_rows = np.bincount(labels[ring & rows], minlength=count)
    # A piece wholly on the ring that sticks out of the row belongs to no character of that row; a piece larger than
    # a character of the ring is one with a character of the row, and only what sticks out goes.
    size = stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1)
    seals_own = (within > 0.95 * total) & (in_rows < 0.85 * total) & (size < _CHARACTER * disc.ring.radius)
    seals_own[0] = False
    return np.asarray(gone | seals_own[labels], np.bool_)

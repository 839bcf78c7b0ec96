"""How the lines of a page bow: paper near a binding curls, a photograph is taken from aside.

The level page is cut into upright strips. Where print is level, neighbouring strips have their rows at the same height;
where the paper bows, each strip is shifted against the next. The shifts, found by correlation in windows down the
page, are fitted by one smooth surface, which is refined with strips further and further apart.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

Ink = NDArray[np.float32]
Points = NDArray[np.float64]

_STRIPS = 32
#: Height of a window as a share of the page: some rows of print fall into it.
_WINDOW = 0.09
#: How far apart compared strips stand, and how many pixels (of about 1000 down the page) one may be shifted.
_ROUNDS = (((1, 2), 6), ((2, 4), 4), ((3, 6), 3), ((4, 9), 3))
_LEAST_ALIKE = 0.35
#: Bending the surface more than print asks for is charged this much.
_STIFF = 2e-3
#: The surface must make the rows of the page this much sharper.
_LEAST_GAIN = 1.01
#: Bow in heights of print, and convergence of rows in degrees, below which a page is flat enough to read.
_LEAST_BOW, _LEAST_CONVERGENCE = 0.15, 1.0
#: Bow in pixels after the first round that is none.
_SURELY_FLAT = 1.2
#: Fewer shifts than this tell nothing. Rows run down the page where they go on this much longer that way.
_LEAST_SEEN, _UPRIGHT = 40, 1.3
#: The surface goes on as at the edge beyond this, where 1 is the edge.
_FAR = 1.05


@dataclass(frozen=True, eq=False)
class Bow:
    """By how much the place of ink on the level page lies below its place on the flattened one.

    A surface over both sides of the level page, of `size` width and height; `shifts` holds its weights. Rows run
    across, or, where `upright`, down the page. `before` (3 × 3) leads to the flattened page from wherever it is seen.
    """

    shifts: NDArray[np.float64]
    size: tuple[float, float]
    upright: bool = False
    before: NDArray[np.float64] = field(default_factory=lambda: np.eye(3))

    def at(self, points: Points) -> Points:
        """Return where `points` (n, 2), as they are seen, lie on the level page."""
        # Only turns and moves come before, so the last row of the matrix is 0 0 1.
        points = points @ self.before[:2, :2].T + self.before[:2, 2]
        return self._at(points[:, ::-1])[:, ::-1] if self.upright else self._at(points)

    def _at(self, points: Points) -> Points:
        width, height = self.size[::-1] if self.upright else self.size
        across, down = (np.clip(2 * points[:, k] / side - 1, -_FAR, _FAR) for k, side in ((0, width), (1, height)))
        return np.column_stack([points[:, 0], points[:, 1] + _surface(across, down) @ self.shifts])

    def scaled(self, size: tuple[float, float]) -> "Bow":
        """Return it for a page of `size`, larger or smaller."""
        scale = size[1 - self.upright] / self.size[1 - self.upright]
        return Bow(self.shifts * scale, size, self.upright)

    def seen_from(self, turn: NDArray[np.float64]) -> "Bow":
        """Return it for places that `turn` (3 × 3, turns and moves only) leads to the present ones."""
        return Bow(self.shifts, self.size, self.upright, self.before @ turn)

    def with_room(self, size: tuple[int, int]) -> tuple["Bow", tuple[int, int]]:
        """Return it, and the size of the flattened page, so that nothing of the level page of `size` falls off."""
        across = np.linspace(-1, 1, 65)
        above, below = (_surface(across, np.full(65, edge)) @ self.shifts for edge in (-1.0, 1.0))
        room = max(round(float(above.max())), 0), max(round(float(-below.min())), 0)
        move = np.eye(3)
        move[0 if self.upright else 1, 2] = -room[0]
        width, height = size
        grown = (width + sum(room), height) if self.upright else (width, height + sum(room))
        return self.seen_from(move), grown


def bow(ink: Ink) -> Bow | None:
    """Return how the rows of a level page bow, None where they do not, or not surely.

    `ink` is 1 where there is ink and 0 on paper, (height, width), about 1000 pixels long.
    """
    height, width = ink.shape
    if min(height, width) < 10 * _STRIPS:
        return None
    across, down = _profiles(ink), _profiles(np.ascontiguousarray(ink.T))
    upright = _alike(down) > _UPRIGHT * _alike(across)
    profiles, length = (down, height) if upright else (across, width)
    inked = _inked(profiles)
    shifts = np.zeros(len(_COST))
    for number, (apart, most) in enumerate(_ROUNDS):
        terms, seen, weights = _measure(_moved(profiles, shifts), apart, most)
        if len(seen) < _LEAST_SEEN:
            return None
        shifts = shifts + _solve(terms, seen, weights, shifts)
        reach = _reach(shifts, inked, length)
        # Nearly every scan is flat, and costs one round.
        if number == 0 and reach.bow < _SURELY_FLAT and reach.convergence < _LEAST_CONVERGENCE / 2:
            return None
    size = _print_size(ink)
    if reach.bow < _LEAST_BOW * size and reach.convergence < _LEAST_CONVERGENCE:
        return None
    if _sharpness(_moved(profiles, shifts)) < _LEAST_GAIN * _sharpness(profiles):
        return None
    return Bow(shifts, (float(width), float(height)), upright)


def down_to_across(ink: Ink) -> float:
    """Return how many times as far rows on `ink` (1 where there is ink) go on down the picture as across it."""
    across, down = _alike(_profiles(ink)), _alike(_profiles(np.ascontiguousarray(ink.T)))
    return max(down, 0.0) / max(across, 1e-3)


@dataclass(frozen=True, slots=True)
class _Reach:
    bow: float
    convergence: float


def _print_size(ink: Ink) -> float:
    """Return the usual size of a character in pixels."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8))
    sizes = stats[1:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1)
    sizes = sizes[(sizes >= 5) & (sizes <= 60)]
    # Characters fall into parts, the larger ones are nearly whole.
    return float(np.percentile(sizes, 75)) if len(sizes) else 15.0


def _profiles(ink: Ink) -> Ink:
    """Return the share of ink in each row of each upright strip, (rows, strips), slow changes taken out."""
    profiles = cv2.resize(ink, (_STRIPS, ink.shape[0]), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(profiles - cv2.blur(profiles, (1, 61)), (1, 5), 1.2), np.float32)


def _inked(profiles: Ink) -> NDArray[np.bool_]:
    energy = np.square(profiles).sum(axis=0)
    return np.asarray(energy > 0.1 * np.mean(energy), np.bool_)


def _alike(profiles: Ink) -> float:
    """Return how much of the rows in a strip continues in the next but one."""
    energy = float(np.square(profiles).sum())
    return float((profiles[:, 2:] * profiles[:, :-2]).sum()) / max(energy, 1e-6)


def _powers(across: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.stack([across, across**2, across**3, across**4], axis=-1)


def _surface(across: NDArray[np.float64], down: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the terms of the surface at places between -1 and 1, (n, terms); it is 0 down the middle."""
    powers = _powers(across)
    return np.concatenate([powers, powers * down[..., None]], axis=-1)


_COST = np.array([0, 1, 3, 6, 1, 3, 6, 10], np.float64)


def _centres() -> NDArray[np.float64]:
    return (np.arange(_STRIPS) + 0.5) * 2 / _STRIPS - 1


def _moved(profiles: Ink, shifts: NDArray[np.float64]) -> Ink:
    """Return the profiles as they are once the surface is taken out."""
    if not shifts.any():
        return profiles
    rows = np.arange(len(profiles), dtype=np.float32)[:, None]
    level, leaning = (_powers(_centres()) @ half for half in np.split(shifts, 2))
    places = rows + level + (2 * (rows + 0.5) / len(profiles) - 1) * leaning
    columns = np.repeat(np.arange(_STRIPS, dtype=np.float32)[None], len(profiles), axis=0)
    moved = cv2.remap(profiles, columns, places.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    return np.asarray(moved, np.float32)


def _measure(
    profiles: Ink, apart: tuple[int, ...], most: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return for pairs of strips and windows the difference of the surface's terms, the shift seen, and its weight."""
    hop = max(round(len(profiles) * _WINDOW / 2), 12)
    blocks = len(profiles) // hop
    rows = blocks * hop
    down = np.arange(1, blocks) * 2 * hop / len(profiles) - 1
    centres = _centres()
    first = profiles[:rows].reshape(blocks, hop, _STRIPS)
    padded = np.pad(profiles[:rows], ((most, most), (0, 0)))
    lags = [padded[start : start + rows].reshape(blocks, hop, _STRIPS) for start in range(2 * most + 1)]
    energies = np.stack([_windows(lag, lag) for lag in lags])
    energy = energies[most]
    found: list[tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]] = []
    for gap in apart:
        common = np.stack([_windows(first[..., :-gap], lag[..., gap:]) for lag in lags])
        alike = common / np.sqrt(np.maximum(energy[:, :-gap] * energies[..., gap:], 1e-9))
        best = alike.argmax(axis=0)
        inner = np.clip(best, 1, 2 * most - 1)
        low, middle, high = (np.take_along_axis(alike, (inner + k)[None], 0)[0] for k in (-1, 0, 1))
        curve = np.minimum(low - 2 * middle + high, -1e-6)
        seen = inner - most + np.clip(0.5 * (low - high) / curve, -0.5, 0.5)
        strength = np.sqrt(energy[:, :-gap] * energy[:, gap:])
        # A rule is stronger than print, and is but one row.
        strength = np.minimum(strength, np.percentile(strength[strength > 0], 70) if strength.any() else 0)
        good = (best == inner) & (middle >= _LEAST_ALIKE) & (strength > 0)
        rows_, strips = np.nonzero(good)
        terms = _surface(centres[strips + gap], down[rows_]) - _surface(centres[strips], down[rows_])
        found.append((terms, seen[good].astype(np.float64), (strength * middle**2)[good].astype(np.float64)))
    terms, seen, weights = (np.concatenate(part) for part in zip(*found, strict=True))
    return terms, seen, weights


def _windows(first: Ink, second: Ink) -> Ink:
    """Return the products of two profiles, cut in blocks, summed over windows of two blocks each."""
    sums = np.einsum("bhs,bhs->bs", first, second)
    return np.asarray(sums[1:] + sums[:-1], np.float32)


def _solve(
    terms: NDArray[np.float64], seen: NDArray[np.float64], weights: NDArray[np.float64], so_far: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return what to add to the weights of the surface; single windows that go astray do not count (Tukey)."""
    stiff = np.diag(_COST * _STIFF * weights.sum())
    added: NDArray[np.float64] = np.zeros(len(so_far))
    trust: NDArray[np.float64] = np.array(weights)
    for _turn in range(6):
        left = (terms * trust[:, None]).T @ terms + stiff + 1e-9 * np.eye(len(so_far))
        right = (terms * trust[:, None]).T @ seen - stiff @ so_far
        added = np.asarray(np.linalg.solve(left, right), np.float64)
        off = np.abs(seen - terms @ added)
        spread = max(1.48 * float(np.median(off)), 0.15)
        trust = np.asarray(weights * np.square(np.clip(1 - np.square(off / (4 * spread)), 0, 1)), np.float64)
    return np.asarray(added, np.float64)


def _reach(shifts: NDArray[np.float64], inked: NDArray[np.bool_], length: int) -> _Reach:
    """Return how far rows bow away from straight lines in pixels, and by how many degrees they converge."""
    across = _centres()[inked]
    slopes, most = [], 0.0
    for down in (-0.7, 0.0, 0.7):
        heights = _surface(across, np.full(len(across), down)) @ shifts
        line = np.polyfit(across, heights, 1)
        most = max(most, float(np.abs(heights - np.polyval(line, across)).max()))
        slopes.append(np.degrees(np.arctan(line[0] * 2 / length)))
    return _Reach(most, float(np.ptp(slopes)))


def _sharpness(profiles: Ink) -> float:
    """Return how sharply rows of ink and of paper alternate over the whole page."""
    return float(np.square(profiles.mean(axis=1)).sum())

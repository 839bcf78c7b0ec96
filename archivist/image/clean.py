"""From a picture as scanned to what the readers see: straight, even in tone, red ink apart from black.

Only what is read is cleaned. What is kept is never altered (DA/T 31-2017: no clean-up of fading, stains, holes).
"""

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from archivist.image.open import Pixels
from archivist.image.sheet import around_sheet
from archivist.model import Box, Step

Grey = NDArray[np.uint8]
Matrix = NDArray[np.float64]

#: Longest side of the reading image: 16-point print on A4 is then 50 pixels high, the networks want 48.
READING_SIDE = 2600
_SKEW_SIDE = 900
_MOST_SKEW = 8.0
#: Red ink: this much more red than green or blue, paper tint taken off.
_RED = 32
_LEAST_RED = 2e-4
_PAPER = 245


@dataclass(frozen=True)
class Cleaned:
    """The reading image in its layers, and the affine matrix (2 × 3) from its pixels to those of the scan.

    `black` holds black, blue and pencil, `red` red ink alone or None where there is none; both (height, width),
    255 is paper. `seals` are boxes of round seals and ruled stamps, in reading pixels.
    """

    black: Grey
    red: Grey | None
    seals: tuple[Box, ...]
    matrix: Matrix
    rotation: int = 0
    steps: tuple[Step, ...] = ()

    def turned(self, rotation: int) -> "Cleaned":
        """Return it turned clockwise by 90, 180 or 270 degrees."""
        height, width = self.black.shape
        # From places on the turned image to places on this one; a place is the edge of a pixel, as in Box.
        back = {
            90: [[0, 1, 0], [-1, 0, height]],
            180: [[-1, 0, width], [0, -1, height]],
            270: [[0, -1, width], [1, 0, 0]],
        }[rotation]
        turn = np.array([*back, [0, 0, 1]], np.float64)
        forth = np.linalg.inv(turn)
        return replace(
            self,
            black=np.ascontiguousarray(np.rot90(self.black, -rotation // 90)),
            red=None if self.red is None else np.ascontiguousarray(np.rot90(self.red, -rotation // 90)),
            seals=tuple(mapped(forth[:2], box) for box in self.seals),
            matrix=self.matrix @ turn,
            rotation=(self.rotation + rotation) % 360,
            steps=(*self.steps, Step("clean", f"turned {rotation} degrees clockwise")),
        )

    def on_scan(self, box: Box) -> Box:
        """Return the box on the scan around `box` of the reading image."""
        return mapped(self.matrix, box)


def mapped(matrix: NDArray[Any], box: Box) -> Box:
    """Return the upright box around `box` after the affine `matrix` (2 × 3)."""
    corners = np.array([[x, y, 1] for x in (box.left, box.right) for y in (box.top, box.bottom)]) @ matrix.T
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    return Box(float(left), float(top), float(right), float(bottom))


def clean(pixels: Pixels) -> Cleaned:
    """Return the reading image of a scan given as RGB (height, width, 3)."""
    height, width = pixels.shape[:2]
    scale = min(1.0, READING_SIDE / max(height, width))
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    rgb = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA) if scale < 1 else pixels, np.uint8)
    steps = [Step("clean", f"read at {size[0]} × {size[1]} of {width} × {height} pixels")]

    beyond = around_sheet(np.ascontiguousarray(rgb[:, :, 0]))
    if beyond is not None:
        rgb = rgb.copy()
        rgb[beyond] = np.median(rgb[~beyond][::97], axis=0)
        steps.append(Step("clean", f"{beyond.mean():.0%} of the picture lies around the sheet and was left out"))

    angle = skew(rgb[:, :, 0])
    turn = np.array([[1, 0, 0], [0, 1, 0]], np.float64)
    if abs(angle) >= 0.1:
        turn = np.asarray(cv2.getRotationMatrix2D((size[0] / 2, size[1] / 2), angle, 1.0), np.float64)
        straight = cv2.warpAffine(rgb, turn, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        rgb = np.asarray(straight, np.uint8)
        steps.append(Step("clean", f"skew of {angle:+.1f} degrees taken out"))
    back = np.diag([width / size[0], height / size[1]]) @ cv2.invertAffineTransform(turn)

    black, red, more = _inks(rgb)
    seals = () if red is None else _seals(red)
    if seals:
        more.append(Step("clean", f"seals found: {len(seals)}"))
    return Cleaned(black, red, seals, np.asarray(back, np.float64), 0, (*steps, *more))


def skew(grey: Grey) -> float:
    """Return how many degrees the lines of `grey` must be turned counter-clockwise to lie level, 0 where unclear.

    Projection profile (Postl 1986): rows and columns of a level page alternate most sharply between ink and paper.
    """
    scale = min(1.0, _SKEW_SIDE / max(grey.shape))
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    paper = cv2.medianBlur(cv2.dilate(small, np.ones((7, 7), np.uint8)), 21)
    ink = (cv2.subtract(paper, small) > 40).astype(np.float32)
    # The outer band holds shadows and edges of the sheet, not lines.
    margin_y, margin_x = (side // 25 for side in ink.shape)
    ink = ink[margin_y : ink.shape[0] - margin_y, margin_x : ink.shape[1] - margin_x]
    if ink.sum() < 200:
        return 0.0
    best, level = 0.0, _sharpness(ink, 0.0)
    top = level
    for step, reach in ((1.0, _MOST_SKEW), (0.25, 0.75), (0.08, 0.16)):
        for angle in np.arange(best - reach, best + reach + 1e-6, step):
            if abs(angle) <= _MOST_SKEW and (value := _sharpness(ink, float(angle))) > top:
                best, top = float(angle), value
    return best if top > 1.05 * level else 0.0


def _sharpness(ink: NDArray[np.float32], angle: float) -> float:
    height, width = ink.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    turned = cv2.warpAffine(ink, matrix, (width, height), flags=cv2.INTER_NEAREST)
    # Columns count as well: text may run down the page.
    return float(sum(np.square(np.diff(turned.sum(axis=axis))).sum() for axis in (0, 1)))


def _inks(rgb: Pixels) -> tuple[Grey, Grey | None, list[Step]]:
    red_channel, green, blue = cv2.split(rgb)
    black = _even(np.asarray(red_channel, np.uint8))
    redness = cv2.subtract(red_channel, cv2.max(green, blue))
    tint = np.full_like(redness, np.median(redness[::8, ::8]))
    redness = cv2.subtract(redness, tint)
    ink = redness > _RED
    if ink.mean() < _LEAST_RED:
        return black, None, [Step("clean", "tone evened out")]
    light = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    ink_light = float(np.median(light[ink]))
    # Chroma is blurred in JPEG, so black strokes under a seal look red; they are darker than the seal's own ink.
    levels = np.arange(256, dtype=np.float32)
    by_colour = np.clip((levels - 12) / 40, 0, 1)
    by_light = np.clip((levels - 0.45 * ink_light) / max(0.3 * ink_light, 1.0), 0, 1)
    share = cv2.LUT(redness, by_colour) * cv2.LUT(light, by_light)
    black = np.asarray(np.maximum(black, black + (_PAPER - black.astype(np.float32)) * share), np.uint8)
    # Coloured fringes of black print are faint beside true red ink.
    strength = max(float(np.percentile(redness[ink], 80)), 1.0)
    red = np.asarray(255 - cv2.LUT(redness, np.clip(levels / strength - 0.3, 0, 0.5) * 510), np.uint8)
    return black, red, [Step("clean", "tone evened out; red ink read apart from black")]


def _even(grey: Grey) -> Grey:
    """Return `grey` divided by its paper, so that shadow, yellowing and bleed-through of tone go."""
    small = cv2.resize(grey, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    paper = cv2.medianBlur(cv2.dilate(small, np.ones((9, 9), np.uint8)), 31)
    paper = cv2.resize(np.maximum(paper, 1), (grey.shape[1], grey.shape[0]))
    return np.asarray(cv2.divide(grey, paper, scale=_PAPER), np.uint8)


def _seals(red: Grey) -> tuple[Box, ...]:
    """Return round seals and ruled stamps; a large character of a red head is neither."""
    scale = min(1.0, 1000 / max(red.shape))
    small = cv2.resize(red, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    ink = (small < 170).astype(np.uint8)
    found = [*_rings(ink), *_stamps(ink)]
    return tuple(Box(*(side / scale for side in box)) for box in found)


def _rings(ink: Grey) -> list[Box]:
    # At 1000 pixels a page, radii of 16 to 33 mm on A4.
    circles = cv2.HoughCircles(
        cv2.GaussianBlur(ink * 255, (5, 5), 0), cv2.HOUGH_GRADIENT, 1.5, 60,
        param1=120, param2=30, minRadius=45, maxRadius=120,
    )  # fmt: skip
    if circles is None:
        return []
    boxes: list[Box] = []
    for x, y, radius in circles[0]:
        # A circle through print crosses as much ink as the circles around it; outside the rim of a seal is paper.
        inked = np.array([_along(ink, x, y, radius + step) for step in range(-5, 13)])
        rim, outside = inked[:11], inked[12:]
        box = Box(float(x - radius), float(y - radius), float(x + radius), float(y + radius))
        apart = all(box.overlap(other) < 0.5 * box.width * box.height for other in boxes)
        peak = float(rim.mean(axis=1).max())
        if apart and peak >= 0.25 and rim.any(axis=0).mean() >= 0.65 and outside.mean() < 0.25 * peak:
            boxes.append(box)
    return boxes


def _along(ink: Grey, x: float, y: float, radius: float) -> NDArray[np.bool_]:
    """Return for 180 points of the circle whether they are inked."""
    turn = np.linspace(0, 2 * np.pi, 180, endpoint=False)
    columns = np.clip(np.rint(x + radius * np.cos(turn)).astype(int), 0, ink.shape[1] - 1)
    rows = np.clip(np.rint(y + radius * np.sin(turn)).astype(int), 0, ink.shape[0] - 1)
    return np.asarray(ink[rows, columns] > 0, np.bool_)


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

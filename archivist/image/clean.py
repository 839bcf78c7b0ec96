"""From a picture as scanned to what the readers see: flat, straight, even in tone, red ink apart from black.

Only what is read is cleaned. What is kept is never altered (DA/T 31-2017: no clean-up of fading, stains, holes).
"""

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from archivist.image.flatten import Bow, bow
from archivist.image.open import Pixels
from archivist.image.seal import find_seals
from archivist.image.sheet import find_sheet, shrunk
from archivist.model import Box, Seal, Step

Grey = NDArray[np.uint8]
Matrix = NDArray[np.float64]

#: Longest side of the reading image: 16-point print on A4 is then 50 pixels high, the networks want 48.
READING_SIDE = 2600
_SKEW_SIDE = 900
_MOST_SKEW = 9.0
#: A photographed sheet is set square from this many degrees on, and cut out where the desk takes up more than that.
_LEAST_LEAN, _LEAST_SHEET = 1.0, 0.7
#: Paper kept around a sheet that is cut out, as a share of it: its edge is known to a pixel of a small picture.
_AROUND = 0.008
#: The way from the reading image to the scan is worked out every so many pixels.
_MESH = 16
#: Red ink: this much more red than green or blue, paper tint taken off.
_RED = 32
_LEAST_RED = 2e-4
_PAPER = 245
#: What is darker than the first is ink; of print on the evened-out picture, a fifth is as dark as the others say.
_ANY_INK, _USUAL_TONE, _PALE_FROM, _PALEST = 200, 60, 90, 170
#: Share of a page that print takes up at least.
_LEAST_PRINT = 0.003
#: On a picture with fewer pixels down the page print is pale because its strokes are thinner than a pixel.
_COARSE = 1500


@dataclass(frozen=True)
class Cleaned:
    """The reading image in its layers, and the way from its pixels to those of the scan.

    `black` holds black, blue and pencil, `red` red ink alone or None where there is none; both (height, width),
    255 is paper. `seals` are in reading pixels. A place on the reading image lies on the scan where the projective
    `matrix` (3 × 3) puts it, after `bow` where the paper was curled.
    """

    black: Grey
    red: Grey | None
    seals: tuple[Seal, ...]
    matrix: Matrix
    rotation: int = 0
    steps: tuple[Step, ...] = ()
    bow: Bow | None = None

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
            seals=tuple(replace(seal, box=mapped(forth, seal.box)) for seal in self.seals),
            matrix=self.matrix @ turn if self.bow is None else self.matrix,
            bow=None if self.bow is None else self.bow.seen_from(turn),
            rotation=(self.rotation + rotation) % 360,
            steps=(*self.steps, Step("clean", f"turned {rotation} degrees clockwise")),
        )

    def seen_from(self, matrix: Matrix) -> "Cleaned":
        """Return it with `matrix` (3 × 3), from the picture that was cleaned to the scan, as the last step."""
        return replace(self, matrix=np.asarray(matrix, np.float64) @ self.matrix)

    def on_scan(self, box: Box) -> Box:
        """Return the box on the scan around `box` of the reading image."""
        return Box(*map(float, self.boxes_on_scan(np.array([box], np.float64))[0]))

    def boxes_on_scan(self, boxes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the boxes on the scan around boxes of the reading image, both rows of left, top, right, bottom."""
        shares = np.array([(0, 0), (1, 0), (0, 1), (1, 1)] if self.bow is None else _OUTLINE, np.float64)
        corners = boxes[:, None, :2] + shares[None] * (boxes[:, None, 2:] - boxes[:, None, :2])
        places = self._places(corners.reshape(-1, 2)).reshape(len(boxes), -1, 2)
        return np.concatenate([places.min(axis=1), places.max(axis=1)], axis=1)

    def _places(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        return projected(self.matrix, points if self.bow is None else self.bow.at(points))


#: Corners and places along the edges of a box, as shares of its width and height: curled paper bends edges.
_OUTLINE = [(x / 4, y / 4) for x in range(5) for y in range(5) if {x, y} & {0, 4}]


def projected(matrix: Matrix, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return `points` (n, 2) after the projective `matrix` (3 × 3)."""
    moved = points @ matrix[:, :2].T + matrix[:, 2]
    return np.asarray(moved[:, :2] / moved[:, 2:], np.float64)


def mapped(matrix: NDArray[Any], box: Box) -> Box:
    """Return the upright box around `box` after the projective `matrix` (3 × 3)."""
    corners = projected(matrix, np.array([(x, y) for x in (box.left, box.right) for y in (box.top, box.bottom)]))
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    return Box(float(left), float(top), float(right), float(bottom))


def clean(pixels: Pixels) -> Cleaned:
    """Return the reading image of a scan given as RGB (height, width, 3)."""
    height, width = pixels.shape[:2]
    scale = min(1.0, READING_SIDE / max(height, width))
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    rgb = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA) if scale < 1 else pixels, np.uint8)
    steps = [Step("clean", f"read at {size[0]} × {size[1]} of {width} × {height} pixels")]

    sheet = find_sheet(rgb)
    beyond = None if sheet is None else sheet.beyond
    if beyond is not None:
        rgb = rgb.copy()
        rgb[beyond] = np.median(rgb[~beyond][::97], axis=0)
        steps.append(Step("clean", f"{beyond.mean():.0%} of the picture lies around the sheet and was left out"))
    to_scan = np.diag([width / size[0], height / size[1], 1.0])
    plane, flat = size, np.eye(3)
    seen = np.asarray(cv2.extractChannel(rgb, 0), np.uint8)
    apart = sheet is not None and (sheet.lean >= _LEAST_LEAN or 1 - sheet.beyond.mean() < _LEAST_SHEET)
    if sheet is not None and sheet.corners is not None and apart:
        plane, flat = _set_square(sheet.corners, to_scan)
        steps.append(Step("clean", f"sheet set square, its sides leant by {sheet.lean:.1f} degrees"))
        # Small is enough to see rows on, and this picture is not the one that is read.
        seen = _warped_small(seen, flat, plane)

    ink = ink_of(seen)
    angle = _skew(ink)
    turn = np.eye(3)
    if abs(angle) >= 0.1:
        turn[:2] = cv2.getRotationMatrix2D((plane[0] / 2, plane[1] / 2), angle, 1.0)
        steps.append(Step("clean", f"skew of {angle:+.1f} degrees taken out"))
    curl = bow(level(ink, angle))
    matrix = to_scan @ flat @ np.linalg.inv(turn)
    if curl is not None:
        curl, plane = curl.scaled(plane).with_room(plane)
        steps.append(Step("clean", "bowed lines made straight"))
    if curl is not None or not np.array_equal(flat, np.eye(3)):
        rgb = _remapped(pixels, beyond, plane, matrix, curl)
    elif abs(angle) >= 0.1:
        straight = cv2.warpAffine(rgb, turn[:2], size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        rgb = np.asarray(straight, np.uint8)

    black, red, more = _inks(rgb)
    seals = find_seals(black, red)
    if seals:
        more.append(Step("clean", f"seals found: {len(seals)}"))
    return Cleaned(black, red, seals, np.asarray(matrix, np.float64), 0, (*steps, *more), curl)


def _set_square(corners: NDArray[np.float64], to_scan: Matrix) -> tuple[tuple[int, int], Matrix]:
    """Return size of the sheet set square as it will be read, and the matrix from it to the picture with `corners`."""
    on_scan = projected(to_scan, corners)
    top, right, bottom, left = (float(np.hypot(*side)) for side in np.roll(on_scan, -1, axis=0) - on_scan)
    width, height = (max(pair) * (1 + 2 * _AROUND) for pair in ((top, bottom), (left, right)))
    scale = min(1.0, READING_SIDE / max(width, height))
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    inset = _AROUND / (1 + 2 * _AROUND)
    low, high = np.array(size) * inset, np.array(size) * (1 - inset)
    square = np.array([low, (high[0], low[1]), high, (low[0], high[1])], np.float32)
    return size, np.asarray(cv2.getPerspectiveTransform(square, corners.astype(np.float32)), np.float64)


def _warped_small(grey: Grey, matrix: Matrix, size: tuple[int, int]) -> Grey:
    scale = min(1.0, 2 * _SKEW_SIDE / max(size))
    small = (max(round(size[0] * scale), 1), max(round(size[1] * scale), 1))
    there = matrix @ np.diag([size[0] / small[0], size[1] / small[1], 1.0])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpPerspective(grey, there, small, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _remapped(
    pixels: Pixels, beyond: NDArray[np.bool_] | None, size: tuple[int, int], matrix: Matrix, curl: Bow | None
) -> Pixels:
    """Return the picture of `size` (width, height) whose places lie on the scan where `curl` and `matrix` put them.

    The scan is sampled once; what lies `beyond` the sheet, given on a picture of any size, becomes paper.
    """
    width, height = size
    columns, rows = -(-width // _MESH) + 2, -(-height // _MESH) + 2
    xs, ys = ((np.arange(count) - 0.5) * _MESH for count in (columns, rows))
    mesh = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)
    there = projected(matrix, mesh if curl is None else curl.at(mesh)).reshape(rows, columns, 2)
    # Sampling skips pixels where the scan is much larger.
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:2, :2]))))
    shrunk = min(1.0, 2 / max(scale, 1e-6))
    if shrunk < 1:
        pixels = np.asarray(cv2.resize(pixels, None, fx=shrunk, fy=shrunk, interpolation=cv2.INTER_AREA), np.uint8)
    x, y = (
        cv2.resize(there[..., k].astype(np.float32) * shrunk - 0.5, (columns * _MESH, rows * _MESH))[
            _MESH : _MESH + height, _MESH : _MESH + width
        ]
        for k in (0, 1)
    )
    flat = cv2.remap(pixels, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    if beyond is not None:
        high, wide = (there / here for there, here in zip(beyond.shape, pixels.shape, strict=False))
        outside = cv2.remap(
            beyond.astype(np.uint8), (x + 0.5) * np.float32(wide) - 0.5, (y + 0.5) * np.float32(high) - 0.5,
            cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT, borderValue=1,
        ) > 0  # fmt: skip
        if outside.any() and not outside.all():
            flat[outside] = np.median(flat[~outside][::97], axis=0)
    return np.asarray(flat, np.uint8)


def ink_of(grey: Grey) -> NDArray[np.float32]:
    """Return where there is ink on `grey`: 1 there, else 0, on a picture of at most 900 pixels a side."""
    small = shrunk(grey, _SKEW_SIDE)
    height, width = small.shape
    half = (max(width // 2, 1), max(height // 2, 1))
    dilated = cv2.dilate(small, np.ones((7, 7), np.uint8))
    paper = cv2.medianBlur(cv2.resize(dilated, half, interpolation=cv2.INTER_AREA), 11)
    paper = cv2.resize(paper, (width, height))
    return (cv2.subtract(paper, small) > 40).astype(np.float32)


def level(ink: NDArray[np.float32], angle: float | None = None) -> NDArray[np.float32]:
    """Return `ink` turned by `angle`, as found where none is given, without its outer band."""
    margin_y, margin_x = (side // 25 for side in ink.shape)
    inner = np.zeros_like(ink)
    within = np.s_[margin_y : ink.shape[0] - margin_y, margin_x : ink.shape[1] - margin_x]
    inner[within] = ink[within]
    angle = _skew(ink) if angle is None else angle
    if abs(angle) < 0.1:
        return inner
    turn = cv2.getRotationMatrix2D((ink.shape[1] / 2, ink.shape[0] / 2), angle, 1.0)
    return np.asarray(cv2.warpAffine(inner, turn, ink.shape[::-1], flags=cv2.INTER_NEAREST), np.float32)


def _skew(ink: NDArray[np.float32]) -> float:
    """Return how many degrees the lines of `ink` must be turned counter-clockwise to lie level, 0 where unclear.

    Projection profile (Postl 1986): rows and columns of a level page alternate most sharply between ink and paper.
    """
    # The outer band holds shadows and edges of the sheet, not lines.
    margin_y, margin_x = (side // 25 for side in ink.shape)
    inner = ink[margin_y : ink.shape[0] - margin_y, margin_x : ink.shape[1] - margin_x].astype(np.uint8)
    if inner.sum() < 200:
        return 0.0
    best, level = 0.0, _sharpness(inner, 0.0)
    top = level
    for step, reach in ((1.0, _MOST_SKEW), (0.25, 0.75), (0.08, 0.16)):
        for angle in np.arange(best - reach, best + reach + 1e-6, step):
            if abs(angle) <= _MOST_SKEW and (value := _sharpness(inner, float(angle))) > top:
                best, top = float(angle), value
    return best if top > 1.05 * level else 0.0


def _sharpness(ink: Grey, angle: float) -> float:
    height, width = ink.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    turned = cv2.warpAffine(ink, matrix, (width, height), flags=cv2.INTER_NEAREST)
    # Columns count as well: text may run down the page.
    sums = (cv2.reduce(turned, axis, cv2.REDUCE_SUM, dtype=cv2.CV_32F).ravel() for axis in (0, 1))
    return float(sum(np.square(np.diff(line)).sum() for line in sums))


def _inks(rgb: Pixels) -> tuple[Grey, Grey | None, list[Step]]:
    red_channel, green, blue = (cv2.extractChannel(rgb, place) for place in range(3))
    black = _even(np.asarray(red_channel, np.uint8))
    redness = cv2.subtract(red_channel, cv2.max(green, blue))
    tint = np.full_like(redness, np.median(redness[::8, ::8]))
    redness = cv2.subtract(redness, tint)
    ink = redness > _RED
    if ink.mean() < _LEAST_RED:
        black, said = _darkened(black)
        return black, None, [Step("clean", "tone evened out"), *said]
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
    red = np.asarray(255 - cv2.LUT(redness, np.clip(levels / strength - 0.2, 0, 0.6) * 425), np.uint8)
    black, said = _darkened(black)
    return black, red, [Step("clean", "tone evened out; red ink read apart from black"), *said]


def _darkened(black: Grey) -> tuple[Grey, list[Step]]:
    """Return `black` with pale print, of a worn stencil or faded, as dark as print usually is, and what was done."""
    seen = black[::4, ::4]
    ink = seen[seen < _ANY_INK]
    if ink.size < _LEAST_PRINT * seen.size or max(black.shape) < _COARSE:
        return black, []
    tone = float(np.percentile(ink, 20))
    if not _PALE_FROM < tone < _PALEST:
        return black, []
    gain = (_PAPER - _USUAL_TONE) / (_PAPER - tone)
    levels = np.clip(_PAPER - (_PAPER - np.arange(256, dtype=np.float32)) * gain, 0, 255).astype(np.uint8)
    levels[_PAPER:] = np.arange(_PAPER, 256)
    return np.asarray(cv2.LUT(black, levels), np.uint8), [Step("clean", "pale print darkened")]


def _even(grey: Grey) -> Grey:
    """Return `grey` divided by its paper, so that shadow, yellowing and bleed-through of tone go."""
    quarter = (max(grey.shape[1] // 4, 1), max(grey.shape[0] // 4, 1))
    small = cv2.resize(grey, quarter, interpolation=cv2.INTER_AREA)
    paper = cv2.medianBlur(cv2.dilate(small, np.ones((9, 9), np.uint8)), 31)
    paper = cv2.resize(np.maximum(paper, 1), (grey.shape[1], grey.shape[0]))
    return np.asarray(cv2.divide(grey, paper, scale=_PAPER), np.uint8)

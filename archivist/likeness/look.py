"""What a page looks like, in so few bits that the same sheet is known again, whichever machine scanned it.

The perceptual hash is that of imagehash (the low frequencies of a cosine transform, each above or below their median).
Taken of a whole scan it would tell scanners apart, not papers: of any two scans of the same sheet one is askew, cut
closer, yellowed or framed by the lid. So what is hashed is the ink alone, levelled and put to scale by its own
spread.
"""

from typing import TypeAlias

import cv2
import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels: TypeAlias = NDArray[np.uint8]
_Ink: TypeAlias = NDArray[np.float32]

#: Pixels of the longer side on which ink is told from paper, and of the sides of what is hashed.
_SIDE, _TILE = 320, 64
#: Ink fainter than this is paper; ink is no blacker than that, so that a bold heading does not outweigh the text.
_FAINT, _FULL = 20, 120
#: Ink under this share of what nearly all print reaches shows through from the other side.
_THROUGH, _PRINT = 0.35, 0.9
#: Mean ink under which a page bears nothing to know it by.
_LEAST = 0.5
#: Degrees to either side in which lines are sought, first in wide steps, then in narrow ones.
_ASKEW, _WIDE, _NARROW = 4.0, 1.0, 0.25
#: So many standard deviations of the ink to either side of its middle are the page; what lies farther is none of it.
_SPREAD, _STRAY = 1.9, 2.2
_SLIMMEST = 0.6


def look(pixels: Pixels, rotation: int) -> str:
    """Return the look of the page on `pixels` (RGB, height by width by 3), 64 hexadecimal digits; "" if it is blank.

    `rotation` is the clockwise turn in degrees (0, 90, 180, 270) that sets the page upright. Two looks are compared
    by the number of bits in which they differ.
    """
    ink = np.rot90(_ink(pixels), -rotation // 90)
    if float(ink.mean()) < _LEAST:
        return ""
    tile = _to_scale(_level(np.ascontiguousarray(ink)))
    return str(imagehash.phash(Image.fromarray(tile), hash_size=16, highfreq_factor=_TILE // 16))


def _ink(pixels: Pixels) -> _Ink:
    """Return how dark each place of the reduced page is beside its paper, without edges, shadows and punch holes."""
    # Sampled first: all that is looked at is many pixels wide.
    step = max(max(pixels.shape[:2]) // (2 * _SIDE), 1)
    thin = np.ascontiguousarray(pixels[::step, ::step])
    height, width = thin.shape[:2]
    scale = _SIDE / max(height, width)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    grey = cv2.cvtColor(cv2.resize(thin, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
    coarse = cv2.resize(grey, (max(size[0] // 4, 1), max(size[1] // 4, 1)), interpolation=cv2.INTER_AREA)
    coarse = cv2.blur(cv2.morphologyEx(coarse, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)), (5, 5))
    paper = cv2.resize(coarse, size)
    ink = 255 - np.minimum(grey.astype(np.float32) / np.maximum(paper, 1) * 255, 255)
    ink[ink < _FAINT] = 0
    # Print is a mist at this size; what is solid is a hole, a clip or the edge of the lid.
    solid = cv2.morphologyEx((ink > 150).astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    ink[cv2.dilate(solid, np.ones((5, 5), np.uint8)) > 0] = 0
    beside = (paper < 0.55 * np.median(paper)).astype(np.uint8)
    ink[cv2.dilate(beside, np.ones((7, 7), np.uint8)) > 0] = 0
    # What shows through from the other side is a good deal fainter than the print, however dark the scan is.
    inked = ink[ink > 0]
    if inked.size:
        ink[ink < _THROUGH * np.quantile(inked, _PRINT)] = 0
    edge = _SIDE // 60
    ink[:edge], ink[-edge:], ink[:, :edge], ink[:, -edge:] = 0, 0, 0, 0
    return np.asarray(np.minimum(ink, _FULL), np.float32)


def _level(ink: _Ink) -> _Ink:
    """Return the page turned so that its lines run across: where they do, rows of ink and of paper differ most."""
    half = np.asarray(cv2.resize(ink, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.float32)

    def steepness(angle: float) -> float:
        return float((np.diff(_turned(half, angle).sum(axis=1)) ** 2).sum())

    wide = max(np.arange(-_ASKEW, _ASKEW + _WIDE, _WIDE), key=steepness)
    angle = max(np.arange(wide - _WIDE + _NARROW, wide + _WIDE, _NARROW), key=steepness)
    return _turned(ink, float(angle))


def _turned(ink: _Ink, angle: float) -> _Ink:
    height, width = ink.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1)
    return np.asarray(cv2.warpAffine(ink, matrix, (width, height)), np.float32)


def _to_scale(ink: _Ink) -> Pixels:
    """Return the inked part of the page as a square of `_TILE` pixels."""
    (x, wide), (y, high) = _reach(ink.sum(axis=0)), _reach(ink.sum(axis=1))
    # A narrow column is not drawn out to the full width: every speck beside it would shift all of it.
    wide, high = max(wide, _SLIMMEST * high), max(high, _SLIMMEST * wide)
    left, right, top, bottom = x - wide, x + wide, y - high, y + high
    across, down = _TILE / (right - left), _TILE / (bottom - top)
    matrix = np.array([[across, 0, -left * across], [0, down, -top * down]])
    soft = cv2.GaussianBlur(ink, (0, 0), max(0.6 / min(across, down), 0.3))
    tile = cv2.warpAffine(soft, matrix, (_TILE, _TILE))
    return np.asarray(tile * (255 / max(float(tile.max()), 1)), np.uint8)


def _reach(profile: NDArray[np.float32]) -> tuple[float, float]:
    """Return the middle of the ink along one side and how far it reaches from there, without marks far away."""
    places = np.arange(len(profile))
    middle, deviation = _spread(profile, places)
    middle, deviation = _spread(profile * (abs(places - middle) < _STRAY * deviation), places)
    return middle, _SPREAD * deviation


def _spread(profile: NDArray[np.float32], places: NDArray[np.int_]) -> tuple[float, float]:
    total = max(float(profile.sum()), 1e-6)
    middle = float((profile * places).sum() / total)
    # A single stroke reaches a pixel to either side.
    return middle, max(float(np.sqrt((profile * (places - middle) ** 2).sum() / total)), 1.0)

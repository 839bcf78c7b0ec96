"""Where the sheet of paper ends: the lid of the scanner and the desk around a photographed page are no paper."""

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


def around_sheet(grey: NDArray[np.uint8]) -> NDArray[np.bool_] | None:
    """Return a mask (height, width) of what lies around the sheet on `grey`, None where the sheet fills the picture.

    The sheet is the largest bright area; its outline is taken as convex, so that print and stains at an edge stay.
    """
    height, width = grey.shape
    scale = min(1.0, _SIDE / max(height, width))
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    small = np.asarray(cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8)), np.uint8)
    bright = (small > _DIMMEST * np.percentile(small, 85)).astype(np.uint8)
    # Smooth, so that a bright streak along the border does not tie the sheet to what is beyond.
    bright = cv2.morphologyEx(bright, cv2.MORPH_OPEN, np.ones((9, 9), np.uint8))
    edge = np.concatenate([bright[0], bright[-1], bright[:, 0], bright[:, -1]])
    if 1 - edge.mean() < _LEAST_AROUND:
        return None
    contours, _hierarchy = cv2.findContours(bright, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if not contours:
        return None
    outline = np.asarray(cv2.convexHull(max(contours, key=cv2.contourArea)), np.int32)
    if cv2.contourArea(outline) < _LEAST_SHEET * bright.size:
        return None
    if not _ends_sharply(small, outline):
        return None
    sheet = np.zeros((height, width), np.uint8)
    cv2.fillConvexPoly(sheet, np.rint(outline / scale).astype(np.int32), 1)
    beyond = sheet == 0
    return np.asarray(beyond, np.bool_) if beyond.any() else None


def _ends_sharply(grey: NDArray[Any], outline: NDArray[np.int32]) -> bool:
    """Whether it gets dark at once outside `outline`; a shadow across the paper darkens by degrees."""
    sheet = cv2.fillConvexPoly(np.zeros(grey.shape, np.uint8), outline, 1)
    band = np.ones((9, 9), np.uint8)
    outside, inside = cv2.dilate(sheet, band) - sheet, sheet - cv2.erode(sheet, band, borderValue=1)
    return bool(np.median(grey[outside == 1]) < _DARKER * np.median(grey[inside == 1]))

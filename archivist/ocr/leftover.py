"""Ink that the detection network passed over: page numbers, single digits, dashes in cells."""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from archivist.model import Box
from archivist.ocr import Grey

Quad = NDArray[np.float32]

_SIDE = 1280
_INK = 150
#: At _SIDE: print from 6 to 28 points on A4, and never so much of it that it could be anything but dirt.
_LOWEST, _HIGHEST = 7, 44
_MOST_GROUPS = 40
_RULE = 60


def leftover(image: Grey, found: Sequence[Quad]) -> Iterator[Quad]:
    """Yield quads (corners from top left, clockwise) of what looks like print on `image` outside the quads `found`.

    Rules, frames, punch holes and specks are passed over; a page with more than 40 such groups is dirty, and none
    of them is yielded.
    """
    scale = min(1.0, _SIDE / max(image.shape))
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else image
    ink = (small < _INK).astype(np.uint8)
    for quad in found:
        corners = np.rint(quad * scale).astype(np.int32)
        cv2.fillPoly(ink, [corners], 0)
        cv2.polylines(ink, [corners], True, 0, 5)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(ink)
    wide, high, area = (stats[:, part] for part in (cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT, cv2.CC_STAT_AREA))
    solid = (area > 0.7 * wide * high) & (np.minimum(wide, high) > 12)
    print_like = (wide < _RULE) & (high < _HIGHEST) & (area >= 8) & ~solid
    print_like[0] = False
    if not print_like.any():
        return
    marks = print_like[labels].astype(np.uint8)
    groups = cv2.dilate(marks, np.ones((3, 31), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(groups)
    if count - 1 > _MOST_GROUPS:
        return
    for left, top, width, height, _area in stats[1:count].tolist():
        if not (width - 30 >= 5 and height <= _HIGHEST):
            continue
        margin = max((_LOWEST * 3 - height) / 2, 0.25 * height)
        box = Box(left + 10, top - margin, left + width - 10, top + height + margin)
        corners = [[box.left, box.top], [box.right, box.top], [box.right, box.bottom], [box.left, box.bottom]]
        limit = np.array(image.shape[::-1], np.float32) - 1
        yield np.clip(np.array(corners, np.float32) / scale, 0, limit).astype(np.float32)

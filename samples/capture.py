"""What the scanner, copier, facsimile machine or camera does to a sheet, as effects like those of ``wear.py``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from wear import LUMA, Chance, Effect, Move, Plane, Points, Sheet, clouds

Colour = tuple[float, float, float]
DESK: Colour = (0.36, 0.27, 0.2)
#: A cover of the scanner that is white, and one that is black or was left open.
LIDS: tuple[Colour, Colour] = ((0.97, 0.97, 0.96), (0.09, 0.09, 0.1))


def skew(degrees: float, least: float = 0.0) -> Effect:
    """Laid askew on the glass, by up to `degrees` either way and not less than `least`."""

    def effect(sheet: Sheet, chance: Chance) -> Sheet:
        height, width = sheet.picture.shape[:2]
        angle = chance.uniform(least, degrees) * chance.choice((-1, 1))
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
        return _moved(sheet, np.vstack([turn, (0, 0, 1)]), (width, height))

    return effect


def askew(degrees: float, least: float) -> Effect:
    """Laid far askew: the whole sheet is on the picture, with the lid of the scanner around it."""

    def effect(sheet: Sheet, chance: Chance) -> Sheet:
        height, width = sheet.picture.shape[:2]
        angle = chance.uniform(least, degrees) * chance.choice((-1, 1))
        turn = np.vstack([cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0), (0, 0, 1)])
        across, down = (abs(float(np.sin(np.radians(angle)))) * side for side in (height, width))
        shift = np.array([[1, 0, across / 2], [0, 1, down / 2], [0, 0, 1]])
        lid = LIDS[int(chance.integers(len(LIDS)))]
        return _moved(sheet, shift @ turn, (round(width + across), round(height + down)), lid)

    return effect


def turned(degrees: Literal[90, 180, 270]) -> Effect:
    """Put in the wrong way round: turned clockwise."""

    def effect(sheet: Sheet, chance: Chance) -> Sheet:
        height, width = sheet.picture.shape[:2]
        matrix, size = np.eye(3), (width, height)
        for _ in range(degrees // 90):
            matrix = np.array([[0.0, -1.0, size[1]], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]) @ matrix
            size = (size[1], size[0])
        picture = np.rot90(sheet.picture, -(degrees // 90))
        across, down = (sheet.dpi_down, sheet.dpi) if degrees % 180 else (sheet.dpi, sheet.dpi_down)
        return replace(_shown(sheet, picture, _projected(matrix)), dpi=across, dpi_down=down)

    return effect


def on_desk(margin: float) -> Effect:
    """Lying on a desk, of which up to `margin` of the page is seen on each side."""

    def effect(sheet: Sheet, chance: Chance) -> Sheet:
        height, width = sheet.picture.shape[:2]
        left, top, right, bottom = (chance.uniform(0.4, 1, 4) * margin * (width, height, width, height)).round()
        shift = np.array([[1, 0, left], [0, 1, top], [0, 0, 1]])
        return _moved(sheet, shift, (int(width + left + right), int(height + top + bottom)), DESK)

    return effect


def perspective(strength: float) -> Effect:
    """Photographed from aside: each corner moves inwards by up to `strength` of the picture."""

    def effect(sheet: Sheet, chance: Chance) -> Sheet:
        height, width = sheet.picture.shape[:2]
        corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], dtype=np.float32)
        inwards = np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)]) * chance.uniform(0.2, 1, (4, 2))
        moved = (corners + inwards * strength * (width, height)).astype(np.float32)
        matrix = np.asarray(cv2.getPerspectiveTransform(corners, moved), dtype=np.float64)
        return _moved(sheet, matrix, (width, height), DESK)

    return effect


def curl(bow: float, reach: float = 0.22, binding: Literal["side", "middle"] = "side") -> Effect:
    """Bound: the paper rises towards the binding, where lines bend by up to `bow` of the page's height.

    The bend fades out over about `reach` of the width. `side` is the left of the front and the right of the back;
    `middle` the fold of two facing pages.
    """

    def effect(sheet: Sheet, chance: Chance) -> Sheet:
        height, width = sheet.picture.shape[:2]
        at = width / 2 if binding == "middle" else float(width if sheet.is_back else 0)
        columns = np.arange(-width, 2 * width, dtype=np.float64)
        steep = np.exp(-((np.abs(columns - at) / (reach * width)) ** 1.5))
        lift = chance.uniform(0.5, 1) * bow * height * chance.choice((-1, 1))
        swell = chance.uniform(0.3, 1) * bow
        # Where the paper stands steep, less of its width is seen.
        narrowing = 1 - 6 * bow * steep
        places = np.cumsum(narrowing)
        places += at - np.interp(at, columns, places)

        def move(points: Points) -> Points:
            bend = np.interp(points[:, 0], columns, steep)
            y = points[:, 1] + lift * bend + (points[:, 1] - height / 2) * swell * bend
            return np.column_stack([np.interp(points[:, 0], columns, places), y])

        x = np.interp(np.arange(width), places, columns)
        bend = np.interp(x, columns, steep)
        y = (np.arange(height)[:, None] - lift * bend + height / 2 * swell * bend) / (1 + swell * bend)
        picture = cv2.remap(
            sheet.picture,
            np.broadcast_to(x, y.shape).astype(np.float32),
            y.astype(np.float32),
            cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_CONSTANT if binding == "side" else cv2.BORDER_REPLICATE,
            borderValue=DESK,
        )
        dusk = 1 - 0.35 * np.exp(-(np.abs(x - at) / (0.35 * reach * width)))
        return _shown(sheet, np.clip(picture * dusk[:, None], 0, 1), move)

    return effect


def gutter(strength: float) -> Effect:
    """Shadow along the fold between two facing pages."""

    def effect(sheet: Sheet, chance: Chance) -> Sheet:
        width = sheet.picture.shape[1]
        away = np.abs(np.arange(width) - width / 2 + chance.normal(0, sheet.px(1)))
        shade = 1 - strength * (0.6 * np.exp(-away / sheet.px(5)) + 0.4 * np.exp(-away / sheet.px(0.6)))
        return sheet.showing(sheet.picture * shade[:, None].astype(np.float32))

    return effect


def lamp(strength: float) -> Effect:
    """Light from one side with the shadow of a hand or telephone across a corner."""

    def effect(sheet: Sheet, chance: Chance) -> Sheet:
        height, width = sheet.picture.shape[:2]
        y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
        angle = chance.uniform(0, 2 * np.pi)
        across = x * np.cos(angle) + y * np.sin(angle)
        shadow = 1 / (1 + np.exp(-(across - chance.uniform(0.2, 0.6)) * 9))
        light = 1 - strength * (0.35 * (across + 1) / 2 + 0.65 * shadow)
        warm = np.array((1.0, 0.97, 0.9), dtype=np.float32)
        return sheet.showing(sheet.picture * light[..., None] * warm)

    return effect


def blur(mm: float) -> Effect:
    """Out of focus by about `mm`."""

    def effect(sheet: Sheet, chance: Chance) -> Sheet:
        return sheet.showing(cv2.GaussianBlur(sheet.picture, (0, 0), sheet.px(mm)))

    return effect


def noise(strength: float) -> Effect:
    """Grain of the sensor, softened as scanners do."""

    def effect(sheet: Sheet, chance: Chance) -> Sheet:
        grain = chance.standard_normal(sheet.picture.shape[:2], dtype=np.float32)
        grain = cv2.GaussianBlur(grain, (0, 0), 0.7) * (strength * 2.2)
        return sheet.showing(np.clip(sheet.picture + grain[..., None], 0, 1))

    return effect


def grey() -> Effect:
    """Without colour, still as three equal channels."""

    def effect(sheet: Sheet, chance: Chance) -> Sheet:
        return sheet.showing(np.repeat((sheet.picture @ LUMA)[..., None], 3, axis=2))

    return effect


def copier(contrast: float) -> Effect:
    """Toner: whites burnt out, strokes filled in, specks, the black of an open lid along one edge."""

    def effect(sheet: Sheet, chance: Chance) -> Sheet:
        toner = np.clip((sheet.picture - 0.5) * contrast + 0.5 + chance.uniform(-0.05, 0.1), 0.04, 0.985)
        toner = toner * (1 - 0.85 * (chance.random(toner.shape[:2]) > 0.9997)[..., None])
        depth = max(1, round(sheet.px(chance.uniform(0.5, 2.5))))
        toner[:, -depth:] *= np.linspace(0.9, 0.1, depth)[:, None]
        return sheet.showing(cv2.GaussianBlur(toner, (0, 0), sheet.px(0.05)))

    return effect


def scan(dpi: int) -> Effect:
    """Taken at `dpi` pixels an inch."""

    def effect(sheet: Sheet, chance: Chance) -> Sheet:
        return _resampled(sheet, dpi, dpi)

    return effect


def facsimile(across: int, down: int) -> Effect:
    """Sent by telephone: black and white, `across` × `down` pixels an inch, with lost and doubled scan lines."""

    def effect(sheet: Sheet, chance: Chance) -> Sheet:
        sheet = _resampled(sheet, across, down)
        plane: Plane = sheet.picture @ LUMA
        # As the machines do, so that strokes thinner than a scan line are not lost.
        plane += 0.8 * (plane - np.asarray(cv2.GaussianBlur(plane, (0, 0), 1.2), dtype=np.float32))
        level = 0.66 + 0.08 * (clouds(plane, sheet.px(30), chance) - 0.5)
        bits: Plane = (plane > level).astype(np.float32)
        for row in map(int, np.flatnonzero(chance.random(bits.shape[0]) < 0.004)):
            bits[row] = 1.0 if chance.random() < 0.5 else bits[max(row - 1, 0)]
        return sheet.showing(np.repeat(bits[..., None], 3, axis=2))

    return effect


def _resampled(sheet: Sheet, across: int, down: int) -> Sheet:
    height, width = sheet.picture.shape[:2]
    size = (round(width * across / sheet.dpi), round(height * down / sheet.dpi_down))
    picture = cv2.resize(sheet.picture, size, interpolation=cv2.INTER_AREA)
    scale = _projected(np.diag((size[0] / width, size[1] / height, 1.0)))
    return replace(_shown(sheet, picture, scale), dpi=across, dpi_down=down)


def _shown(sheet: Sheet, picture: NDArray[Any], move: Move) -> Sheet:
    """Return the sheet with a picture on which its ink has moved; what is on its back no longer fits."""
    return replace(sheet.showing(picture), other_side=None, moves=(*sheet.moves, move))


def _projected(matrix: NDArray[np.float64]) -> Move:
    def move(points: Points) -> Points:
        return np.asarray(cv2.perspectiveTransform(points[None], matrix)[0], dtype=np.float64)

    return move


def _moved(sheet: Sheet, matrix: NDArray[np.float64], size: tuple[int, int], around: Colour | None = None) -> Sheet:
    border = cv2.BORDER_REPLICATE if around is None else cv2.BORDER_CONSTANT
    picture: NDArray[Any] = cv2.warpPerspective(
        sheet.picture, matrix, size, flags=cv2.INTER_CUBIC, borderMode=border, borderValue=around or (0, 0, 0)
    )
    return _shown(sheet, np.clip(picture, 0, 1), _projected(matrix))

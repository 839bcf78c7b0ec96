"""What time and the office do to a page. An effect takes a sheet and chance, and returns the sheet after it.

Effects are made by the functions below from sizes in millimetres and strengths between 0 and 1. Those that
move ink (skew, perspective, scan) also move ``matrix``, so a box on the clean page can be followed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from press import Box, Leaf, Picture

Chance = np.random.Generator
Plane = NDArray[np.float32]
MM_PER_INCH = 25.4
LUMA = np.array((0.299, 0.587, 0.114), dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """A page on its way: picture, the clean other side of its paper, whether it is the back, pixels an inch.

    `matrix` (3×3) leads from a pixel of the clean page to its present place.
    """

    picture: Picture
    other_side: Picture | None
    is_back: bool
    dpi: int
    matrix: NDArray[np.float64]

    def showing(self, picture: NDArray[Any]) -> Sheet:
        """Return the sheet with another picture (RGB, 0..1) of the same size."""
        return replace(self, picture=_picture(picture))

    def px(self, mm: float) -> float:
        """Return millimetres of paper as pixels."""
        return mm * self.dpi / MM_PER_INCH

    def where(self, box: Box) -> Box:
        """Return the upright box of whole pixels around the place to which a box of the clean page moved."""
        left, top, right, bottom = box
        corners = np.array([[[left, top], [right, top], [right, bottom], [left, bottom]]], dtype=np.float64)
        moved = cv2.perspectiveTransform(corners, self.matrix)[0]
        low, high = np.floor(moved.min(axis=0)), np.ceil(moved.max(axis=0))
        height, width = self.picture.shape[:2]
        return Box(*map(int, (*low.clip(0), *high.clip(0, (width, height)))))


Effect = Callable[[Sheet, Chance], Sheet]


def lay(leaf: Leaf, other_side: Leaf | None, *, is_back: bool, dpi: int, chance: Chance) -> Sheet:
    """All inks of a leaf on one paper: pen strokes uneven, the seal blotchy, black showing through red."""
    picture = leaf.printed
    if leaf.hand is not None:
        picture = picture * _inked(leaf.hand, 0.82 + 0.18 * _clouds(picture, dpi * 0.02, chance))
    if leaf.overlay is not None:
        grain = 0.62 * _clouds(picture, dpi * 0.12, chance) + 0.38 * _clouds(picture, dpi * 0.012, chance)
        picture = picture * _inked(leaf.overlay, np.clip(0.35 + 1.1 * grain, 0, 1))
    return Sheet(picture, None if other_side is None else other_side.printed, is_back, dpi, np.eye(3))


# --- ink --------------------------------------------------------------------------------------------------


def ink_spread(mm: float) -> Effect:
    """Ink runs into the fibres: strokes grow by about `mm` and lose their corners."""

    def effect(sheet: Sheet, chance: Chance) -> Sheet:
        soft = cv2.GaussianBlur(sheet.picture, (0, 0), max(0.3, sheet.px(mm)))
        return sheet.showing(1 - np.clip((1 - soft) * 1.25, 0, 1))

    return effect


def fade(strength: float) -> Effect:
    """Ink has paled, here more and there less."""

    def effect(sheet: Sheet, chance: Chance) -> Sheet:
        loss = strength * (0.4 + 0.6 * _clouds(sheet.picture, sheet.px(25), chance))
        return sheet.showing(_inked(sheet.picture, 1 - loss))

    return effect


def broken_ink(strength: float) -> Effect:
    """Stencil or worn type: small specks within the strokes took no ink."""

    def effect(sheet: Sheet, chance: Chance) -> Sheet:
        grain = _clouds(sheet.picture, sheet.px(0.12), chance)
        taken = np.clip((grain - 0.5 * strength) * 4, 1 - strength, 1)
        return sheet.showing(_inked(sheet.picture, taken))

    return effect


def stencil_ink(colour: tuple[float, float, float]) -> Effect:
    """Black becomes the blue-black of a duplicator; red stays red, as it came from another press."""

    def effect(sheet: Sheet, chance: Chance) -> Sheet:
        chroma = np.ptp(sheet.picture, axis=2, keepdims=True)
        black = (1 - sheet.picture.min(axis=2, keepdims=True)) * np.clip(1 - 3 * chroma, 0, 1)
        return sheet.showing(np.clip(sheet.picture + black * np.array(colour), 0, 1))

    return effect


def bleed_through(strength: float) -> Effect:
    """Text on the other side of the paper shows, mirrored and blurred."""

    def effect(sheet: Sheet, chance: Chance) -> Sheet:
        if sheet.other_side is None:
            return sheet
        shadow = cv2.GaussianBlur(sheet.other_side[:, ::-1] @ LUMA, (0, 0), sheet.px(0.25))
        shift = np.column_stack([np.eye(2), chance.uniform(-1, 1, 2) * sheet.px(2)])
        height, width = shadow.shape
        shadow = cv2.warpAffine(shadow, shift, (width, height), borderValue=1.0)
        return sheet.showing(sheet.picture * (1 - strength * (1 - shadow))[..., None])

    return effect


# --- paper ------------------------------------------------------------------------------------------------


def paper_tone(colour: tuple[int, int, int], gradient: float = 0.04, fibre: float = 0.015) -> Effect:
    """Paper of an sRGB colour (0..255), darker towards one side, yellow at the edges, with a little grain."""

    def effect(sheet: Sheet, chance: Chance) -> Sheet:
        height, width = sheet.picture.shape[:2]
        y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
        angle = chance.uniform(0, 2 * np.pi)
        edge = np.maximum(np.abs(x), np.abs(y)) ** 8
        shade = 1 - gradient * (0.5 + 0.35 * (x * np.cos(angle) + y * np.sin(angle)) + 0.5 * edge)
        shade = shade * (1 - fibre * (_clouds(sheet.picture, sheet.px(0.6), chance) - 0.5))
        tone = (np.array(colour, dtype=np.float32) / 255) ** (1 + 2 * (1 - shade))[..., None]
        return sheet.showing(sheet.picture * tone * shade[..., None])

    return effect


def foxing(spots: int) -> Effect:
    """Brown stains of damp and age, some crowded together."""

    def effect(sheet: Sheet, chance: Chance) -> Sheet:
        height, width = sheet.picture.shape[:2]
        stain = np.zeros((height, width), dtype=np.float32)
        heart = chance.uniform(0.1, 0.9, 2)
        for _ in range(spots):
            at = heart + chance.normal(0, 0.16, 2) if chance.random() < 0.5 else chance.random(2)
            size = sheet.px(chance.gamma(1.6, 0.6))
            centre = (int(at[0] * width), int(at[1] * height))
            axes = (int(size) + 1, int(size * chance.uniform(0.6, 1)) + 1)
            cv2.ellipse(stain, centre, axes, chance.uniform(0, 180), 0, 360, chance.uniform(0.15, 0.5), -1)
        stain = np.asarray(cv2.GaussianBlur(stain, (0, 0), sheet.px(0.45)), dtype=np.float32)
        stain *= 0.6 + 0.4 * _clouds(stain, sheet.px(1), chance)
        brown = 1 - stain[..., None] * np.array((0.28, 0.45, 0.62), dtype=np.float32)
        return sheet.showing(sheet.picture * brown)

    return effect


def crease(strength: float) -> Effect:
    """Paper folded across the middle: a thin line, lighter on one side and darker on the other."""

    def effect(sheet: Sheet, chance: Chance) -> Sheet:
        height, width = sheet.picture.shape[:2]
        steps = chance.normal(0, sheet.px(0.3), (1, 24))
        wander = cv2.resize(steps, (width, 1), interpolation=cv2.INTER_CUBIC)
        slope = np.linspace(-1, 1, width) * sheet.px(chance.normal(0, 0.8))
        fold = height * chance.uniform(0.46, 0.54) + slope + wander
        away = (np.arange(height)[:, None] - fold) / sheet.px(0.35)
        relief = strength * away * np.exp(-(away**2))
        return sheet.showing(np.clip(sheet.picture * (1 + relief[..., None]), 0, 1))

    return effect


def punch_holes(count: int, diameter: float = 5.5) -> Effect:
    """Binding holes down the left of the front, the right of the back; behind them the scanner's dark lid."""

    def effect(sheet: Sheet, chance: Chance) -> Sheet:
        height, width = sheet.picture.shape[:2]
        hole = np.zeros(sheet.picture.shape[:2], dtype=np.float32)
        x = sheet.px(9.5) + chance.normal(0, sheet.px(0.4))
        if sheet.is_back:
            x = width - x
        for k in range(count):
            y = height / 2 + (k - (count - 1) / 2) * sheet.px(80) + chance.normal(0, sheet.px(0.4))
            cv2.circle(hole, (round(x), round(y)), round(sheet.px(diameter / 2)), 1.0, -1)
        inside = cv2.GaussianBlur(hole, (0, 0), sheet.px(0.06))[..., None]
        rim = cv2.GaussianBlur(hole, (0, 0), sheet.px(0.5))[..., None]
        return sheet.showing(sheet.picture * (1 - 0.15 * rim) * (1 - inside) + 0.23 * inside)

    return effect


# --- scanner, copier, camera ------------------------------------------------------------------------------


def skew(degrees: float, least: float = 0.0) -> Effect:
    """Laid askew on the glass, by up to `degrees` either way and not less than `least`."""

    def effect(sheet: Sheet, chance: Chance) -> Sheet:
        height, width = sheet.picture.shape[:2]
        angle = chance.uniform(least, degrees) * chance.choice((-1, 1))
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
        return _moved(sheet, np.vstack([turn, (0, 0, 1)]), (width, height))

    return effect


def perspective(strength: float) -> Effect:
    """Photographed from aside, on a desk: each corner moves inwards by up to `strength` of the page."""

    def effect(sheet: Sheet, chance: Chance) -> Sheet:
        height, width = sheet.picture.shape[:2]
        corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], dtype=np.float32)
        inwards = np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)]) * chance.uniform(0.2, 1, (4, 2))
        moved = (corners + inwards * strength * (width, height)).astype(np.float32)
        desk = (0.36, 0.27, 0.2)
        matrix = np.asarray(cv2.getPerspectiveTransform(corners, moved), dtype=np.float64)
        return _moved(sheet, matrix, (width, height), desk)

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
        height, width = sheet.picture.shape[:2]
        factor = dpi / sheet.dpi
        size = (round(width * factor), round(height * factor))
        picture = cv2.resize(sheet.picture, size, interpolation=cv2.INTER_AREA)
        scale = np.diag((size[0] / width, size[1] / height, 1.0))
        return replace(sheet.showing(picture), other_side=None, dpi=dpi, matrix=scale @ sheet.matrix)

    return effect


def facsimile() -> Effect:
    """Black and white, with lost and doubled scan lines."""

    def effect(sheet: Sheet, chance: Chance) -> Sheet:
        plane: Plane = np.asarray(cv2.GaussianBlur(sheet.picture @ LUMA, (0, 0), 0.6), dtype=np.float32)
        level = 0.62 + 0.08 * (_clouds(sheet.picture, sheet.px(30), chance) - 0.5)
        bits: Plane = (plane > level).astype(np.float32)
        for row in map(int, np.flatnonzero(chance.random(bits.shape[0]) < 0.004)):
            bits[row] = 1.0 if chance.random() < 0.5 else bits[max(row - 1, 0)]
        return sheet.showing(np.repeat(bits[..., None], 3, axis=2))

    return effect


# --- shared -----------------------------------------------------------------------------------------------


def _picture(values: NDArray[Any]) -> Picture:
    return np.ascontiguousarray(values, dtype=np.float32)


def _inked(picture: Picture, density: Plane) -> Picture:
    return _picture(1 - (1 - picture) * density[..., None])


def _clouds(like: Picture | Plane, cell: float, chance: Chance) -> Plane:
    """Smooth random 0..1 over a picture's rows and columns, changing over about `cell` pixels."""
    height, width = like.shape[:2]
    rows, columns = max(2, round(height / max(cell, 1))), max(2, round(width / max(cell, 1)))
    coarse = chance.random((rows, columns), dtype=np.float32)
    return np.clip(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), 0, 1)


def _moved(
    sheet: Sheet,
    matrix: NDArray[np.float64],
    size: tuple[int, int],
    around: tuple[float, float, float] | None = None,
) -> Sheet:
    border = cv2.BORDER_REPLICATE if around is None else cv2.BORDER_CONSTANT
    picture = cv2.warpPerspective(
        sheet.picture, matrix, size, flags=cv2.INTER_CUBIC, borderMode=border, borderValue=around or (0, 0, 0)
    )
    return replace(sheet.showing(np.clip(picture, 0, 1)), matrix=matrix @ sheet.matrix)

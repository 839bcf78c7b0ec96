"""What time and the office do to a page. An effect takes a sheet and chance, and returns the sheet after it.

Effects are made by the functions below, and by those of ``capture.py`` for what scanners and cameras do, from sizes in
millimetres and strengths between 0 and 1. Those that move ink say so in ``moves``, so a box on the clean page can be
followed.
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
Points = NDArray[np.float64]  # points × (x, y)
Move = Callable[[Points], Points]
MM_PER_INCH = 25.4
LUMA = np.array((0.299, 0.587, 0.114), dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """A page on its way: picture, the clean other side of its paper, whether it is the back, pixels an inch.

    `dpi_down` is the pixels an inch from top to bottom where they differ from those across. `moves`, one after another,
    lead from points of the clean page to their present place.
    """

    picture: Picture
    other_side: Picture | None
    is_back: bool
    dpi: int
    dpi_down: int
    moves: tuple[Move, ...] = ()

    def showing(self, picture: NDArray[Any]) -> Sheet:
        """Return the sheet with another picture (RGB, 0..1) of the same size."""
        return replace(self, picture=_picture(picture))

    def px(self, mm: float) -> float:
        """Return millimetres of paper as pixels."""
        return mm * self.dpi / MM_PER_INCH

    def where(self, box: Box) -> Box:
        """Return the upright box of whole pixels around the place to which a box of the clean page moved."""
        left, top, right, bottom = box
        edge = np.linspace(0, 1, 9)
        level = [(left + (right - left) * t, y) for y in (top, bottom) for t in edge]
        points = np.array([*level, *((x, top + (bottom - top) * t) for x in (left, right) for t in edge)])
        for move in self.moves:
            points = move(points)
        low, high = np.floor(points.min(axis=0)), np.ceil(points.max(axis=0))
        height, width = self.picture.shape[:2]
        return Box(*map(int, (*low.clip(0), *high.clip(0, (width, height)))))


Effect = Callable[[Sheet, Chance], Sheet]


def lay(leaf: Leaf, other_side: Leaf | None, *, is_back: bool, dpi: int, chance: Chance) -> Sheet:
    """All inks of a leaf on one paper: pen strokes uneven, the seal blotchy, black showing through red."""
    picture = leaf.printed
    if leaf.hand is not None:
        picture = picture * _inked(leaf.hand, 0.82 + 0.18 * clouds(picture, dpi * 0.02, chance))
    if leaf.overlay is not None:
        grain = 0.62 * clouds(picture, dpi * 0.12, chance) + 0.38 * clouds(picture, dpi * 0.012, chance)
        picture = picture * _inked(leaf.overlay, np.clip(0.35 + 1.1 * grain, 0, 1))
    return Sheet(picture, None if other_side is None else other_side.printed, is_back, dpi, dpi)


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
        loss = strength * (0.4 + 0.6 * clouds(sheet.picture, sheet.px(25), chance))
        return sheet.showing(_inked(sheet.picture, 1 - loss))

    return effect


def broken_ink(strength: float) -> Effect:
    """Stencil or worn type: small specks within the strokes took no ink."""

    def effect(sheet: Sheet, chance: Chance) -> Sheet:
        grain = clouds(sheet.picture, sheet.px(0.12), chance)
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
        shade = shade * (1 - fibre * (clouds(sheet.picture, sheet.px(0.6), chance) - 0.5))
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
        stain *= 0.6 + 0.4 * clouds(stain, sheet.px(1), chance)
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


# --- shared -----------------------------------------------------------------------------------------------


def _picture(values: NDArray[Any]) -> Picture:
    return np.ascontiguousarray(values, dtype=np.float32)


def _inked(picture: Picture, density: Plane) -> Picture:
    return _picture(1 - (1 - picture) * density[..., None])


def clouds(like: Picture | Plane, cell: float, chance: Chance) -> Plane:
    """Smooth random 0..1 over a picture's rows and columns, changing over about `cell` pixels."""
    height, width = like.shape[:2]
    rows, columns = max(2, round(height / max(cell, 1))), max(2, round(width / max(cell, 1)))
    coarse = chance.random((rows, columns), dtype=np.float32)
    return np.clip(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), 0, 1)

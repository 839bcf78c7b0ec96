"""Lines in print and by hand, side by side on pages, with the truth of every character, for `train_hand.py`.

Two kinds of hand: fonts drawn after a person's writing, and a pen that follows the stroke medians of hanzi-writer-data
with the habits of a writer made up by chance: slope, slant, haste, pressure, uneven size and place.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml
from fontTools.ttLib import TTCollection, TTFont  # type: ignore[import-untyped]
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Chance = np.random.Generator
Plane = NDArray[np.float32]
Points = NDArray[np.float64]

SIDE = 1650
_WORDS: dict[str, Any] = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text("utf-8"))


@dataclass(frozen=True, slots=True)
class Mark:
    """One character as put on the page: its box in pixels (left, top, right, bottom), by hand or not, of which line."""

    char: str
    box: tuple[float, float, float, float]
    hand: bool
    line: int


@dataclass(frozen=True, slots=True)
class Sources:
    """Fonts by the kind of mark they leave, the stroke medians (a folder of JSON, or None), and running text.

    `even` are fonts of `hand_han` that no one takes for print even where a machine set them, all alike and in a row.
    """

    print_han: Sequence[Path]
    print_latin: Sequence[Path]
    hand_han: Sequence[Path]
    hand_latin: Sequence[Path]
    even: frozenset[Path]
    strokes: Path | None
    text: str


@dataclass(frozen=True, slots=True)
class Written:
    """A page as written: density of printed and of handwritten ink (0 paper .. 1), and its characters."""

    printed: Plane
    hand: Plane
    marks: list[Mark] = field(default_factory=list)


Draw = Callable[[str, Chance], "Plane | None"]


def page(sources: Sources, chance: Chance) -> Written:
    """Return a page of rows: print, handwriting, forms filled in by hand."""
    written = Written(np.zeros((SIDE, SIDE), np.float32), np.zeros((SIDE, SIDE), np.float32))
    size = chance.uniform(24, 46)
    prints = [_typeface(sources, size * chance.choice((1, 1, 1, 0.8, 1.3)), chance) for _ in range(3)]
    writers = [_writer(sources, size * chance.uniform(0.9, 1.9), chance) for _ in range(2)]
    share = chance.choice((0.15, 0.45, 0.8))
    y = chance.uniform(30, 70)
    while y < SIDE - 90:
        if chance.random() < 0.06:
            prints[0] = _typeface(sources, chance.uniform(50, 110), chance)
        elif prints[0].em > 1.6 * size:
            prints[0] = _typeface(sources, size, chance)
        y += _row(written, y, prints, writers, float(share), sources.text, chance)
    for _ in range(int(chance.integers(4)) if chance.random() < 0.5 else 0):
        _seal(written.printed, sources, chance)
    return written


def _row(
    written: Written,
    top: float,
    prints: Sequence[_Hand],
    writers: Sequence[_Hand],
    share: float,
    text: str,
    chance: Chance,
) -> float:
    """Write one row of segments and return its height."""
    face = prints[int(chance.integers(len(prints)))]
    hand = writers[int(chance.integers(len(writers)))]
    tall = max(face.em, hand.em) * chance.uniform(1.15, 1.7)
    middle, x = top + tall / 2, chance.uniform(40, 200)
    edges = [x - 12]
    while x < SIDE - 4 * face.em:
        number = written.marks[-1].line + 1 if written.marks else 0
        kind = chance.choice(("print", "hand", "mixed", "date"), p=(1 - share, 0.45 * share, 0.3 * share, 0.25 * share))
        for by_hand, words in _segments(str(kind), text, chance):
            chosen = hand if by_hand else face
            x = chosen.write(written, words, x, middle + chance.normal(0, 0.04) * tall, number, chance)
            x += chance.uniform(0, 0.5) * chosen.em
        x += chance.uniform(0.8, 4) * face.em
        edges.append(x - 0.4 * face.em)
        if chance.random() < 0.2:
            break
    if chance.random() < 0.3:
        _rules(written.printed, top, tall, edges, chance)
    return tall


def _segments(kind: str, text: str, chance: Chance) -> Iterable[tuple[bool, str]]:
    """Yield pieces of a line: whether by hand, and the words."""
    if kind == "print":
        yield False, _printed_words(text, chance)
    elif kind == "hand":
        yield True, _written_words(text, chance)
    elif kind == "mixed":
        yield False, str(chance.choice(_WORDS["labels"]))
        yield True, _written_words(text, chance)
        if chance.random() < 0.15:
            yield False, str(chance.choice(_WORDS["after"]))
    else:
        if chance.random() < 0.5:
            yield False, str(chance.choice(_WORDS["before_dates"]))
        for unit, (least, most) in {"年": (50, 99), "月": (1, 13), "日": (1, 32)}.items():
            yield True, str(chance.integers(least, most))
            yield False, unit


def _printed_words(text: str, chance: Chance) -> str:
    form = chance.random()
    if form < 0.2:
        return str(chance.choice(_WORDS["labels"]))
    if form < 0.4:
        return _number(chance)
    start = int(chance.integers(len(text) - 60))
    return text[start : start + int(chance.integers(1, 44))]


def _written_words(text: str, chance: Chance) -> str:
    form = chance.random()
    name = str(chance.choice(list(_WORDS["surnames"]))) + "".join(
        chance.choice(list(_WORDS["given"]), int(chance.integers(1, 3)))
    )
    if form < 0.2:
        return name
    if form < 0.4:
        return _date(chance)
    if form < 0.5:
        return f"{name} {_date(chance)}"
    if form < 0.75:
        comment = str(chance.choice(_WORDS["comments"])).format(p=chance.choice(_WORDS["posts"]))
        return comment + str(chance.choice(("", "。", "。", f" {name}")))
    start = int(chance.integers(len(text) - 60))
    return text[start : start + int(chance.integers(1, 16))]


def _date(chance: Chance) -> str:
    year, month, day = int(chance.integers(50, 99)), int(chance.integers(1, 13)), int(chance.integers(1, 32))
    return str(chance.choice(_WORDS["dates"])).format(y=year, m=month, d=day)


def _number(chance: Chance) -> str:
    whole = int(10 ** chance.uniform(0, 7))
    cents, short = int(chance.integers(100)), whole % 100
    forms = (f"{whole}", f"{whole:,}", f"{whole}.{cents:02}", f"（{short}）", f"{short}%", f"第{whole % 900}号")
    return str(chance.choice(forms))


def _rules(printed: Plane, top: float, tall: float, edges: Sequence[float], chance: Chance) -> None:
    wide = int(chance.integers(2, 5))
    for y in (top, top + tall):
        cv2.line(printed, (30, round(y)), (SIDE - 30, round(y)), 0.9, wide)
    for x in edges if chance.random() < 0.7 else ():
        cv2.line(printed, (round(x), round(top)), (round(x), round(top + tall)), 0.9, wide)


def _seal(printed: Plane, sources: Sources, chance: Chance) -> None:
    """Put a round seal over the print, as it shows where colour is lost: it is no handwriting."""
    radius, wide, dark = chance.uniform(90, 190), int(chance.integers(3, 9)), chance.uniform(0.3, 1)
    x, y = chance.uniform(radius + 20, SIDE - radius - 20, 2)
    layer = np.zeros_like(printed)
    cv2.circle(layer, (round(x), round(y)), round(radius), dark, wide, cv2.LINE_AA)
    points = np.arange(10) * np.pi / 5 - np.pi / 2
    reach = radius * np.tile((0.32, 0.13), 5)
    star = np.column_stack([x + reach * np.cos(points), y + reach * np.sin(points)])
    cv2.fillPoly(layer, [np.rint(star).astype(np.int32)], dark)
    em = round(radius * 0.28)
    start = int(chance.integers(len(sources.text) - 60))
    path = _one(sources.print_han, chance)
    for number, char in enumerate(sources.text[start : start + 11]):
        angle = np.radians(-130 + 26 * number)
        drawn = _letter(path, em, char, 0.0) if ord(char) in _covered(path) else None
        if drawn is not None:
            turn = cv2.getRotationMatrix2D((drawn.shape[1] / 2, drawn.shape[0] / 2), -np.degrees(angle), 1)
            turn[:, 2] += np.array([x + 0.8 * radius * np.sin(angle), y - 0.8 * radius * np.cos(angle)])
            turn[:, 2] -= np.array(drawn.shape[::-1]) / 2
            np.maximum(layer, dark * cv2.warpAffine(drawn, turn, (SIDE, SIDE)), out=layer)
    np.maximum(printed, layer, out=printed)


# --- those who write --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Hand:
    """A typeface or a writer: how large, what draws a character, and how uneven."""

    em: float
    draw: Draw
    by_hand: bool
    ink: float
    pitch: float
    drift: float
    uneven_size: float
    uneven_place: float
    uneven_ink: float

    def write(self, written: Written, words: str, x: float, middle: float, line: int, chance: Chance) -> float:
        """Put `words` of `line` on the page from `x` on around the height `middle`, and return where they end."""
        layer = written.hand if self.by_hand else written.printed
        drift = self.drift * chance.uniform(0.3, 1.2)
        for char in words:
            if char.isspace():
                x += 0.4 * self.em
                continue
            drawn = self.draw(char, chance)
            if drawn is None:
                continue
            advance = drawn.shape[1] / 2
            if self.uneven_size:
                across, down = np.clip(chance.normal(1, self.uneven_size, 2), 0.7, 1.35)
                drawn = cv2.resize(drawn, None, fx=across, fy=down, interpolation=cv2.INTER_AREA).astype(np.float32)
                drawn = _never_twice_alike(drawn, self.uneven_size * self.em, chance)
            height, width = drawn.shape
            left = round(x + advance / 2 - width / 2 + chance.normal(0, self.uneven_place) * self.em * 0.6)
            place = round(middle - height / 2 + chance.normal(0, self.uneven_place) * self.em)
            if left + width > SIDE or left < 0 or place < 0 or place + height > SIDE:
                return x
            ink = self.ink * float(np.clip(1 - abs(chance.normal(0, self.uneven_ink)), 0.3, 1))
            part = layer[place : place + height, left : left + width]
            np.maximum(part, drawn * ink, out=part)
            rows, columns = np.flatnonzero(drawn.max(axis=1) > 0.3), np.flatnonzero(drawn.max(axis=0) > 0.3)
            if len(rows):
                box = (left + columns[0], place + rows[0], left + columns[-1] + 1, place + rows[-1] + 1)
                written.marks.append(Mark(char, tuple(map(float, box)), self.by_hand, line))
            x += advance * self.pitch
            middle += drift * advance
        return x


def _never_twice_alike(drawn: Plane, reach: float, chance: Chance) -> Plane:
    """Return a character with its strokes pulled about by up to about `reach` pixels, as a hand does."""
    height, width = drawn.shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    pull = chance.normal(0, 0.7 * reach, (2, 4, 4)).astype(np.float32)
    across, down = (cv2.resize(one, (width, height), interpolation=cv2.INTER_CUBIC) for one in pull)
    return np.asarray(cv2.remap(drawn, x + across, y + down, cv2.INTER_LINEAR), np.float32)


def _typeface(sources: Sources, em: float, chance: Chance) -> _Hand:
    han = _one(sources.print_han, chance)
    draw = _from_font(han, han if chance.random() < 0.6 else _one(sources.print_latin, chance), em, 0.0)
    typewritten = chance.random() < 0.2
    pitch = 1 + (chance.uniform(0, 0.15) if chance.random() < 0.7 else chance.uniform(0.2, 1.2))
    uneven = (chance.uniform(0, 0.025), chance.uniform(0, 0.25)) if typewritten else (0.0, 0.0)
    return _Hand(em, draw, False, chance.uniform(0.8, 1), pitch, 0.0, 0.0, *uneven)


def _writer(sources: Sources, em: float, chance: Chance) -> _Hand:
    latin = _one(sources.hand_latin, chance)
    slant = chance.normal(0, 0.08)
    may_be_even = True
    if sources.strokes is not None and chance.random() < 0.4:
        draw = _from_strokes(sources.strokes, latin, em, chance)
    else:
        han = _one(sources.hand_han, chance)
        may_be_even = han in sources.even
        draw = _from_font(han, han if chance.random() < 0.6 else latin, em, slant)
    ink = chance.uniform(0.55, 1)
    if may_be_even and chance.random() < 0.45:
        return _Hand(em, draw, True, ink, 1.0, 0.0, 0.0, 0.0, 0.0)
    return _Hand(
        em, draw, True, ink, chance.uniform(0.78, 1.2), chance.normal(-0.02, 0.03),
        chance.uniform(0.02, 0.1), chance.uniform(0.01, 0.06), chance.uniform(0, 0.2),
    )  # fmt: skip


def _one(paths: Sequence[Path], chance: Chance) -> Path:
    return paths[int(chance.integers(len(paths)))]


# --- those who draw: a character as density on a square of twice the em, or None where it cannot ----------


def _from_font(han: Path, latin: Path, em: float, slant: float) -> Draw:
    def draw(char: str, _chance: Chance) -> Plane | None:
        path = latin if ord(char) < 128 else han
        if ord(char) not in _covered(path):
            path = han
        if ord(char) not in _covered(path):
            return None
        return _letter(path, round(em), char, round(slant, 2))

    return draw


@cache
def _covered(path: Path) -> frozenset[int]:
    font = TTCollection(path).fonts[0] if path.suffix == ".ttc" else TTFont(path)
    return frozenset(font.getBestCmap())


@cache
def _face(path: Path, em: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(path), em)


def _letter(path: Path, em: int, char: str, slant: float) -> Plane | None:
    face = _face(path, em)
    advance = max(round(face.getlength(char)), em // 5)
    image = Image.new("L", (2 * advance, 2 * em), 0)
    ImageDraw.Draw(image).text((advance / 2, em), char, font=face, fill=255, anchor="lm")
    drawn = np.asarray(image, np.float32) / 255
    if slant:
        turn = np.array([[1, slant, -slant * em], [0, 1, 0]], np.float64)
        drawn = cv2.warpAffine(drawn, turn, (2 * advance, 2 * em), flags=cv2.INTER_LINEAR).astype(np.float32)
    return drawn if drawn.max() > 0.3 else None


def _from_strokes(folder: Path, latin: Path, em: float, chance: Chance) -> Draw:
    """Return a pen with habits of its own."""
    rise, slant = chance.uniform(0, 0.2), chance.normal(0, 0.12)
    aspect, haste = chance.uniform(0.8, 1.1), chance.uniform(0, 1)
    wide, taper = chance.uniform(0.03, 0.1), chance.uniform(0, 0.6)
    habit = np.array([[aspect, -slant], [-rise * aspect, 1]])
    letters = _from_font(latin, latin, em, slant)
    zoom = 3

    def draw(char: str, chance: Chance) -> Plane | None:
        medians = _medians(folder, char)
        if not medians:
            return letters(char, chance)
        side = round(2 * em) * zoom
        canvas = np.zeros((side, side), np.uint8)
        last: Points | None = None
        for stroke in medians:
            own = np.eye(2) + chance.normal(0, 0.05 + 0.04 * haste, (2, 2))
            middle = stroke.mean(axis=0)
            line = (stroke - middle) @ own.T + middle + chance.normal(0, 0.018 + 0.015 * haste, 2)
            line = _smooth(line, 0.6 + 5 * haste, chance)
            line = (line @ habit.T) * em * zoom * 0.95 + side / 2
            if last is not None and chance.random() < 0.75 * haste:
                _stroke(canvas, np.array([last[-1], line[0]]), 0.5 * wide * em * zoom, 0, chance)
            _stroke(canvas, line, wide * em * zoom, taper, chance)
            last = line
        small = cv2.resize(canvas, (side // zoom, side // zoom), interpolation=cv2.INTER_AREA)
        return np.asarray(small, np.float32) / 255

    return draw


@cache
def _medians(folder: Path, char: str) -> tuple[Points, ...]:
    """Return the strokes of `char` as points around its middle, 1 being the em, y down."""
    path = folder / f"{char}.json"
    if ord(char) < 128 or not path.exists():
        return ()
    found = json.loads(path.read_text("utf-8"))["medians"]
    return tuple((np.array(stroke, np.float64) - (512, 388)) * (1, -1) / 1024 for stroke in found)


def _smooth(line: Points, strength: float, chance: Chance) -> Points:
    """Return `line` in even steps, its corners cut and its course unsteady."""
    steps = np.concatenate(([0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))))
    at = np.linspace(0, steps[-1], 24)
    even = np.column_stack([np.interp(at, steps, line[:, axis]) for axis in (0, 1)])
    reach = np.exp(-0.5 * (np.arange(-8, 9) / max(strength * 0.6, 0.3)) ** 2)
    padded = np.pad(even, ((8, 8), (0, 0)), mode="edge")
    smooth = np.column_stack([np.convolve(padded[:, axis], reach / reach.sum(), "valid") for axis in (0, 1)])
    bend = np.sin(np.linspace(0, np.pi, 24))[:, None] * chance.normal(0, 0.012, 2)
    return np.asarray(smooth + bend, np.float64)


def _stroke(canvas: NDArray[np.uint8], line: Points, wide: float, taper: float, chance: Chance) -> None:
    press = np.interp(np.arange(len(line)), (0, 3, len(line)), (1, 1, 1 - taper * chance.uniform(0.3, 1)))
    for number in range(len(line) - 1):
        start, end = (tuple(int(v) for v in np.rint(line[number + k])) for k in (0, 1))
        cv2.line(canvas, start, end, 255, max(round(wide * press[number]), 1), cv2.LINE_AA)

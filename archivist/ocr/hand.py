"""Handwriting told from print, so that a person looks at it and nobody trusts it as print.

A small network looks at each line, drawn 32 pixels high, and says for every eight columns of it how far they look
written by hand; lines are then cut where print and hand meet. Which reader read the line does not matter. How the
network was taught, and on what, stands in samples/train_hand.py; `hand.npz` holds what it learnt.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import groupby, pairwise
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from archivist.model import Alternative, Box, Glyph, Line
from archivist.ocr import STROKES, Grey

Plane: TypeAlias = NDArray[np.float32]
Layer: TypeAlias = tuple[Plane, Plane]

NETWORK = Path(__file__).with_name("hand.npz")

#: Height of a drawn line, how much of it the ink fills, and how many of its columns share one answer.
HEIGHT, INKED, COLUMNS = 32, 28, 8
#: How many layers of the network halve what they see.
_HALVING = 3
_PAPER = np.uint8(245)
#: The darkest hundredth of a line is black, so that faded ink looks as any other; what is fainter than this is dirt.
_SHARE, _FAINT = 0.99, 61
#: Share of ink from which columns tell anything.
_LEAST_INK = 0.02
_TALL = 1.5
_WIDEST = 2400
#: Columns asked about at once: fewer cost calls, more do not fit the cache of a processor.
_AT_ONCE = 640
#: A flat line, as a dash, is drawn as small as it would stand among characters this much higher than their distance.
_LEAST_HEIGHT = 0.6
#: Evidence is in logits a character, cut off at _MOST; a line must bring _LEAST before it counts as handwriting. Where
#: hand and print alternate takes _BORDER more, or _OPEN_BORDER after a colon and over a gap of _GAP of the line.
_MOST, _LEAST, _BORDER, _OPEN_BORDER, _GAP = 4.0, 1.0, 5.0, 2.5, 0.6
#: Few pages have any handwriting: where no line brings _SURE beyond it, lines need _FIRST more and borders _TWICE.
_SURE, _FIRST, _TWICE = 8.0, 5.0, 2.0
#: From how many characters on print at the edge of a handwritten line is a label, and within one a text of its own.
_LABEL, _TEXT = 2, 4
#: How sure the first reader is of a handwritten character, and how often it is then right. Measured on 7,799
#: characters in 18 hands, worn in all ways of samples/recipes.py, from 0.22 on: 0.12 0.34 0.53 0.68 0.75 0.89 0.94
#: 0.95 0.96 0.996 0.998. The last are held down, as a person in haste writes worse than the hands measured.
_SAID = (0.0, 0.22, 0.41, 0.60, 0.75, 0.85, 0.93, 0.967, 0.985, 0.993, 0.998, 1.0)
_RIGHT = (0.05, 0.12, 0.33, 0.52, 0.66, 0.74, 0.87, 0.92, 0.935, 0.95, 0.97, 0.985)


def tell_hands(image: Grey, lines: Sequence[Line]) -> tuple[Line, ...]:
    """Return `lines` with those written by hand marked, and those partly so cut where print and hand meet.

    `image` (height, width; 245 is paper) is what they were read from, their boxes in its pixels, their confidences as
    the reader gave them. Those of handwritten characters are replaced by how often it is right when it is as sure as
    that, which is never 0.99. Order and characters stay; short print between handwriting, as the 年 of a date filled
    in, stays in the handwritten line. Lines without ink on `image`, as red ones on the black layer, stay as they are.
    """
    if not lines:
        return ()
    drawn = [draw(image, line) for line in lines]
    answers = _answers([strip for strip, _places in drawn])
    told = [_told(*line, logits) for line, logits in zip(drawn, answers, strict=True)]
    borders = [_borders(line) for line in lines]
    courses = [_course(*each, _LEAST + _FIRST, _TWICE) for each in zip(told, borders, strict=True)]
    if any(likelier >= _SURE for likelier, _hand in courses):
        courses = [_course(*each, _LEAST, 1.0) for each in zip(told, borders, strict=True)]
    return tuple(part for line, (_, hand) in zip(lines, courses, strict=True) for part in _cut(line, hand))


def _told(strip: Plane, places: NDArray[np.intp], logits: Plane) -> NDArray[np.float64]:
    """Return one logit for each character: the mean of those where there is ink, 0 where there is none."""
    inked = strip.reshape(HEIGHT, -1, COLUMNS).mean(axis=(0, 2)) > _LEAST_INK
    total, count = (np.concatenate(([0.0], np.cumsum(values))) for values in (logits * inked, inked))
    start, end = places
    return np.asarray(np.clip((total[end] - total[start]) / np.maximum(count[end] - count[start], 1), -_MOST, _MOST))


def draw(image: Grey, line: Line) -> tuple[Plane, NDArray[np.intp]]:
    """Return `line` as ink (HEIGHT, width a multiple of COLUMNS; 0 paper .. 1), and where its characters' answers are.

    Of the answers, those from the first row up to the second belong to a character (2, characters).
    Characters of a line that runs down the page are set side by side.
    """
    box = line.box
    if box.height >= _TALL * box.width and len(line.glyphs) > 1:
        pieces = [_close(_piece(image, glyph.box, INKED / max(box.width, 1.0))) for glyph in line.glyphs]
        ends = np.cumsum([piece.shape[1] for piece in pieces])
        strip = np.hstack(pieces)
        spans = np.array([ends - [piece.shape[1] for piece in pieces], ends], np.float64)
    else:
        pitch = box.width / max(len(line.glyphs), 1)
        scale = INKED / max(box.height, _LEAST_HEIGHT * pitch, 1.0)
        scale = min(scale, _WIDEST / max(box.width, 1.0))
        strip = _piece(image, box, scale)
        sides = np.array([[glyph.box.left for glyph in line.glyphs], [glyph.box.right for glyph in line.glyphs]])
        spans = (sides - box.left) * scale + 2
    strip = np.pad(strip, ((0, 0), (COLUMNS, COLUMNS + -strip.shape[1] % COLUMNS)))
    rank = np.searchsorted(np.cumsum(np.bincount(strip.ravel(), minlength=256)), _SHARE * strip.size)
    tones = np.minimum(np.arange(256) / max(int(rank), _FAINT), 1).astype(np.float32)
    last = strip.shape[1] // COLUMNS
    start, end = np.rint(spans / COLUMNS).astype(np.intp) + 1
    start = np.clip(start, 0, last - 1)
    return tones[strip], np.array([start, np.clip(end, start + 1, last)])


def _piece(image: Grey, box: Box, scale: float) -> Grey:
    """Return the ink (0 paper) in `box` and a little around it, `scale` times as large, amid HEIGHT rows."""
    margin = 2 / scale
    top, bottom = max(round(box.top - margin), 0), min(round(box.bottom + margin), image.shape[0])
    left, right = max(round(box.left - margin), 0), min(round(box.right + margin), image.shape[1])
    part = image[top:bottom, left:right]
    if not part.size:
        return np.zeros((HEIGHT, 1), np.uint8)
    size = (max(round((right - left) * scale), 1), min(max(round((bottom - top) * scale), 1), HEIGHT))
    small = cv2.resize(part, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    above = (HEIGHT - size[1]) // 2
    return np.pad(_PAPER - np.minimum(small, _PAPER), ((above, HEIGHT - size[1] - above), (0, 0)))


def _close(piece: Grey) -> Grey:
    """Return `piece` without the paper on both sides: in a column characters have more of it than in a row."""
    inked = np.flatnonzero(piece.max(axis=0) > _FAINT)
    return piece[:, max(inked[0] - 1, 0) : inked[-1] + 2] if len(inked) else piece


# --- the network ------------------------------------------------------------------------------------------


def _answers(strips: Sequence[Plane]) -> list[Plane]:
    """Return for each strip a logit every COLUMNS columns: above 0 is handwriting."""
    answers: list[Plane] = []
    start, wide = 0, 0
    for number, strip in enumerate(strips, start=1):
        wide += strip.shape[1]
        if wide >= _AT_ONCE or number == len(strips):
            together = strips[start:number]
            ends = np.cumsum([one.shape[1] // COLUMNS for one in together])
            answers.extend(np.split(answer(np.hstack(together), _layers()), ends[:-1]))
            start, wide = number, 0
    return answers


def answer(strip: Plane, layers: Sequence[Layer]) -> Plane:
    """Return the logits of the network of `layers` for a strip (HEIGHT, width), one every COLUMNS columns."""
    signal = strip[None]
    for number, (kernel, bias) in enumerate(layers):
        halving = number < _HALVING
        signal = _convolved(signal, kernel, 2 if halving else 1, 1 if halving else 0) + bias[:, None, None]
        if number < len(layers) - 1:
            np.maximum(signal, 0, out=signal)
    return np.asarray(signal[0, 0], np.float32)


def _convolved(signal: Plane, kernel: Plane, stride: int, above: int) -> Plane:
    """Return `signal` (channels, rows, columns) folded with `kernel` (rows, columns, from, to); columns are padded."""
    high, wide, channels, to = kernel.shape
    padded = np.pad(signal, ((0, 0), (above, above), (wide // 2, wide // 2)))
    rows, columns = (padded.shape[1] - high) // stride + 1, (padded.shape[2] - wide) // stride + 1
    around = np.empty((high, wide, channels, rows, columns), np.float32)
    for y in range(high):
        for x in range(wide):
            part = padded[:, y : y + stride * rows : stride, x : x + stride * columns : stride]
            around[y, x] = part[:, :rows, :columns]
    folded = kernel.reshape(-1, to).T @ around.reshape(-1, rows * columns)
    return np.asarray(folded.reshape(to, rows, columns), np.float32)


@cache
def _layers() -> tuple[Layer, ...]:
    return stored(NETWORK)


def stored(network: Path) -> tuple[Layer, ...]:
    """Return the layers kept in the file `network`: kernels (rows, columns, from, to) and biases."""
    with np.load(network) as found:
        pairs = ((found[f"kernel{number}"], found[f"bias{number}"]) for number in range(len(found.files) // 2))
        return tuple((kernel.astype(np.float32), bias.astype(np.float32)) for kernel, bias in pairs)


# --- from characters to lines -----------------------------------------------------------------------------


def _borders(line: Line) -> list[float]:
    """Return what it takes to change between hand and print, for each two characters that follow each other."""
    down = line.box.height >= _TALL * line.box.width
    wide = _GAP * min(line.box.width, line.box.height)
    return [
        _OPEN_BORDER
        if before.char in "：:"
        or (after.box.top - before.box.bottom if down else after.box.left - before.box.right) > wide
        else _BORDER
        for before, after in pairwise(line.glyphs)
    ]


def _course(
    told: NDArray[np.float64], borders: Sequence[float], least: float, dear: float
) -> tuple[float, NDArray[np.bool_]]:
    """Return which characters of a line are by hand, and how much likelier that is than print alone.

    It is the likeliest course of a line that seldom changes (Viterbi 1967); changes take `dear` times `borders`.
    """
    if not len(told) or told.max() <= 0:
        return 0.0, np.zeros(len(told), np.bool_)
    logits = told.tolist()
    by_print, by_hand = 0.0, logits[0] - least
    came: list[tuple[bool, bool]] = []
    for logit, border in zip(logits[1:], (dear * border for border in borders), strict=True):
        came.append((by_hand - border > by_print, by_hand >= by_print - border))
        by_print, by_hand = max(by_print, by_hand - border), max(by_hand, by_print - border) + logit
    states = [by_hand > by_print]
    for from_print, from_hand in reversed(came):
        states.append(from_hand if states[-1] else from_print)
    return max(by_print, by_hand), np.array(states[::-1], np.bool_)


def _cut(line: Line, written: NDArray[np.bool_]) -> Iterator[Line]:
    """Yield `line` whole where it is all of one kind, else its printed and handwritten parts."""
    if all(glyph.char in STROKES for glyph in line.glyphs) or not written.any():
        yield line
        return
    runs = [(bool(hand), len(list(run))) for hand, run in groupby(written)]
    ends = (0, len(runs) - 1)
    kept = [hand or length < (_LABEL if place in ends else _TEXT) for place, (hand, length) in enumerate(runs)]
    by_hand = np.repeat(kept, [length for _hand, length in runs])
    start = 0
    for hand, run in groupby(by_hand):
        end = start + len(list(run))
        glyphs = line.glyphs[start:end]
        start = end
        whole = len(glyphs) == len(line.glyphs)
        box = line.box if whole else Box.around(glyph.box for glyph in glyphs)
        if hand:
            yield Line(tuple(map(_less_sure, glyphs)), box, f"{line.method}-hand", True)
        else:
            yield replace(line, glyphs=glyphs, box=box)


def _less_sure(glyph: Glyph) -> Glyph:
    confidence = float(np.interp(glyph.confidence, _SAID, _RIGHT))
    share = confidence / max(glyph.confidence, 1e-6)
    others = tuple(Alternative(char, min(value * share, confidence)) for char, value in glyph.alternatives)
    return replace(glyph, confidence=confidence, alternatives=others)

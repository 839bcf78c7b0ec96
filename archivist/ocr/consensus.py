"""Two readers, one verdict: the second is asked only where the first is in doubt."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher

import cv2
import numpy as np

from archivist.model import Alternative, Glyph, Line, Step
from archivist.ocr import STROKES, Grey, Reader
from archivist.text import fold

#: A line with a character below this is shown to the second reader, one with a numeral below the other.
DOUBT, NUMBER_DOUBT = 0.5, 0.9
#: A character surer than this is not lowered: where readers differ on one, the first is right 999 times in 1000.
_SURE = 0.99
#: On the worst pages the second reader knows no better, and would take longer than the first.
_MOST_LINES = 4
_LINE_HEIGHT = 48
_WIDEST = 4000
_GAP = 24
_PAPER = 245
_NUMERALS = "0-9〇一二三四五六七八九十"
#: Document numbers, dates, amounts; on folded text.
_NUMBER = re.compile(rf"[{_NUMERALS}]{{2}}|[{_NUMERALS}][年月日号%]")
_NUMERAL = re.compile(rf"[{_NUMERALS}]")


def second_opinion(image: Grey, lines: Sequence[Line], reader: Reader) -> tuple[tuple[Line, ...], tuple[Step, ...]]:
    """Return `lines` weighed against what `reader` sees in the doubtful ones, in the same order, and what was done.

    The doubtful lines of a page, those with numbers and dates first and at most 4, are set below each other on one
    picture, so the second reader starts once a page. Agreement raises a character's confidence, as of two independent
    witnesses; where they differ the first reader's character stays, less sure, and the other is kept beside it.
    """
    doubtful = [number for number, line in enumerate(lines) if _doubt(line) and line.box.width > line.box.height]
    doubtful = sorted(doubtful, key=lambda number: -_doubt(lines[number]))[:_MOST_LINES]
    if not doubtful:
        return tuple(lines), ()
    sheet, bands = _sheet(image, [lines[number] for number in doubtful])
    texts = [""] * len(doubtful)
    for seen in sorted(reader.read(sheet), key=lambda line: line.box.left):
        middle = seen.box.centre[1]
        for place, (top, bottom) in enumerate(bands):
            if top <= middle < bottom:
                texts[place] += seen.text
    weighed = list(lines)
    agreed = differed = 0
    for number, text in zip(doubtful, texts, strict=True):
        weighed[number], same, other = _weigh(lines[number], text, reader.name)
        agreed, differed = agreed + same, differed + other
    step = Step(
        "read",
        f"{reader.name} asked about {len(doubtful)} lines: {agreed} characters agree, {differed} differ",
    )
    return tuple(weighed), (step,)


def _doubt(line: Line) -> float:
    """Return how much there is to gain from a second look at `line`: 0 nothing, above 1 a number in doubt."""
    # A lone level stroke is always in doubt, and of punctuation the second reader knows no better.
    telling = [glyph for glyph in line.glyphs if glyph.char not in STROKES and _is_character(glyph.char)]
    if line.handwritten or len(line.glyphs) < 2 or not telling:
        return 0.0
    text = fold(line.text)
    numerals = [glyph.confidence for glyph in telling if _NUMERAL.fullmatch(fold(glyph.char))]
    if numerals and min(numerals) < NUMBER_DOUBT and _NUMBER.search(text):
        return 2 - min(numerals)
    least = min(glyph.confidence for glyph in telling)
    return 1 - least if least < DOUBT else 0.0


def _is_character(char: str) -> bool:
    return unicodedata.category(char)[0] in "LN"


def _sheet(image: Grey, lines: Sequence[Line]) -> tuple[Grey, list[tuple[int, int]]]:
    strips, bands, top = [], [], _GAP
    for line in lines:
        margin = 0.2 * line.box.height
        left, upper = (max(round(side - margin), 0) for side in line.box[:2])
        right, lower = (round(side + margin) for side in line.box[2:])
        part = image[upper:lower, left:right]
        part = part if part.size else np.full((1, 1), _PAPER, np.uint8)
        # A rest of a rule can be read as a line a hundred times as long as high.
        scale = min(_LINE_HEIGHT / max(part.shape[0], 1), _WIDEST / max(part.shape[1], 1))
        strips.append(cv2.resize(part, [max(round(side * scale), 1) for side in reversed(part.shape)]))
        bands.append((top - _GAP // 2, top + _LINE_HEIGHT + _GAP // 2))
        top += _LINE_HEIGHT + _GAP
    sheet = np.full((top, max(strip.shape[1] for strip in strips) + 2 * _GAP), _PAPER, np.uint8)
    for strip, (start, _) in zip(strips, bands, strict=True):
        upper = start + _GAP // 2
        sheet[upper : upper + strip.shape[0], _GAP : _GAP + strip.shape[1]] = strip
    return sheet, bands


def _weigh(line: Line, other: str, name: str) -> tuple[Line, int, int]:
    if not other:
        return line, 0, 0
    glyphs: list[Glyph] = list(line.glyphs)
    agreed = differed = 0
    for verb, start, end, first, last in SequenceMatcher(None, line.text, other, autojunk=False).get_opcodes():
        if verb == "equal":
            agreed += end - start
            for place in range(start, end):
                glyphs[place] = _raised(glyphs[place])
        elif verb == "replace" and end - start == last - first:
            differed += end - start
            for place, char in zip(range(start, end), other[first:last], strict=True):
                if glyphs[place].confidence < _SURE:
                    glyphs[place] = _lowered(glyphs[place], char)
    return replace(line, glyphs=tuple(glyphs), method=f"{line.method}+{name}"), agreed, differed


def _raised(glyph: Glyph) -> Glyph:
    # Tesseract misreads about one character in five of worn paper; that it sees the same by chance is rare.
    return replace(glyph, confidence=1 - (1 - glyph.confidence) * 0.2)


def _lowered(glyph: Glyph, char: str) -> Glyph:
    others = tuple(other for other in glyph.alternatives if other.char != char)
    return replace(
        glyph,
        confidence=glyph.confidence * 0.8,
        alternatives=(Alternative(char, round(0.3 * (1 - glyph.confidence), 4)), *others),
    )

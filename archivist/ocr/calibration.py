"""Confidence that can be believed: of the characters shown at 0.99, 99 in 100 are right."""

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean

from archivist.definitions import load
from archivist.model import Glyph, Line
from archivist.ocr import STROKES
from archivist.ocr.context import alike

#: Between these the confidence of the network tells something.
_LEAST, _MOST = 0.01, 0.9995
_LEAST_UNSURE = 0.0005
#: The mean of the page counts as this many characters of the line.
_OF_PAGE = 10
_LONE = 3
_TELLING = frozenset({"plain", "alike"})
_LETTERS = 3


def calibrated(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Return the printed lines of a page with each character as sure as characters like it were right.

    What counts: how sure the network was of it and of the line it stands in, what kind of character it is, and whether
    it stands nearly alone. Within a line and a kind the order by confidence stays. `index/calibration.yaml` has the
    figures and how they were measured. Handwritten lines, measured apart, are left as they are, and so are
    alternatives. Not to be applied twice.
    """
    kinds = [_kinds(line) for line in lines]
    doubts = [_doubts(line, kind) for line, kind in zip(lines, kinds, strict=True) if not line.handwritten]
    of_page = fmean([doubt for line in doubts for doubt in line] or [0.0])
    return tuple(
        line if line.handwritten else _weighed(line, kind, of_page) for line, kind in zip(lines, kinds, strict=True)
    )


def _kinds(line: Line) -> list[str]:
    """Return for each character which curve of `index/calibration.yaml` holds for it."""
    kinds = [_kind(glyph) for glyph in line.glyphs]
    letters = sum(kind in _TELLING and glyph.char.isalpha() for glyph, kind in zip(line.glyphs, kinds, strict=True))
    # Among characters a level stroke is 一 as any other is itself; elsewhere it may be a dash or a rest of a rule.
    return ["alike" if kind == "stroke" and letters >= _LETTERS else kind for kind in kinds]


def _kind(glyph: Glyph) -> str:
    if glyph.char in STROKES:
        return "stroke"
    if unicodedata.category(glyph.char)[0] in "PSZ":
        return "mark"
    return "alike" if alike(glyph) else "plain"


def _doubts(line: Line, kinds: Sequence[str]) -> list[float]:
    """Return how unsure the network was of each character that tells how well the line can be read."""
    return [1 - glyph.confidence for glyph, kind in zip(line.glyphs, kinds, strict=True) if kind in _TELLING]


def _weighed(line: Line, kinds: Sequence[str], of_page: float) -> Line:
    rules = load("index/calibration.yaml")
    doubts = _doubts(line, kinds)
    unsure = max((sum(doubts) + _OF_PAGE * of_page) / (len(doubts) + _OF_PAGE), _LEAST_UNSURE)
    alone = rules["lone"] if len(line.glyphs) < _LONE else 0.0
    glyphs = []
    for glyph, kind in zip(line.glyphs, kinds, strict=True):
        curve = rules["classes"][kind]
        sure = -math.log(1 - min(max(glyph.confidence, _LEAST), _MOST))
        odds = curve["start"] + curve["by_confidence"] * sure + curve["by_line"] * math.log10(unsure) + alone
        glyphs.append(replace(glyph, confidence=1 / (1 + math.exp(-odds))))
    return replace(line, glyphs=tuple(glyphs))

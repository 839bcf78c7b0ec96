"""Text that is compared, shown, and traced back to the paper."""

import sys
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING
from unicodedata import normalize

import numpy as np

from archivist.definitions import load
from archivist.model import Box, Page

if TYPE_CHECKING:
    from opencc import OpenCC

# Texts of more characters are folded by a table: setting about it takes as long as to translate so many.
_LONG = 100
_UNKNOWN = 0xFFFFFFFF


@cache
def _converter() -> "OpenCC":
    from opencc import OpenCC

    return OpenCC("t2s")


class _Folding(dict[int, str]):
    """Code point to folded character, worked out on first sight; every answer is one character long."""

    def __init__(self) -> None:
        variants = load("index/variants.yaml")["characters"]
        super().__init__((ord(variant), kept) for kept, row in variants.items() for variant in row)

    def __missing__(self, code: int) -> str:
        char = chr(code)
        for step in (lambda c: normalize("NFKC", c), str.lower, _simplified, self._variant):
            changed = step(char)
            if len(changed) == 1:
                char = changed
        self[code] = char
        return char

    def _variant(self, char: str) -> str:
        return self.get(ord(char), char)


def _simplified(char: str) -> str:
    # A lone surrogate has no UTF-8 form for OpenCC to take.
    return char if "\ud800" <= char <= "\udfff" else str(_converter().convert(char))


@cache
def _folding() -> _Folding:
    return _Folding()


class CharacterTable:
    """Replaces each character of a text by what `of` tells of it; on long texts far faster than `str.translate`."""

    def __init__(self, of: Callable[[str], str]) -> None:
        self._of = of
        # By code point, worked out on first sight.
        self._known = np.full(sys.maxunicode + 1, _UNKNOWN, np.uint32)

    def __call__(self, text: str) -> str:
        """Return `text` with each of its characters replaced."""
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
        found = self._known[codes]
        unknown = found == _UNKNOWN
        if unknown.any():
            new = np.unique(codes[unknown])
            self._known[new] = [ord(self._of(chr(code))) for code in new.tolist()]
            found = self._known[codes]
        return found.tobytes().decode("utf-32-le", "surrogatepass")


@cache
def _table() -> CharacterTable:
    return CharacterTable(lambda char: char.translate(_folding()))


def fold(text: str) -> str:
    """Return `text` as it is compared: same length, each character by itself.

    NFKC where it maps one to one, lower case, traditional to simplified, and the variant characters of
    `index/variants.yaml`; so an offset in the folded text is an offset in `text`.
    """
    return _table()(text) if len(text) > _LONG else text.translate(_folding())


def simplify(text: str) -> str:
    """Return `text` in simplified characters, phrase by phrase, for display; the length may change.

    A lone surrogate, which a damaged text layer may hold, becomes U+FFFD.
    """
    return str(_converter().convert(text.encode("utf-8", "replace").decode("utf-8")))


def span_of(words: str, text: str) -> tuple[int, int] | None:
    """Return where `words` first stand in `text`, in either script and however they are spaced; None where not."""
    wanted = "".join(fold(words).split())
    places = [place for place, char in enumerate(text) if not char.isspace()]
    at = "".join(fold(text).split()).find(wanted) if wanted else -1
    return (places[at], places[at + len(wanted) - 1] + 1) if at >= 0 else None


def boxes(page: Page, start: int, end: int) -> list[Box]:
    """Return one box a line for characters `start` to `end` of `page.running_text`, in scan pixels."""
    found = []
    for first, line in zip(page.line_starts, page.lines, strict=True):
        glyphs = line.glyphs[max(start - first, 0) : max(end - first, 0)]
        if glyphs:
            found.append(Box.around(glyph.box for glyph in glyphs))
    return found

"""Text as search compares it: the same on the side of the paper and on the side of the clerk."""

import re
from collections.abc import Iterator
from functools import cache

from archivist.text import CharacterTable, fold

# White space, control and formatting characters, variation selectors, lone surrogates.
_UNSEEN = (
    "\\s\x00-\x1f\x7f-\x9f\u00ad\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    "\ud800-\udfff\U000e0000-\U000e01ef"
)
_GAP = re.compile(f"(?:(?<=[0-9A-Za-z])([{_UNSEEN}]++)(?=[0-9A-Za-z]))|[{_UNSEEN}]++")
_ANY = re.compile(f"[{_UNSEEN}]")
_RUN = re.compile(r"[^\W_]+")
_NUMBER = re.compile(r"(.+\([0-9]{4}\))0*([0-9]{1,6})号")


def compared(text: str) -> str:
    """Return `text` folded and closed up: what a word and a paper have to share for the word to be found.

    Typists spread short titles over the line (决　定) and forms space out their labels, so white space does
    not count, except that one space stays between two Latin letters or digits. Invisible characters go.
    """
    return _closed(fold(text))


def scripted(text: str) -> str:
    """Return `text` as `compared` does, but with each ideograph in the form in which it was written."""
    return _closed(_as_written()(text))


def compared_offsets(text: str) -> tuple[str, list[int]]:
    """Return `compared(text)` and for each of its characters the offset in `text` it comes from."""
    folded, offsets, at = fold(text), list[int](), 0
    for gap in _GAP.finditer(folded):
        offsets.extend(range(at, gap.start()))
        if _space(gap):
            offsets.append(gap.start())
        at = gap.end()
    offsets.extend(range(at, len(folded)))
    return _GAP.sub(_space, folded), offsets


def runs(compared_text: str) -> Iterator[str]:
    """Yield the runs of letters, ideographs and digits between punctuation."""
    return (run[0] for run in _RUN.finditer(compared_text))


def number_key(normal: str) -> str:
    """Return the key under which a document number in normal form is kept, the same for either script.

    Keys of one series begin alike (聊发(1995)) and stand in the order of their running numbers (聊发(1995)000058号).
    """
    key = compared(normal)
    return f"{parts[1]}{int(parts[2]):06}号" if (parts := _NUMBER.fullmatch(key)) else key


def _closed(text: str) -> str:
    # Most texts have nothing to close, and to see that is ten times as fast.
    return _GAP.sub(_space, text) if _ANY.search(text) else text


@cache
def _as_written() -> CharacterTable:
    return CharacterTable(lambda char: char if _ideograph(char) else fold(char))


def _space(gap: re.Match[str]) -> str:
    return " " if gap[1] and any(char.isspace() for char in gap[1]) else ""


def _ideograph(char: str) -> bool:
    return "\u3400" <= char <= "\u9fff" or "\uf900" <= char <= "\ufaff" or char >= "\U00020000"

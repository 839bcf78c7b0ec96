"""Document numbers among plain words, however they are spread: 聊发 1995 58 号, 聊发〔1995〕50-60号, 聊发 1995."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias

from archivist.language import gettext as _
from archivist.search.compare import compared, number_key
from archivist.search.query.dates import TO
from archivist.search.query.language import refused
from archivist.search.query.syntax import Piece
from archivist.search.query.tree import Leaf, Number, NumberRange, Series, Word
from archivist.search.query.words import plain, words_typed

#: Returns a document number, whose `str()` is its normal form (聊发〔1995〕58号), or None for any other text.
ReadNumber: TypeAlias = Callable[[str], object | None]

# Words over which someone spreads a document number, 聊发 〔 1995 〕 第 58 号, and further to the end of a range.
_MOST_PIECES = 7
_TO_THE_END = 5
_LONGEST = 60
_MOST_NUMBERS = 1000
_DIGIT = re.compile(r"[0-9〇一二三四五六七八九十]")
_SERIES = re.compile(r"(?P<code>[^\W\d_]{2,20})\(?(?P<year>(?:1[89]|20)\d\d)\)?第?0*(?P<number>\d{1,5})?号?")
_CODE = re.compile(r"[^\W\d_](?:[^\W\d_]|\([^\W\d_]{1,3}\)){0,19}")
_RANGE = re.compile(rf"(.*?\D)(\d{{1,6}})号?{TO}第?(\d{{1,6}})号?")
_KEY = re.compile(r"(.+\(\d{4}\))\d{6}号")


def recognised(text: str, pieces: Sequence[Piece], number: ReadNumber | None) -> tuple[Leaf, ...]:
    """Return what `pieces`, plain words beside one another in `text`, are looked for as.

    A stretch that spells a document number or a range of them is that. Where there is none, all of them together may be
    the code of an agency, a year and perhaps a number.
    """
    found, at = list[Leaf](), 0
    for start, end, leaf in _numbers(text, pieces, number):
        found += (*plain(text, pieces[at:start]), leaf)
        at = end
    if found:
        return (*found, *plain(text, pieces[at:]))
    # A code is typed as one word, or with a single character apart: 聊 政发 1995, but not 聊城 科技 决定 1995.
    codes = [piece for piece in pieces if len(piece.inner) > 1 and not any(map(str.isdecimal, piece.inner))]
    if pieces and all(piece.kind == "WORD" for piece in pieces) and len(codes) <= 1:
        spelled = compared("".join(text[pieces[0].start : pieces[-1].end].split()))
        if guess := _SERIES.fullmatch(spelled):
            return (_guessed(guess, _words(pieces)),)
    return tuple(plain(text, pieces))


def number_typed(text: str, typed: str, field: str, number: ReadNumber | None, place: int) -> Leaf | None:
    """Return what asks `field`, of document numbers, for `typed`: a number, a range, a series or its beginning."""
    if leaf := spread_number(text, typed, field, number, place):
        return leaf
    begins = compared(typed)
    return Series(begins, (), (field,)) if _CODE.fullmatch(begins) else None


def spread_number(text: str, typed: str, field: str, number: ReadNumber | None, place: int) -> Leaf | None:
    """Return the number, range or series of a year that all of `typed` spells, perhaps of several words."""
    if read := _read(text, typed, number, place):
        return replace(read, fields=(field,))
    guess = _SERIES.fullmatch(compared("".join(typed.split())))
    return replace(_guessed(guess, ()), fields=(field,)) if guess else None


def _guessed(guess: re.Match[str], words: tuple[Word, ...]) -> Number | Series:
    begins = f"{guess['code']}({guess['year']})"
    return Number(number_key(f"{begins}{guess['number']}号"), words) if guess["number"] else Series(begins, words)


def _numbers(text: str, pieces: Sequence[Piece], number: ReadNumber | None) -> Iterator[tuple[int, int, Leaf]]:
    """Yield the stretches of `pieces`, first and past the last, that spell a number or a range of them."""
    digits = [bool(_DIGIT.search(compared(piece.inner))) for piece in pieces]
    known = dict[tuple[int, int], Number | NumberRange | None]()

    def read(start: int, end: int) -> Number | NumberRange | None:
        if (start, end) not in known:
            whole = pieces[start].kind == "PHRASE" and end == start + 1
            typed = pieces[start].inner if whole else text[pieces[start].start : pieces[end - 1].end]
            spells = any(digits[start:end]) and len(typed) <= _LONGEST
            known[start, end] = _read(text, typed, number, pieces[start].start) if spells else None
        return known[start, end]

    at = 0
    for end in range(1, len(pieces) + 1):
        if end <= at:
            continue
        # The last possible start, because any words may stand before: 科技 聊发1995 58.
        starts = range(end - 1, max(at, end - _MOST_PIECES) - 1, -1)
        start = next((start for start in starts if read(start, end)), None)
        if start is None or (spelled := read(start, end)) is None:
            continue
        # A single character is no word but a part of the code: 聊 政发1995 58.
        while start > at and pieces[start - 1].end - pieces[start - 1].start == 1 and read(start - 1, end):
            start -= 1
        spelled = read(start, end) or spelled
        at = end
        # 聊发〔1995〕58 already is a number, but 号 belongs to it, and so does the end of a range.
        for further in range(end + 1, min(end + _TO_THE_END, len(pieces)) + 1):
            more = read(start, further)
            if isinstance(more, NumberRange) or (more == spelled and further == at + 1):
                at, spelled = further, more or spelled
        yield start, at, replace(spelled, words=_words(pieces[start:at]))


def _read(text: str, typed: str, number: ReadNumber | None, place: int) -> Number | NumberRange | None:
    """Return the number, or the range of numbers, that all of `typed` spells."""
    if number and (found := number(typed)):
        return Number(number_key(str(found)))
    if not (said := _RANGE.fullmatch(compared(typed))):
        return None
    head, first, last = said[1], *sorted((int(said[2]), int(said[3])))
    key = None
    if number and (found := number(f"{head}{said[2]}号")):
        key = number_key(str(found))
    elif (guess := _SERIES.fullmatch("".join(f"{head}{said[2]}号".split()))) and guess["number"]:
        key = number_key(f"{guess['code']}({guess['year']}){guess['number']}号")
    if not key or not (parts := _KEY.fullmatch(key)):
        return None
    if last - first >= _MOST_NUMBERS:
        message = _("The range at character {place} has {length} numbers; at most {most} can be looked for.")
        raise refused(text, place, message.format(place=place + 1, length=last - first + 1, most=_MOST_NUMBERS))
    return NumberRange(tuple(f"{parts[1]}{n:06}号" for n in range(first, last + 1)))


def _words(pieces: Sequence[Piece]) -> tuple[Word, ...]:
    return tuple(dict.fromkeys(word for piece in pieces for word in words_typed(piece)))

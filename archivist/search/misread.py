"""Words found although a character of them was misread or mistyped: what a reader saw as well, and what looks alike.

All of it works above the engines: `readings` is one more text of an item, `variants` are more needles for a word. One
character of a word may be wrong, no more, and never a numeral for another one: that is another number, no misreading.
`index/tolerance.yaml` has the limits. For a word that is found nowhere, `nearly` finds items and `corrected` in their
texts the words that may have been meant.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import permutations
from typing import Literal, NamedTuple, TypeAlias
from unicodedata import numeric

from archivist.definitions import load
from archivist.model import Alternative, Page
from archivist.search.clauses import All, Any, Clause, Contains
from archivist.search.compare import compared
from archivist.search.fields import definition
from archivist.search.running import RunningText
from archivist.text import fold
from archivist.written import doubted

#: Stands in a piece of text for a character that may be any; no paper has this letter (of the Yi script).
ANY = "\ua000"

Why: TypeAlias = Literal["alternative", "doubtful", "alike"]

_READINGS = ("readings",)
# Where the words of names stand, and where all words do.
_NAMES = ("title", "agencies", "people", "campaigns")
_NAMING = (*_NAMES, "text")
# Characters of the shortest word that is corrected, of the longest looked for by all its parts; words offered.
_LEAST_CORRECTED, _LONG, _MOST_OFFERED = 3, 8, 5
# More needles than this make no search better, only slower; what stands later in a long word is left out.
_MOST_NEEDLES = 64
# Characters that must be left of a word beside a look-alike's own word (入口 of 入口普查), to tell it is no such word.
_LEFT = 2


@dataclass(frozen=True, slots=True)
class _Limits:
    """`index/tolerance.yaml`, where its comments say what each of them is."""

    shortest: int
    alternative: float
    alternative_short: float
    shortest_alike: int
    shortest_doubtful: int
    shortest_doubtful_edge: int
    doubtful: float
    around: int
    most: int


class Misreading(NamedTuple):
    """A word of which one character may be misread: characters `start` to `end` of `RunningText.text`.

    Character `at` of that text was read as `read`, and `taken` stands in the word for it; `why` says by which right:
    the reader saw it as well, was in doubt of what it saw, or the two look alike.
    """

    start: int
    end: int
    at: int
    read: str
    taken: str
    why: Why


class _Other(NamedTuple):
    """What else a character may be; `likely` enough to be taken for it in the shortest words as well."""

    char: str
    likely: bool


class _Piece(NamedTuple):
    """Characters `first` to `last` of `RunningText.text`, that at `at` replaced; a `pair` is for words of just two."""

    first: int
    last: int
    at: int
    other: str
    pair: bool

    def of(self, before: str, after: str) -> str:
        mark = ANY if self.pair else ""
        return f"{mark}{before}{self.other}{after}{mark}"


class _Needle(NamedTuple):
    """What a word may have been read as: with the character at `place` replaced, None for the word as it is."""

    text: str
    fields: tuple[str, ...]
    place: int | None


def readings(pages: Sequence[Page]) -> tuple[str, ...]:
    """Return pieces of the text of an item, each with one doubtful character replaced by what else it may be.

    That is a character the reader saw as well, or `ANY` where it hardly could read it; on each side stand as many
    characters as `index/tolerance.yaml` says, as read, in the script of the paper. No piece twice; page by page, and
    of a page the most doubtful first.
    """
    if not any(doubtful := [_doubtful(page) for page in pages]):
        return ()
    text = RunningText.of(pages)
    raw, offsets = text.raw, text.offsets
    found = dict[str, None]()
    for piece in _pieces(text, doubtful):
        here = offsets[piece.at]
        found[piece.of(raw[offsets[piece.first] : here], raw[here + 1 : offsets[piece.last - 1] + 1])] = None
    return tuple(found)


def variants(folded: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return what a tolerant search looks for besides the word `folded`: needles, and the substring fields for each.

    None for a short word or a number. At most 64: those of the reader's doubts first, as far as the pieces of
    `readings` reach, then look-alikes from the beginning of the word on.
    """
    return tuple((needle.text, needle.fields) for needle in _needles(folded))


def misreadings(folded: str, text: RunningText, pages: Sequence[Page]) -> Iterator[Misreading]:
    """Yield where in `text`, the running text of `pages`, the word `folded` stands with one character misread.

    Just where `variants` find it, in the order of the text; each place once, with the first reason: the reader saw the
    character as well, was in doubt, they look alike.
    """
    needles = _needles(folded)
    if not needles:
        return
    found = dict[tuple[int, int], Misreading]()

    def add(start: int, place: int, why: Why) -> None:
        at = start + place
        if (read := text.text[at]) != folded[place]:
            found.setdefault((start, at), Misreading(start, start + len(folded), at, read, folded[place], why))

    kept = [needle for needle in needles if needle.fields == _READINGS]
    for piece in _pieces(text, [_doubtful(page) for page in pages]):
        said = fold(piece.of(text.text[piece.first : piece.at], text.text[piece.at + 1 : piece.last]))
        for needle in kept:
            for start in _occurrences(needle.text, said):
                place = piece.at - piece.first - start
                if 0 <= place < len(folded) and needle.place in (None, place):
                    add(piece.first + start, place, "doubtful" if piece.other == ANY else "alternative")
    for needle in needles:
        if needle.fields != _READINGS and needle.place is not None:
            for start in _occurrences(needle.text, text.text):
                add(start, needle.place, "alike")
    yield from sorted(found.values())


def _occurrences(needle: str, text: str) -> Iterator[int]:
    at = text.find(needle)
    while at >= 0:
        yield at
        at = text.find(needle, at + 1)


def _doubtful(page: Page) -> list[tuple[int, tuple[_Other, ...]]]:
    """Return offsets of the characters the reader was in doubt of, the most doubtful first, and what they may be."""
    limits = _limits()
    least, unsure = limits.alternative, limits.doubtful
    found = []
    # Most pages have hardly any: the rest of the work is for few characters.
    for offset, char, confidence, alternatives in doubted(page, unsure):
        seen = [other for other in alternatives if other.confidence >= least]
        if others := _others(char, seen, confidence < unsure):
            found.append((confidence, offset, others))
    return [(offset, others) for _, offset, others in sorted(found)[: limits.most]]


def _others(read: str, seen: Iterable[Alternative], unsure: bool) -> tuple[_Other, ...]:
    """Return the letters and digits that what was read as `read` may be."""
    folded, likely = fold(read), _limits().alternative_short
    others = dict[str, _Other]()
    for char, confidence in seen:
        if char.isalnum() and _may_be(folded, fold(char)):
            others.setdefault(fold(char), _Other(char, confidence >= likely))
    # Punctuation read with doubt is punctuation none the less.
    if unsure and read.isalnum() and _number(folded) is None:
        others[ANY] = _Other(ANY, False)
    return tuple(others.values())


def _pieces(text: RunningText, doubtful: Sequence[Iterable[tuple[int, tuple[_Other, ...]]]]) -> Iterator[_Piece]:
    around, end = _limits().around, len(text.text)
    for page, those in enumerate(doubtful):
        for offset, others in those:
            if (at := text.place(page, offset)) is None:
                continue
            for other, likely in others:
                yield _Piece(max(at - around, 0), min(at + around + 1, end), at, other, False)
                if likely and at > 0:
                    yield _Piece(at - 1, at + 1, at, other, True)
                if likely and at + 1 < end:
                    yield _Piece(at, at + 2, at, other, True)


@lru_cache(maxsize=256)
def _needles(word: str) -> tuple[_Needle, ...]:
    limits = _limits()
    if len(word) < 2 or ANY in word or not any(_number(char) is None for char in word if char.isalnum()):
        return ()
    found = []
    if limits.shortest <= len(word) <= 2 * limits.around + 1:
        found.append(_Needle(word, _READINGS, None))
    elif len(word) == 2:
        found.append(_Needle(f"{ANY}{word}{ANY}", _READINGS, None))
    if len(word) >= limits.shortest_doubtful:
        edge = 0 if len(word) >= limits.shortest_doubtful_edge else 1
        # A piece ends `around` characters from what is doubtful.
        places = range(max(len(word) - limits.around - 1, edge), min(limits.around + 1, len(word) - edge))
        guessed = [place for place in places if word[place].isalnum() and _number(word[place]) is None]
        found += [_Needle(_with(word, place, ANY), _READINGS, place) for place in guessed]
    if len(word) >= limits.shortest_alike:
        found += [
            _Needle(needle, definition().searched, place)
            for place, char in enumerate(word)
            for other in _alike().get(char, ())
            if not _own_word(needle := _with(word, place, other), place)
        ]
    return tuple(found[:_MOST_NEEDLES])


def _with(word: str, place: int, char: str) -> str:
    return f"{word[:place]}{char}{word[place + 1 :]}"


def _own_word(needle: str, place: int) -> bool:
    """Whether the character at `place` makes `needle`, all but a character of it, another word that papers have."""
    words = _words()
    ends = ((start, start + size) for size in words for start in range(place - size + 1, place + 1) if start >= 0)
    return any(
        end <= len(needle) and needle[start:end] in words[end - start] and len(needle) - (end - start) < _LEFT
        for start, end in ends
    )


def _may_be(read: str, other: str) -> bool:
    """Whether one character may be the other misread: another number is no misreading."""
    return read != other and (_number(read) is None or _number(other) is None or _number(read) == _number(other))


def _number(char: str) -> float | None:
    return numeric(char, None)


@cache
def _limits() -> _Limits:
    said = load("index/tolerance.yaml")
    return _Limits(**{name: said[name] for name in _Limits.__slots__})


@cache
def _alike() -> Mapping[str, tuple[str, ...]]:
    """Return for each character, folded, those that look like it."""
    groups = [*load("index/lookalikes.yaml")["groups"], *load("index/tolerance.yaml")["groups"]]
    found = dict[str, dict[str, None]]()
    for one, other in (pair for group in groups for pair in permutations(fold(group), 2)):
        if _may_be(one, other):
            found.setdefault(one, {})[other] = None
    return {char: tuple(others) for char, others in found.items()}


@cache
def _words() -> Mapping[int, frozenset[str]]:
    """Return by length the words of papers that hold a character with look-alikes."""
    words = fold(load("index/lookalikes.yaml")["words"]).split()
    return {size: frozenset(word for word in words if len(word) == size) for size in set(map(len, words))}


def nearly(folded: str) -> Clause:
    """Return what finds items that may say a word all but like `folded`: one character other, missing or too many.

    The best of them say so where names stand. Nothing is found for a word of less than three characters or a number.
    """
    size = len(folded)
    if not _correctable(folded):
        return Any(())
    half = size // 2
    if size > _LONG:
        # One of the halves is right, and long enough to tell.
        return Any((Contains(folded[:half], _NAMING), Contains(folded[half:], _NAMING), *_turned(folded, half - 1)))
    parts: list[Clause] = []
    for place in range(size):
        sides = [side for side in (folded[:place], folded[place + 1 :]) if side]
        # Single characters stand in every text.
        fields = _NAMING if max(map(len, sides)) > 1 else _NAMES
        parts.append(All(tuple(Contains(side, fields) for side in sides)))
        parts += _turned(folded, place)
    return Any(tuple(parts))


def corrected(folded: str, texts: Iterable[str]) -> tuple[str, ...]:
    """Return words of `texts` that `folded`, which stands in none of them, may have been meant to be, best first.

    They differ in one character or two neighbours in turn; only where there are none, one is missing or too many.
    Look-alikes come first, then what most texts have; compared text, at most five.
    """
    if not _correctable(folded):
        return ()
    found = Counter[str]()
    for text in texts:
        found.update(_near(folded, compared(text)))
    same = {word: count for word, count in found.items() if len(word) == len(folded)}

    def worth(word: str) -> tuple[bool, int, str]:
        alike = len(word) == len(folded) and any(
            other in _alike().get(char, ()) for char, other in zip(folded, word, strict=True) if char != other
        )
        return not alike, -found[word], word

    return tuple(sorted(same or found, key=worth)[:_MOST_OFFERED])


def _correctable(word: str) -> bool:
    return len(word) >= _LEAST_CORRECTED and any(_number(char) is None for char in word if char.isalnum())


def _turned(word: str, place: int) -> Iterator[Clause]:
    """Yield what finds `word` with the characters at `place` and behind it in turn, where that makes another."""
    pair = word[place : place + 2]
    if len(set(pair)) == 2:
        yield Contains(f"{word[:place]}{pair[::-1]}{word[place + 2 :]}", _NAMING)


def _near(word: str, text: str) -> set[str]:
    """Return what stands in `text` one change away from `word`: with one half of it, or with their ends in turn."""
    size, half = len(word), len(word) // 2
    spans = set[tuple[int, int]]()
    for length in (size, size + 1, size - 1):
        spans.update((at, at + length) for at in _occurrences(word[:half], text))
        spans.update((at + size - half - length, at + size - half) for at in _occurrences(word[half:], text))
    turned = f"{word[: half - 1]}{word[half]}{word[half - 1]}{word[half + 1 :]}"
    spans.update((at, at + size) for at in _occurrences(turned, text))
    said = {text[start:end] for start, end in spans if start >= 0 and end <= len(text)}
    return {other for other in said if other.isalnum() and _one_change(word, other)}


def _one_change(word: str, other: str) -> bool:
    if len(word) != len(other):
        short, long = sorted((word, other), key=len)
        return any(long[:at] + long[at + 1 :] == short for at in range(len(long)))
    places = [place for place, pair in enumerate(zip(word, other, strict=True)) if pair[0] != pair[1]]
    if len(places) == 1:
        return _may_be(word[places[0]], other[places[0]])
    return len(places) == 2 and word[places[0] : places[1] + 1] == other[places[0] : places[1] + 1][::-1]

"""What is asked, and what is answered."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from gettext import gettext as _
from typing import TypeAlias

from archivist.errors import QueryError
from archivist.search.compare import compared, number_key, runs, scripted

_LONGEST = 1000
# A phrase is what stands between two quotation marks that have white space, or nothing, on their outer sides.
_TOKEN = re.compile(r"""["“”„‟〝＂「『](?P<phrase>[^"“”„‟〝〞＂「」『』]*)["“”〞＂」』](?=\s|$)|(?P<word>\S+)""")
_YEAR = re.compile(r"((?:1[89]|20)\d\d)年?|([〇一二三四五六七八九]{4})年")
_SERIES = re.compile(r"(?P<code>[^\W\d_]{2,20})\(?(?P<year>(?:1[89]|20)\d\d)\)?第?0*(?P<number>\d{1,5})?号?")
_PARTS = re.compile(r"(.+)\((\d{4})\)(\d+)号")
# Words over which someone spreads a document number: 聊发 〔 1995 〕 第 58 号.
_MOST_TOKENS = 7
_NUMERALS = {ord(char): str(digit) for digit, char in enumerate("〇一二三四五六七八九")}

# Returns a document number, whose `str()` is its normal form (聊发〔1995〕58号), or None for any other text.
ReadNumber: TypeAlias = Callable[[str], object | None]


@dataclass(frozen=True, slots=True)
class Word:
    """A word or phrase: as it is compared with papers, in the script as typed, and the year it may mean."""

    folded: str
    typed: str
    year: int | None = None


@dataclass(frozen=True, slots=True)
class Number:
    """A document number: its key (聊发(1995)58号), and the words it was typed as, should it be none after all."""

    key: str
    words: tuple[Word, ...]

    @property
    def spelled(self) -> tuple[str, ...]:
        """How compared text may spell it: 聊发(1995)第58号, (95)聊发058号."""
        if not (parts := _PARTS.fullmatch(self.key)):
            return (self.key,)
        code, year, number = parts.groups()
        heads = [f"{code}({y})" for y in (year, year[2:])] + [f"({y}){code}" for y in (year, year[2:])]
        tails = dict.fromkeys(f"{first}{n}号" for first in ("", "第") for n in (number, number.zfill(3)))
        return tuple(head + tail for head in heads for tail in tails)


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for: every one of `numbers` and of `words`.

    `series` is what the keys of a series of numbers begin with (agency code and year), which is only a guess
    from the words: an item answers with such a number or with the words.
    """

    text: str
    words: tuple[Word, ...]
    numbers: tuple[Number, ...] = ()
    series: str | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """An item that was found; `why` names the fields of the index it was found in, heaviest first."""

    item_id: str
    score: float
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hits:
    """One page of the answer, and how many items there are in all."""

    total: int
    hits: tuple[Hit, ...]


def parse(text: str, number: str | ReadNumber | None = None) -> Query:
    """Return what `text` looks for.

    Words stand apart by white space, phrases between quotation marks. `number` reads a document number in any
    of its spellings, of one word or several (聊发1995 58), or is the normal form of the one that all of `text`
    stands for. QueryError where there is nothing to look for, or too much.
    """
    if len(text) > _LONGEST:
        raise QueryError(
            _("The query has {length} characters; at most {longest} can be looked for.").format(
                length=len(text), longest=_LONGEST
            )
        )
    tokens = list(_TOKEN.finditer(text))
    read = (lambda _text: number) if isinstance(number, str) else number
    words, numbers, at = dict[Word, None](), dict[str, Number](), 0
    for start, end, key in _numbers(text, tokens, read) if read else ():
        words |= _words(tokens[at:start])
        numbers.setdefault(key, Number(key, tuple(_words(tokens[start:end]))))
        at = end
    words |= _words(tokens[at:])
    if not words and not numbers:
        if not compared(text):
            raise QueryError(_("The query is empty. Type a word, a document number or a year."))
        raise QueryError(_("The query has only punctuation. Type a word, a document number or a year."))
    if not numbers and (guess := _SERIES.fullmatch(compared("".join(text.split())))):
        begins = f"{guess['code']}({guess['year']})"
        if not guess["number"]:
            return Query(text, tuple(words), series=begins)
        return Query(text, (), (Number(f"{begins}{guess['number']}号", tuple(words)),))
    return Query(text, tuple(words), tuple(numbers.values()))


def year_of(folded: str) -> int | None:
    """Return the year that a folded word names (1995, 1995年, 一九九五年), else None."""
    if not (said := _YEAR.fullmatch(folded)):
        return None
    year = int(said[1] or said[2].translate(_NUMERALS))
    return year if 1800 <= year < 2100 else None


def _numbers(text: str, tokens: list[re.Match[str]], number: ReadNumber) -> Iterator[tuple[int, int, str]]:
    """Yield the stretches of `tokens`, first and past the last, that spell a number, and its key."""

    def key(start: int, end: int) -> str | None:
        phrase = tokens[start]["phrase"] if end == start + 1 else None
        found = number(text[tokens[start].start() : tokens[end - 1].end()] if phrase is None else phrase)
        return number_key(str(found)) if found else None

    at = 0
    for end in range(1, len(tokens) + 1):
        # The last possible start, because any words may stand before: 科技 聊发1995 58.
        starts = range(end - 1, max(at, end - _MOST_TOKENS) - 1, -1)
        if end > at and (start := next((start for start in starts if key(start, end)), None)) is not None:
            # A single character is no word but a part of the code: 聊 政发1995 58.
            while start > at and len(tokens[start - 1][0]) == 1 and key(start - 1, end):
                start -= 1
            spelled = str(key(start, end))
            at = end
            # 聊发〔1995〕58 already is a number, but 号 belongs to it.
            while at < len(tokens) and key(start, at + 1) == spelled:
                at += 1
            yield start, at, spelled


def _words(tokens: Iterable[re.Match[str]]) -> dict[Word, None]:
    return dict.fromkeys(word for token in tokens if (word := _word(token)))


def _word(found: re.Match[str]) -> Word | None:
    text = found["word"] if found["phrase"] is None else found["phrase"]
    if found["word"] and text[0] in '"＂' and len(re.findall('["＂”]', found.string[found.start() :])) == 1:
        raise QueryError(_("The quotation mark at character {place} is not closed.").format(place=found.start() + 1))
    folded = compared(text)
    return Word(folded, scripted(text), year_of(folded)) if any(runs(folded)) else None

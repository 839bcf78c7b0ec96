"""What is asked, and what is answered."""

import re
from dataclasses import dataclass
from gettext import gettext as _

from archivist.errors import QueryError
from archivist.search.compare import compared, number_key, runs, scripted

_LONGEST = 1000
# A phrase is what stands between two quotation marks that have white space, or nothing, on their outer sides.
_TOKEN = re.compile(
    r"""["“”„‟〝＂「『](?P<phrase>[^"“”„‟〝〞＂「」『』]*)["“”〞＂」』](?=\s|$)|(?P<word>\S+)"""
)
_YEAR = re.compile(r"((?:1[89]|20)\d\d)年?|([〇一二三四五六七八九]{4})年")
_SERIES = re.compile(r"(?P<code>[^\W\d_]{2,20})\(?(?P<year>(?:1[89]|20)\d\d)\)?号?")
_NUMERALS = {ord(char): str(digit) for digit, char in enumerate("〇一二三四五六七八九")}


@dataclass(frozen=True, slots=True)
class Word:
    """A word or phrase: as it is compared with papers, in the script as typed, and the year it may mean."""

    folded: str
    typed: str
    year: int | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for: every one of `words`, and before them a document number.

    `number` is the key of a whole number; `series` what the keys of a series begin with (agency code and
    year), which is only a guess from the words: where no number begins so, the words alone decide.
    """

    text: str
    words: tuple[Word, ...]
    number: str | None = None
    series: str | None = None

    @property
    def printed(self) -> tuple[str, ...]:
        """How `number` stands in compared text: 聊发(1995)58号, 聊发(1995)第58号."""
        return (self.number, self.number.replace(")", ")第", 1)) if self.number else ()


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


def parse(text: str, number: str | None = None) -> Query:
    """Return what `text` looks for; `number` is the document number it stands for as a whole, in normal form.

    Words stand apart by white space, phrases between quotation marks. `number` may lack the number proper
    (聊发〔1995〕) and then means the series. QueryError where there is nothing to look for, or too much.
    """
    if len(text) > _LONGEST:
        raise QueryError(
            _("The query has {length} characters; at most {longest} can be looked for.").format(
                length=len(text), longest=_LONGEST
            )
        )
    words = tuple(dict.fromkeys(word for found in _TOKEN.finditer(text) if (word := _word(found))))
    key = number_key(number) if number else ""
    if not words and not key:
        if not compared(text):
            raise QueryError(_("The query is empty. Type a word, a document number or a year."))
        raise QueryError(_("The query has only punctuation. Type a word, a document number or a year."))
    if key.endswith("号"):
        return Query(text, words, number=key)
    series = _SERIES.fullmatch(key or compared("".join(text.split())))
    return Query(text, words, series=f"{series['code']}({series['year']})" if series else None)


def year_of(folded: str) -> int | None:
    """Return the year that a folded word names (1995, 1995年, 一九九五年), else None."""
    if not (said := _YEAR.fullmatch(folded)):
        return None
    year = int(said[1] or said[2].translate(_NUMERALS))
    return year if 1800 <= year < 2100 else None


def _word(found: re.Match[str]) -> Word | None:
    text = found["word"] if found["phrase"] is None else found["phrase"]
    if found["word"] and text[0] in '"＂' and len(re.findall('["＂”]', found.string[found.start() :])) == 1:
        raise QueryError(
            _("The quotation mark at character {place} is not closed.").format(place=found.start() + 1)
        )
    folded = compared(text)
    return Word(folded, scripted(text), year_of(folded)) if any(runs(folded)) else None

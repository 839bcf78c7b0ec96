"""Dates as they stand on Chinese papers, to ISO 8601."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from archivist.describe.numerals import integer
from archivist.text import fold

_FIRST_YEAR, _LAST_YEAR = 1850, 2100
_REPUBLIC = 1911  # the year before 民国元年
# Two digits without context: the archive's papers begin with the People's Republic.
_FIRST_SHORT_YEAR = 49

_CN = r"[〇零o0一二三四五六七八九壹贰叁肆伍陆柒捌玖\-]"
_FIGURES = "一二三四五六七八九十壹贰叁肆伍陆柒捌玖拾"
_SMALL = rf"(?:\d\s*\d?|[〇o元廿卅{_FIGURES}\-](?:\s*[〇o{_FIGURES}\-]){{0,2}})"
_YEAR = rf"(?:\d\s*\d(?:\s*\d\s*\d)?|{_CN}\s*{_CN}(?:\s*{_CN}\s*{_CN})?)"
_WORDS = re.compile(
    rf"(?:(?:公\s*元|公\s*历|中\s*华\s*人\s*民\s*共\s*和\s*国)\s*)?(?:(?P<republic>(?:中\s*华\s*)?民\s*国)\s*(?P<reign>\d{{1,3}}|[元一二三四五六七八九十百〇]{{1,5}})|(?<![\d〇一二三四五六七八九])(?P<year>{_YEAR}))"
    rf"\s*年\s*(?P<month>{_SMALL})\s*月(?:份|(?:\s*(?P<day>{_SMALL})\s*(?:[日号曰目](?!前|以前|内)|(?![\s\d〇一二三四五六七八九十%.])|$))?)"
)
_POINTS = re.compile(
    r"(?<![\d./\-])(?P<year>\d{4}|\d{2})\s*(?P<mark>[./\-])\s*(?P<month>\d{1,2})\s*(?P=mark)\s*(?P<day>\d{1,2})"
    r"(?:\s*[日号])?(?![\d/\-]|\.\d)"
)
_LISTED = re.compile(
    rf"(?<![\d〇一二三四五六七八九])(?P<year>\d{{4}}|{_CN}{{4}})\s*(?P<mark>[./·、])\s*(?P<month>{_SMALL})\s*(?P=mark)"
    rf"\s*(?P<day>{_SMALL})(?:\s*[日号])?(?![\d〇一二三四五六七八九十./·、])"
)
_MONTH_DAY = re.compile(
    rf"(?<![年\d〇一二三四五六七八九十.\s])\s*(?P<month>{_SMALL})\s*月\s*(?P<day>{_SMALL})\s*[日号曰]"
)
_SHORT = re.compile(
    r"(?<![\d./\-])(?P<one>\d{1,2})\s*(?P<mark>[./\-])\s*(?P<two>\d{1,2})(?:\s*[日号])?(?![\d/\-%]|\.\d|\s*[万亿元个倍米斤吨公亩])"
)
_WHOLE = re.compile(r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)|(?P<y>\d{4})\s*[./\-]\s*(?P<m>\d{1,2})")

_DAMAGED = re.compile(r"(?P<year>[^年月日]{3,4})年(?P<rest>[^年月日]{1,3}月[^年月日]{1,3}日)")
_CHARACTERS = str.maketrans("0123456789", "〇一二三四五六七八九")


@dataclass(frozen=True, slots=True)
class Found:
    """A date in a text: characters `start` to `end`, and what they say as `YYYY-MM-DD` or `YYYY-MM`."""

    start: int
    end: int
    date: str


def parse(text: str, context_year: int | None = None) -> str | None:
    """Return the date that all of `text` is, `YYYY-MM-DD` or `YYYY-MM`; None where it is none.

    Arabic and Chinese numerals in either script, 民国 years, `95.9.27号`, outer brackets; a day that never
    was gives None. A two-digit year is the one nearest to `context_year` (without it 1949 to 2048). `28/9`,
    `4.16` and `9月5日` have a meaning only with `context_year`; of `4/9` the day is the first, of `4.9` the
    month.
    """
    start, end = 0, len(text)
    folded = fold(text)
    while start < end and (folded[start].isspace() or folded[start] in "(于"):
        start += 1
    while end > start and (folded[end - 1].isspace() or folded[end - 1] in ")。."):
        end -= 1
    inner = folded[start:end]
    for found in _candidates(inner, context_year, strict=False):
        if (found.start, found.end) == (0, len(inner)):
            return found.date
    if match := _WHOLE.fullmatch(inner):
        year, month, day = match["year"] or match["y"], match["month"] or match["m"], match["day"]
        return _iso(int(year), int(month), int(day) if day else None)
    return None


def find(text: str, context_year: int | None = None) -> list[Found]:
    """Return the dates that stand in `text`, left to right, without overlap.

    Dates without a year, and dotted ones with a two-digit year (which may be the number of a section), are
    found only where `context_year` says what they mean.
    """
    found: list[Found] = []
    for entry in sorted(_candidates(fold(text), context_year, strict=True), key=lambda f: (f.start, -f.end)):
        if not found or entry.start >= found[-1].end:
            found.append(entry)
    return found


def restored(text: str, years: Collection[int]) -> str | None:
    """Return the date that all of `text` is though its year lost a character or had one misread; None otherwise.

    The year is the one of `years` that it can only mean: of 一九八年四月四日 with 1987, 1987-04-04.
    """
    match = _DAMAGED.fullmatch("".join(fold(text).split()))
    if not match:
        return None
    meant = {year for year in years for digits in (_in_characters(year), str(year)) if _damaged(match["year"], digits)}
    return parse(f"{meant.pop()}年{match['rest']}") if len(meant) == 1 else None


def _in_characters(year: int) -> str:
    return str(year).translate(_CHARACTERS)


def _damaged(read: str, meant: str) -> bool:
    """Return whether `read` is `meant` with one character left out or another in its place."""
    if len(read) == len(meant):
        return sum(one != other for one, other in zip(read, meant, strict=True)) == 1
    return len(read) + 1 == len(meant) and any(
        read == meant[:place] + meant[place + 1 :] for place in range(len(meant))
    )


def full_year(short: int, context_year: int | None) -> int:
    """Return the year that the two digits `short` mean, nearest to `context_year` if there is one."""
    if context_year is None:
        return short + (1900 if short >= _FIRST_SHORT_YEAR else 2000)
    return min((century + short for century in (1800, 1900, 2000, 2100)), key=lambda y: abs(y - context_year))


def _candidates(folded: str, context_year: int | None, strict: bool) -> list[Found]:
    found = []
    for match in _WORDS.finditer(folded):
        found.append((match, _from_words(match, context_year)))
    for match in _POINTS.finditer(folded):
        if not strict or context_year is not None or len(match["year"]) == 4:
            found.append((match, _iso(_year(match["year"], context_year), int(match["month"]), int(match["day"]))))
    for match in _LISTED.finditer(folded):
        found.append((match, _iso(_year(match["year"], None), integer(match["month"]), integer(match["day"]))))
    if context_year is not None:
        for match in _MONTH_DAY.finditer(folded):
            found.append((match, _iso(context_year, integer(match["month"]), integer(match["day"]))))
        for match in _SHORT.finditer(folded):
            found.append((match, _from_short(match, context_year)))
    entries = []
    for match, iso in found:
        if iso:
            lead = len(match[0]) - len(match[0].lstrip())
            tail = len(match[0]) - len(match[0].rstrip())
            entries.append(Found(match.start() + lead, match.end() - tail, iso))
    return entries


def _from_words(match: re.Match[str], context_year: int | None) -> str | None:
    if match["republic"]:
        reign = integer(match["reign"].replace("百", "")) if "百" not in match["reign"] else _hundred(match["reign"])
        year = None if reign is None else reign + _REPUBLIC
    else:
        year = _year(match["year"], context_year)
    day = integer(match["day"]) if match["day"] else None
    if match["day"] and day is None:
        return None
    return _iso(year, integer(match["month"]), day)


def _hundred(text: str) -> int | None:
    """Return 一百 to 一百九十九 as a number."""
    before, _, after = text.partition("百")
    rest = integer(after.lstrip("〇")) if after.lstrip("〇") else 0
    return None if before != "一" or rest is None else 100 + rest


def _from_short(match: re.Match[str], context_year: int) -> str | None:
    one, two = int(match["one"]), int(match["two"])
    # Officials sign day/month with a stroke, month.day with a point.
    month, day = (two, one) if match["mark"] == "/" else (one, two)
    if month > 12:
        month, day = day, month
    return _iso(context_year, month, day)


def _year(text: str, context_year: int | None) -> int | None:
    digits = "".join(text.split())
    if not digits.isascii() or not digits.isdigit():
        digits = digits.replace("-", "一")
    value = integer(digits)
    if value is None:
        return None
    return full_year(value, context_year) if len(digits) == 2 else value


def _iso(year: int | None, month: int | None, day: int | None) -> str | None:
    if year is None or month is None or not _FIRST_YEAR <= year <= _LAST_YEAR or not 1 <= month <= 12:
        return None
    if day is None:
        return f"{year:04}-{month:02}"
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None

"""Years and dates as clerks type them."""

import re
from calendar import monthrange
from typing import TypeAlias

#: A date of which month and day, or the day, may be missing.
Date: TypeAlias = tuple[int, int | None, int | None]

_NUMERALS = {ord(char): str(digit) for digit, char in enumerate("〇一二三四五六七八九")}
_NUMERAL_YEAR = "[〇一二三四五六七八九]{4}"
_COUNTED = "[一二三]?十?[一二三四五六七八九]?"
_YEAR = re.compile(rf"((?:1[89]|20)\d\d)年?|({_NUMERAL_YEAR})年")
_DATES = (
    re.compile(r"((?:1[89]|20)\d\d)([-./])(\d{1,2})(?:\2(\d{1,2}))?"),
    re.compile(rf"((?:1[89]|20)\d\d|{_NUMERAL_YEAR})年()(\d{{1,2}}|{_COUNTED})月(?:(\d{{1,2}}|{_COUNTED})[日号])?"),
)
_CLOSED_UP = re.compile(r"((?:1[89]|20)\d\d)()(\d\d)(\d\d)?")
#: What stands between the ends of a range.
TO = r"(?:\.{2,3}|[-–—―~〜至到]{1,2})"
_TO = re.compile(TO)
_FIRST, _LAST = 1800, 2099


def year_of(folded: str) -> int | None:
    """Return the year that a folded word names (1995, 1995年, 一九九五年), else None."""
    if not (said := _YEAR.fullmatch(folded)):
        return None
    year = int((said[1] or said[2]).translate(_NUMERALS))
    return year if _FIRST <= year <= _LAST else None


def date_of(folded: str, *, closed_up: bool = False) -> Date | None:
    """Return the date that a folded word names (1995-06, 1995.9.27, 一九九五年九月二十七日), else None.

    There is a month in it, and it is one of the calendar; `closed_up` also takes 19950927.
    """
    for pattern in (*_DATES, _CLOSED_UP) if closed_up else _DATES:
        if said := pattern.fullmatch(folded):
            year, month = int(said[1].translate(_NUMERALS)), _counted(said[3])
            day = None if said[4] is None else _counted(said[4])
            known = _FIRST <= year <= _LAST and 1 <= month <= 12
            if known and (day is None or 1 <= day <= monthrange(year, month)[1]):
                return year, month, day
    return None


def days(folded: str) -> tuple[int, int] | None:
    """Return the first and the last day (YYYYMMDD) of a date, a year, or a range of them with perhaps one end open."""
    if (span := _days(folded)) or not folded:
        return span
    for between in _TO.finditer(folded):
        first, last = folded[: between.start()], folded[between.end() :]
        open_ = between[0].startswith(".")
        start = (0, 0) if open_ and not first else _days(first)
        end = (99999999, 99999999) if last == "今" or (open_ and not last) else _days(last)
        if start and end and (first or last):
            return (start[0], end[1]) if start[0] <= end[1] else (end[0], start[1])
    return None


def years(folded: str) -> range | None:
    """Return the years from the one to the other that a range names, or the one that a word names."""
    span = days(folded)
    parts = [part for part in _TO.split(folded) if part not in ("", "今")]
    if not span or not all(map(year_of, parts)):
        return None
    return range(max(span[0] // 10000, _FIRST), min(span[1] // 10000, _LAST) + 1)


def _days(folded: str) -> tuple[int, int] | None:
    if year := year_of(folded):
        return year * 10000, year * 10000 + 9999
    return days_of(date) if (date := date_of(folded, closed_up=True)) else None


def days_of(date: Date) -> tuple[int, int]:
    """Return the first and the last day of `date`; an item dated by its month only lies in the days of that month."""
    year, month, day = date
    month_ = year * 10000 + (month or 0) * 100
    if not month:
        return month_, month_ + 9999
    return (month_, month_ + 99) if day is None else (month_ + day, month_ + day)


def in_words(date: Date) -> tuple[str, ...]:
    """Return how papers write a date: 1995年9月27日, 一九九五年九月二十七日."""
    year, month, day = date
    figures, numerals = f"{year}年{month}月", f"{_digits(year)}年{_numeral(month or 0)}月"
    if day is None:
        return figures, numerals
    return f"{figures}{day}日", f"{numerals}{_numeral(day)}日"


def _counted(text: str) -> int:
    """Return the number that up to two digits, or numerals up to 三十九, stand for; 0 for none."""
    if text.isdecimal():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    return 10 * int((tens or "1").translate(_NUMERALS) if ten else 0) + int(ones.translate(_NUMERALS) or 0)


def _digits(year: int) -> str:
    return "".join("〇一二三四五六七八九"[int(digit)] for digit in str(year))


def _numeral(number: int) -> str:
    tens, ones = divmod(number, 10)
    return ("", "十", "二十", "三十")[tens] + ("〇一二三四五六七八九"[ones] if ones else "")

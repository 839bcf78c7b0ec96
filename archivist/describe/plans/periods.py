"""Points and periods of time as plans state them: 3月底, 4月上旬至6月, 今年年底, with years from their context."""

import re
from bisect import bisect_left
from calendar import monthrange
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

from archivist.definitions import load
from archivist.describe import dates
from archivist.describe.ink import Flow
from archivist.describe.numerals import integer
from archivist.describe.plans.prose import Prose

_CN = "〇零o一二三四五六七八九"
_STATED = rf"(?:(?<!\d)\d{{4}}|(?<!\d)\d{{2}}|(?<![{_CN}])[{_CN}]{{4}}|(?<![{_CN}])[{_CN}]{{2}})年度?"
_YEAR = rf"(?:{_STATED}|今年|本年度?|当年|明年|来年)"
_MONTH = r"(?:(?<![\d.])\d{1,2}|十[一二]?|(?<![十百千])[元一二三四五六七八九])月份?"
# A dash between two dates is often read as 一.
_SEP = r"(?:至|到|[-—–―~─]{1,2}|(?<=[日号月底末旬年])一(?=\d))"
_DAY = rf"(?:\d{{1,2}}[日号]|[一二三四五六七八九十廿卅]{{1,3}}[日号]|\d{{1,2}}(?={_SEP}|\)|之?前|以前))"
_PART = r"(?:上旬|中旬|下旬|[初底末])"
_SEASON = r"(?:上半年|下半年|第?[一二三四1-4]季度)[末底]?"
_ON = rf"(?:{_YEAR}的?)?"

POINT = (
    rf"(?:本月份?(?:{_DAY}|{_PART})|{_ON}{_MONTH}(?:{_DAY}|{_PART})?|{_ON}{_SEASON}|{_YEAR}年?[底末终初]|年[底末终初])"
)
"""A regular expression of a point of time, without groups, on folded text without white space."""

PERIOD = (
    rf"(?:{_ON}(?<![\d.])(?:\d{{1,2}}|[一二三四五六七八九十]{{1,2}}){_SEP}{_MONTH}{_PART}?"
    rf"|(?:{POINT}|{_STATED})(?:起|开始)?{_SEP}"
    rf"(?:{POINT}|{_STATED}|{_DAY}|月[底末]|\d{{1,2}}(?=\)))(?:止|结束)?|{POINT})"
)
"""A regular expression of a period: two points, or one."""

_SPLIT = re.compile(_SEP)
_DOTTED = re.compile(r"\d{2,4}([./])\d{1,2}\1\d{1,2}|\d{1,2}[./]\d{1,2}")
_PLAN_YEAR = re.compile(rf"(?<![-—–~至到\d])((?:19|20)\d\d|[一二][{_CN}]{{3}})年度?(?![-—–~至到代]|以来|\d)")
_FULL = re.compile(rf"(?<!\d)((?:19|20)\d\d|[一二][{_CN}]{{3}})年(?={_MONTH}|[底末初]|年底)")
_NUMBER_YEAR = re.compile(r"[\[(〔【]((?:19|20)\d\d|\d\d)[\])〕】]")
_HEAD_LINES = 12
_YEARS_AHEAD = 5


@dataclass(frozen=True, slots=True)
class Calendar:
    """What the years of dates without a year are: the date of issue, the year of the plan, and years stated."""

    issued: str | None
    planned: int | None
    stated: tuple[tuple[int, int], ...]

    def year(self, place: int, since: int = 0) -> int | None:
        """Return the year of a date at letter `place` that states none.

        The last one stated behind letter `since` (anywhere before, where there is no date of issue), that of the
        plan, of issue, else the next one stated.
        """
        first = int(self.issued[:4]) if self.issued else 0
        at = bisect_left(self.stated, (place, 0))
        for where, year in reversed(self.stated[:at]):
            if not first or (where >= since and first <= year <= first + _YEARS_AHEAD):
                return year
        if self.planned and (not first or first <= self.planned <= first + 1):
            return self.planned
        if first:
            return first
        return self.stated[at][1] if at < len(self.stated) else self.planned

    @property
    def this_year(self) -> int | None:
        """What 今年 means."""
        return int(self.issued[:4]) if self.issued else self.planned


def calendar(flow: Flow, start: int, signed: Collection[int], prose: Prose) -> Calendar:
    """Return what tells the years of `prose`: the paper begins at line 0, its body at line `start` of `flow`."""
    issued = None
    head = [*range(max(start - _HEAD_LINES, 0), min(start + 3, len(flow.lines)))]
    number = None
    for index in [*signed, *head, *range(len(flow.lines) - 1, start, -1)]:
        if index >= len(flow.lines):
            continue
        closed = flow.lines[index].closed
        found = dates.find(closed) if index in signed else None
        issued = issued or (found[-1].date if found else dates.parse(closed))
        if index < start and (bracketed := _NUMBER_YEAR.search(closed)):
            number = dates.full_year(int(bracketed[1]), None) if len(bracketed[1]) == 2 else int(bracketed[1])
    if not issued and number:
        issued = f"{number}"
    title = "".join(flow.lines[index].closed for index in range(min(start, len(flow.lines))))
    planned = {value for match in _PLAN_YEAR.finditer(title) if (value := integer(match[1]))}
    if not issued and len(planned) != 1:
        planned = {value for match in _PLAN_YEAR.finditer(prose.letters[:600]) if (value := integer(match[1]))}
    stated = tuple(
        (match.start(), year) for match in _FULL.finditer(prose.letters) if (year := integer(match[1])) is not None
    )
    return Calendar(issued, planned.pop() if len(planned) == 1 else None, stated)


def point(text: str, year: int | None, this_year: int | None, *, ends: bool) -> str | None:
    """Return the point of time that all of `text` is, `YYYY-MM-DD` or `YYYY-MM`; None where it is none.

    `year` is that of a date without one, `this_year` what 今年 means. 底 and 末 mean the last day; where the
    day is missing there is none (3月上旬 is a month), a half or quarter of a year begins and `ends` in a
    month.
    """
    match = re.match(_YEAR, text)
    own = _year(match[0], year, this_year) if match else year
    rest = (text[match.end() :] if match else text).removeprefix("的")
    if own is None:
        return None
    if day := _day(rest.strip("\"“”'") or " "):
        return f"{own}-{day}"
    if rest == "" or re.fullmatch(r"年?[底末终初]", rest):
        closing = rest.endswith(("底", "末", "终"))
        return f"{own}-12-31" if closing else f"{own}-12" if ends and not rest else f"{own}-01"
    if re.fullmatch(_SEASON, rest):
        return _season(rest, own, ends)
    letters = re.sub(r"月份?", "月", rest, count=1)
    month_text, mark, tail = letters.partition("月")
    month = integer(month_text)
    if mark and month is not None and 1 <= month <= 12:
        if tail in ("底", "末"):
            return f"{own}-{month:02}-{monthrange(own, month)[1]:02}"
        if tail in ("", "初", "上旬", "中旬", "下旬"):
            return f"{own}-{month:02}"
    return dates.parse(letters if letters.endswith(("日", "号")) or not mark else letters + "日", own)


def period(text: str, year: int | None, this_year: int | None) -> tuple[str | None, str | None]:
    """Return the first and last point of the period that `text` is, None each where it says nothing.

    The second half takes year and month from the first, and the next year where it would end before it
    began. 3月底前 only ends, 3月1日起 only begins.
    """
    text = re.sub(r"^(?:自|从|于|在|时间[为是:]?)+", "", text)
    text = re.sub(r"(?<=前)(?:全部|基本)?(?:完成|结束)$", "", text)
    halves = [_bare(half) for half in _SPLIT.split(text) if half]
    if not halves or len(halves) > 2:
        return None, None
    if len(halves) == 1:
        one = re.sub(r"(?:以前|之前|前|止|结束)$", "", halves[0])
        if one != halves[0] or text.startswith(("至", "到")):
            return None, _read(one, year, this_year, ends=True)
        return _read(one, year, this_year, ends=False), (
            None if text.endswith(("起", "开始")) else _read(one, year, this_year, ends=True)
        )
    first, second = halves
    if re.fullmatch(r"(?:.*年)?(?:\d{1,2}|[一二三四五六七八九十]{1,2})", first) and "月" in second:
        first += "月"
    begins = _read(first, year, this_year, ends=False)
    if re.fullmatch(r"(?:\d{1,2}|[一二三四五六七八九十廿卅]{1,3})[日号]?", second) and begins:
        day = integer(second.rstrip("日号"))
        return begins, dates.parse(f"{begins[:7]}-{day:02}") if day else None
    if second in ("月底", "月末") and begins:
        return begins, point(f"{int(begins[5:7])}月底", int(begins[:4]), this_year, ends=True)
    own = int(begins[:4]) if begins else year
    finishes = _read(second, own, this_year, ends=True)
    if begins and finishes and finishes[: len(begins)] < begins[: len(finishes)] and not re.match(_STATED, second):
        finishes = _read(second, int(begins[:4]) + 1, this_year, ends=True)
    return begins, finishes


def named_days() -> str:
    """Return a regular expression of the days that have a name: 国庆节, “七一”."""
    words = sorted(load("schemas/plans.yaml")["days"], key=len, reverse=True)
    return rf"{_ON}[\"“”]?(?:{'|'.join(words)})[\"“”]?"


def _read(text: str, year: int | None, this_year: int | None, *, ends: bool) -> str | None:
    if _DOTTED.fullmatch(text) and year is not None:
        return dates.parse(text, year)
    if re.fullmatch(r"\d{4}", text) and 1900 <= int(text) <= 2100:
        text += "年"
    return point(text, year, this_year, ends=ends) if text else None


def _bare(text: str) -> str:
    return re.sub(r"(?:止|结束|起|开始|,)$", "", text.strip("()。,;:"))


def _year(text: str, year: int | None, this_year: int | None) -> int | None:
    if text in ("今年", "本年", "本年度", "当年"):
        return this_year or year
    if text in ("明年", "来年"):
        return None if this_year is None else this_year + 1
    value = integer(text.removesuffix("度").removesuffix("年"))
    return dates.full_year(value, this_year or year) if value is not None and value < 100 else value


@cache
def _days() -> dict[str, str]:
    days: dict[str, str] = load("schemas/plans.yaml")["days"]
    return days


def _day(text: str) -> str | None:
    return _days().get(text)


def _season(text: str, year: int, ends: bool) -> str:
    closing = text.endswith(("末", "底"))
    body = text.rstrip("末底")
    if body in ("上半年", "下半年"):
        first, last = (1, 6) if body == "上半年" else (7, 12)
    else:
        quarter = integer(body.removeprefix("第")[0]) or 1
        first, last = quarter * 3 - 2, quarter * 3
    if closing:
        return f"{year}-{last:02}-{monthrange(year, last)[1]:02}"
    return f"{year}-{last if ends else first:02}"

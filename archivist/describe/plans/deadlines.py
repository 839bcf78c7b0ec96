"""By when who owes what: 各乡镇于3月20日前将名单报县爱卫办."""

import re
from collections.abc import Iterator, Sequence
from functools import cache

from archivist.describe import dates
from archivist.describe.plans import duties
from archivist.describe.plans.duties import Owed
from archivist.describe.plans.people import rules
from archivist.describe.plans.periods import POINT, Calendar, named_days, point
from archivist.describe.plans.phases import Stage
from archivist.describe.plans.prose import MARK, Prose
from archivist.model import Field

_FACTORS = {
    "deadline-clause": 0.87,
    "deadline-acting": 0.8,
    "deadline-sentence": 0.88,
    "deadline-nobody": 0.6,
    "deadline-labelled": 0.88,
    "deadline-noted": 0.85,
}
"""The share that was right on papers nobody had seen, of each way to say it."""
_FULFILLED = re.compile(r"(?:全部|基本)?(?:完成|报|上报|到位|结束|落实|[,;]|$)")
_LABELLED = re.compile(r"(?:时限|时间|期限):?\n?$")
_LISTED = re.compile(rf"(?:^|\n){MARK}")
_OWNER = re.compile(r"(?:责任|牵头|承办|负责)(?:单位|部门|人)?:(?P<who>[^,;。:()]{2,40})")
_LONG_LABELS = 300
_LONG_TASK = 120
_SHORT_OBJECT = 4
_MONTHS_BACK = 6
_MONTHS_GONE = 2
_MONTHS_ON = 2


def fields(text: Prose, years: Calendar, stages: Sequence[Stage]) -> Iterator[Field | None]:
    """Yield `deadline` for every date before which something is to be done.

    Who stands before the date or behind it, or is the subject of the sentence; the task is the clause of the
    date without these. Deadlines of every year, and dates of the past, are none.
    """
    seen: set[tuple[str, str | None, str]] = set()
    for match in _pattern().finditer(text.letters):
        date = _date(text, match, years, stages)
        if date is None or _is_stage(match, stages):
            continue
        owed = _owed(text, match)
        if owed is None or (date, owed.who, owed.task) in seen:
            continue
        seen.add((date, owed.who, owed.task))
        start, end = text.span(owed.start, owed.end)
        value = {"date": date, "who": owed.who, "task": owed.task}
        yield text.flow.field("deadline", value, start, end, owed.method, factor=_FACTORS[owed.method])


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile(
        rf"(?<![\d〇一二三四五六七八九十年月至到])(?<!中华)(?P<reign>(?:中华)?民国[\d〇一二三四五六七八九十百]{{1,5}}年)?(?P<date>{POINT}|{named_days()})(?:\(星期.\))?(?:(?P<hour>[上下]午|\d{{1,2}}(?:时|点))?)(?P<before>以前|之前|前(?![夕后往来去])|为止)"
    )


def _date(text: Prose, match: re.Match[str], years: Calendar, stages: Sequence[Stage]) -> str | None:
    letters = match["date"]
    before = re.split(r"[。;,\n]", text.letters[max(match.start() - 12, 0) : match.start()].rstrip(","))[-1]
    if before.endswith("每") or any(word in before for word in rules()["recurring"]):
        return None
    if letters.startswith("本月"):
        if not years.issued or len(years.issued) < len("1995-06"):
            return None
        letters = f"{int(years.issued[5:7])}月" + re.sub(r"^本月份?", "", letters)
    if match["reign"]:
        return dates.parse(match["reign"] + letters)
    year = years.year(match.start(), text.letters.rfind("\n", 0, match.start()) + 1)
    stated = bool(re.match(r"\d{2,4}年|[〇零一二三四五六七八九]{2,4}年|今年|本年|明年|来年|当年", letters))
    inside = [stage for stage in stages if stage.start < match.start() and not _leaves(text, stage.end, match.start())]
    held = _within(letters, inside[-1], years) if inside and not stated else None
    year = held or year
    date = point(letters, year, years.this_year, ends=True)
    if date is None or not years.issued or len(years.issued) < 7:
        return date
    late = (int(years.issued[:4]) - int(date[:4])) * 12 + int(years.issued[5:7]) - int(date[5:7])
    if stated:
        return date if late <= _MONTHS_BACK else None
    if late >= _MONTHS_GONE and held is None:
        return point(letters, (year or 0) + 1, years.this_year, ends=True)
    return date


def _leaves(text: Prose, start: int, end: int) -> bool:
    """Return whether a new chapter begins between two letters."""
    return bool(re.search(r"\n[一二三四五六七八九十]{1,3}、", text.letters[start:end]))


def _within(letters: str, stage: Stage, years: Calendar) -> int | None:
    """Return the year in which the date lies in a phase or soon behind it, None where the phase says nothing of it."""
    held = [date for date in (stage.begins, stage.finishes) if date]
    for year in sorted({int(date[:4]) for date in held}):
        date = point(letters, year, years.this_year, ends=True)
        if date and held[0][:7] <= date[:7] <= held[-1][:7]:
            return year
    last = _months(held[-1]) if held else 0
    for year in (last // 12, last // 12 + 1) if held else ():
        date = point(letters, year, years.this_year, ends=True)
        if date and len(date) > 4 and 0 <= _months(date) - last <= _MONTHS_ON:
            return year
    return None


def _months(date: str) -> int:
    return int(date[:4]) * 12 + (int(date[5:7]) if len(date) > 4 else 12)


def _is_stage(match: re.Match[str], stages: Sequence[Stage]) -> bool:
    return any(stage.start <= match.start() < stage.end for stage in stages)


def _owed(text: Prose, match: re.Match[str]) -> Owed | None:
    """Return who owes what by the date `match`: beside a label, in a note, or in a sentence."""
    letters = text.letters
    if _LABELLED.search(letters[max(match.start() - 8, 0) : match.start()]):
        labelled = _labelled(text, match)
        if labelled:
            return labelled
    opened = letters.rfind("(", max(letters.rfind("\n", 0, match.start()), 0), match.start())
    if opened > 0 and not re.search(r"[)。]", letters[opened : match.start()]):
        return _noted(text, match, opened)
    return duties.owed(text, match)


def _labelled(text: Prose, match: re.Match[str]) -> Owed | None:
    """Return what a paragraph owes that says 完成时限:6月底前, and who by 责任单位:…."""
    letters = text.letters
    lines = _LISTED.finditer(letters, max(match.start() - _LONG_LABELS, 0), match.start())
    start = max((line.end() for line in lines), default=letters.rfind("\n", 0, match.start()) + 1)
    following = _LISTED.search(letters, match.end())
    stop = min(following.start() if following else len(letters), match.end() + _LONG_LABELS)
    end = re.compile(r"[。;(:,]|责任|牵头|承办").search(letters, start, match.start())
    task = text.value(start, end.start()).strip(",。;:") if end else ""
    if not _SHORT_OBJECT <= len(task) <= _LONG_TASK:
        return None
    owner = _OWNER.search(letters, start, stop)
    return Owed(duties.party(text, owner.span("who")) if owner else None, task, start, match.end(), "deadline-labelled")


def _noted(text: Prose, match: re.Match[str], opened: int) -> Owed | None:
    """Return what a note in brackets says of the clause before it: 制定实施方案(3月20日前完成)."""
    letters = text.letters
    close = letters.find(")", match.end())
    note_end = close if close >= 0 else duties.sentence_end(letters, match.end())
    end = opened - 1 if letters[opened - 1 : opened] in tuple("。;!?") else opened
    start = duties.sentence_start(letters, end)
    owner = _OWNER.search(letters, opened, note_end)
    task = text.value(start, end).strip(",。;:")
    if not 4 <= len(task) <= _LONG_TASK or not _FULFILLED.match(letters, match.end(), note_end):
        return None
    if not (owner or duties.is_duty(task)):
        return None
    who = duties.party(text, owner.span("who")) if owner else None
    return Owed(who, task, start, match.end(), "deadline-noted")

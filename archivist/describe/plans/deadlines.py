"""By when who owes what: 各乡镇于3月20日前将名单报县爱卫办."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from archivist.describe import dates, names
from archivist.describe.plans.people import rules
from archivist.describe.plans.periods import POINT, Calendar, named_days, point
from archivist.describe.plans.phases import Stage
from archivist.describe.plans.prose import MARK, Prose
from archivist.model import Field

_CLEAR = 1.0
_INHERITED = 0.93
_BREAK = "。;!?\n"
_MARK_AT = re.compile(rf"(?:(?<=[:。;,\n])|^)(?:{MARK})|[①-⑳⑴-⒛㈠-㈩]")
_LEADING = re.compile(r"[,、:)\"”]+")
_CLOSING_WORDS = re.compile(
    r"(?:,|、|务必|务请|务|必须|应当|应该|必|要|应|须|需|请|并|也|都|均|一律|统一|分别|将|在|于|至迟|最迟|力争|争取|确保|保证|限|限期|限定|时间为|截止|截至|最后|期限为?|是)+$"
)
_ASKING = re.compile(r"^(?:并|请|望|希望?|要求|责成|由|务请|其中|具体由|以便|同时|另外|此外|凡)+")
_KIND = re.compile(r"^(?:以内|以前|之前|前夕?|为止|止|内)")
_RANGE = re.compile(r"(?:从|自|至|到|[-—–~])[^,。;\n]{0,14}$")
_SUBORDINATE = re.compile(r"(?:的?要求|基础上|情况下|原则|精神|规定|同时|后|时)$")
_MODAL = re.compile(r"(?:必须|务必|应当|要|应|须|请|务)(?:于|在|至迟)*$")
_LABELLED = re.compile(r"(?:时限|时间|期限):?\n?$")
_LISTED = re.compile(rf"(?:^|\n){MARK}")
_LONG_LABELS = 300
_ASKED = re.compile(r"必须|务必|应|须|(?<!主)要")
_EVERYONE = re.compile(r"各(?:有关)?(?:单位|部门|地|乡镇?|县|区|公社|大队|村|学?校|企业|厂矿)(?![、和及])")
_OWNER = re.compile(r"(?:责任|牵头|承办|负责)(?:单位|部门|人)?:(?P<who>[^,;。:()]{2,40})")
_FULFILLED = re.compile(r"(?:全部|基本)?(?:完成|报|上报|到位|结束|落实|[,;]|$)")
_HANDING_IN = re.compile(r"(?:上?报|呈报|报送|送)[^,。;]*$")
_REPORTED = re.compile(
    r",(?:并|再|同时|然后)?(?:将|把)?[^,。;]{0,20}?(?:上报|(?<![填汇通])报(?!告|名|刊)|报送|呈报|送交?)[^,。;]{1,30}"
)
_RESULT = re.compile(r"(?<!为)了(?![解结却如望])|已经?|曾|未能|没有")
_NO_DUTY = re.compile(r"的|为[^,。;]*阶段|出生|参加工作|工作的|入学|毕业|成立的")
_NO_NAME = re.compile(
    r"由|^兹|成立|召开|开展|举行|的(?!负责|领导|同志|主要)|[于将把须]|以前|之前|应(?!站|社|公司|处)|要(?!求|闻)|报(?!社|刊)"
)
_SHORTEST = 2
_SHORT_ADVERB = 6
_SHORT_CLAUSE = 12
_LONG_TASK = 120
_LONG_OBJECT = 40
_SHORT_OBJECT = 4
_MONTHS_BACK = 6


@dataclass(frozen=True, slots=True)
class _Owed:
    """Who owes what, letters `start` to `end` of the text, and how sure that is."""

    who: str | None
    task: str
    start: int
    end: int
    factor: float


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
        yield text.flow.field("deadline", value, start, end, "deadline", factor=owed.factor)


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile(
        rf"(?<![\d〇一二三四五六七八九十年月至到])(?<!中华)(?P<reign>(?:中华)?民国[\d〇一二三四五六七八九十百]{{1,5}}年)?(?P<date>{POINT}|{named_days()})(?:\(星期.\))?(?:(?P<hour>[上下]午|\d{{1,2}}(?:时|点))?)(?P<before>以前|之前|前(?![夕后往来去])|为止)"
    )


@cache
def _verbs() -> re.Pattern[str]:
    words = [*rules()["duties"], *rules()["task_begins"], *rules()["duty_words"], "于", "在", "限"]
    words.sort(key=len, reverse=True)
    return re.compile("|".join(words))


@cache
def _modals() -> re.Pattern[str]:
    return re.compile(rf"(?:{'|'.join(sorted(rules()['duty_words'], key=len, reverse=True))}|,)*")


@cache
def _adverbial() -> re.Pattern[str]:
    return re.compile("|".join(rules()["adverbial"]))


def _date(text: Prose, match: re.Match[str], years: Calendar, stages: Sequence[Stage]) -> str | None:
    letters = match["date"]
    before = re.split(r"[。;\n]", text.letters[max(match.start() - 12, 0) : match.start()])[-1]
    if any(word in before for word in rules()["recurring"]):
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
    if inside and not stated:
        year = _within(letters, inside[-1], years) or year
    date = point(letters, year, years.this_year, ends=True)
    if date is None or not years.issued or len(years.issued) < 7:
        return date
    late = (int(years.issued[:4]) - int(date[:4])) * 12 + int(years.issued[5:7]) - int(date[5:7])
    if stated:
        return date if late <= _MONTHS_BACK else None
    if late >= _MONTHS_BACK and not inside:
        return point(letters, (year or 0) + 1, years.this_year, ends=True)
    return date


def _leaves(text: Prose, start: int, end: int) -> bool:
    """Return whether a new chapter begins between two letters."""
    return bool(re.search(r"\n[一二三四五六七八九十]{1,3}、", text.letters[start:end]))


def _within(letters: str, stage: Stage, years: Calendar) -> int | None:
    """Return the year in which the date lies in a phase, None where the phase says nothing of it."""
    held = [date for date in (stage.begins, stage.finishes) if date]
    for year in sorted({int(date[:4]) for date in held}):
        date = point(letters, year, years.this_year, ends=True)
        if date and held[0][:7] <= date[:7] <= held[-1][:7]:
            return year
    return int(held[0][:4]) if held else None


def _is_stage(match: re.Match[str], stages: Sequence[Stage]) -> bool:
    return any(stage.start <= match.start() < stage.end for stage in stages)


def _owed(text: Prose, match: re.Match[str]) -> _Owed | None:
    """Return who owes what by the date `match`."""
    letters = text.letters
    begin, finish = _sentence_start(letters, match.start()), _sentence_end(letters, match.end())
    clause = max(begin, letters.rfind(",", begin, match.start()) + 1)
    if _LABELLED.search(letters[max(match.start() - 8, 0) : match.start()]):
        return _labelled(text, match)
    opened = letters.rfind("(", max(letters.rfind("\n", 0, match.start()), 0), match.start())
    if opened > 0 and not re.search(r"[)。]", letters[opened : match.start()]):
        return _noted(text, match, opened)
    listed = re.compile(r"、(?:于|在)?$").search(letters, clause, match.start())
    if listed and re.search(rf"(?:{POINT})(?:以前|之前|前)", letters[clause : listed.start()]):
        clause = listed.end()
    said = letters[clause : match.start()]
    if (_RANGE.search(said) and re.search(POINT, said)) or _NO_DUTY.match(letters, match.end(), finish):
        return None
    who, thing = _before(letters, clause, match.start())
    leading = _LEADING.match(letters, match.end(), finish)
    start = leading.end() if leading else match.end()
    start, named = _behind(letters, start, finish, who is not None)
    who, factor = who or named, _CLEAR
    if who is None and (who := _earlier(letters, begin, clause, said)):
        factor = _INHERITED
    end = _task_end(letters, start, finish)
    shared = re.compile(rf"、(?:于|在)?(?:{POINT})(?:以前|之前|前)").search(letters, start, end)
    predicate = ""
    if shared:
        # 4月25日前将方案、6月10日前将总结报市安委会: what is to be done stands at the end.
        tail = _HANDING_IN.search(letters, shared.end(), end)
        predicate, end = (text.value(*tail.span()) if tail else ""), shared.start()
    task = (text.value(*thing) if thing else "") + text.value(start, end) if start < end else ""
    task = re.sub(r"\([^()]*\)?$", "", task.strip('、,:。;"“”')).strip('()"“”') + predicate
    if len(task) < _SHORTEST or _RESULT.search(letters[clause:end]):
        return None
    if not (_MODAL.search(said) or _is_duty(task) or (factor == _INHERITED and _ASKED.search(letters, begin, clause))):
        return None
    spans = [span for span in (who if factor == _CLEAR else None, thing) if span]
    first = min([match.start(), *(span[0] for span in spans)])
    return _Owed(_party(text, who), task, first, end, factor)


def _before(letters: str, clause: int, date: int) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
    """Return where between clause and date it says who, and of what thing: 各单位要将总结于…, 实施方案限…."""
    own = _CLOSING_WORDS.sub("", letters[clause:date])
    asked = _ASKING.match(own)
    start, end = clause + (asked.end() if asked else 0), clause + len(own)
    who = None
    if subject := _subject(letters[start:end]):
        who = _without_asking(letters, start, start + subject)
        start = _without_modal(letters, start + subject, end)
    elif everyone := _EVERYONE.match(letters, start, end):
        who, start = everyone.span(), everyone.end()
    return who, (start, end) if 0 < end - start <= _LONG_OBJECT else None


def _behind(letters: str, start: int, finish: int, known: bool) -> tuple[int, tuple[int, int] | None]:
    """Return where the task begins behind the date, 根据…要求 left out, and who is named there unless `known`."""
    who = None
    for _ in range(2):
        comma = letters.find(",", start, finish)
        if comma < 0:
            break
        subject = 0 if known or who else _subject(letters[start:comma])
        clause = letters[start + subject : comma]
        if not _adverbial().match(clause) or not (_SUBORDINATE.search(clause) or len(clause) <= _SHORT_ADVERB):
            break
        if subject:
            who = _without_asking(letters, start, start + subject)
        start = comma + 1
    if not (known or who) and (subject := _subject(letters[start:finish])):
        who = _without_asking(letters, start, start + subject)
        start += subject
    return _without_modal(letters, start, finish), who


def _earlier(letters: str, begin: int, clause: int, said: str) -> tuple[int, int] | None:
    """Return who was named before the clause of the date: at the beginning of the sentence, by 由…负责, before a ;."""
    if clause > begin:
        for start in [begin, *(comma.end() for comma in re.compile(",").finditer(letters, begin, clause - 1))]:
            if subject := _subject(letters[start:clause]):
                return _without_asking(letters, start, start + subject)
        for charged in re.compile("由").finditer(letters, begin, clause):
            if subject := _subject(letters[charged.end() : clause]):
                return charged.end(), charged.end() + subject
        return None
    if not _CLOSING_WORDS.sub("", said) and letters[begin - 1 : begin] == ";":
        start = _sentence_start(letters, begin - 1)
        if subject := _subject(letters[start : begin - 1]):
            return _without_asking(letters, start, start + subject)
    return None


def _without_modal(letters: str, start: int, end: int) -> int:
    """Return where the letters go on behind 要, 必须 and the like."""
    modal = _modals().match(letters, start, end)
    return modal.end() if modal else start


def _without_asking(letters: str, start: int, end: int) -> tuple[int, int]:
    """Return the span without 请, 由 and the like at its beginning."""
    lead = _ASKING.match(letters[start:end])
    return start + (lead.end() if lead else 0), end


def _labelled(text: Prose, match: re.Match[str]) -> _Owed | None:
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
    return _Owed(_party(text, owner.span("who")) if owner else None, task, start, match.end(), _INHERITED)


def _noted(text: Prose, match: re.Match[str], opened: int) -> _Owed | None:
    """Return what a note in brackets says of the clause before it: 制定实施方案(3月20日前完成)."""
    letters = text.letters
    close = letters.find(")", match.end())
    note_end = close if close >= 0 else _sentence_end(letters, match.end())
    end = opened - 1 if letters[opened - 1 : opened] in tuple("。;!?") else opened
    start = _sentence_start(letters, end)
    owner = _OWNER.search(letters, opened, note_end)
    task = text.value(start, end).strip(",。;:")
    if not 4 <= len(task) <= _LONG_TASK or not _FULFILLED.match(letters, match.end(), note_end):
        return None
    if not (owner or _is_duty(task)):
        return None
    who = _party(text, owner.span("who")) if owner else None
    return _Owed(who, task, start, match.end(), _INHERITED)


def _sentence_start(letters: str, place: int) -> int:
    start = max(letters.rfind(mark, 0, place) for mark in (*_BREAK, ":")) + 1
    marks = [match.end() for match in _MARK_AT.finditer(letters, start, place)]
    return marks[-1] if marks else start


def _sentence_end(letters: str, place: int) -> int:
    found = re.compile(rf"[{_BREAK}]|[①-⑳⑴-⒛㈠-㈩]").search(letters, place)
    return found.start() if found else len(letters)


def _task_end(letters: str, start: int, finish: int) -> int:
    """Return where the clause ends that says what is to be done; one that only says how takes in the next."""
    end = start
    while True:
        comma = letters.find(",", end, finish)
        if comma < 0:
            return finish
        clause = letters[start:comma]
        if not _SUBORDINATE.search(clause) and not (_adverbial().match(clause) and len(clause) < _SHORT_CLAUSE):
            reported = _REPORTED.match(letters[:finish], comma)
            return reported.end() if reported and not re.search(rf"每|{POINT}", reported[0]) else comma
        if comma - start > _LONG_TASK:
            return comma
        end = comma + 1


def _is_duty(task: str) -> bool:
    return any(verb in task for verb in rules()["duties"])


def _subject(letters: str) -> int:
    """Return how many of `letters` name who is to do something, 0 where they begin with something else."""
    lead = _ASKING.match(letters)
    start = lead.end() if lead else 0
    limit = re.search(r"[,。;:!?\n]", letters[start:])
    stop = start + (limit.start() if limit else len(letters) - start)
    verb = _verbs().match(letters, start)
    if _is_party(letters[start:stop]) and not (
        verb and (_is_party(letters[verb.end() : stop]) or (len(verb[0]) > 1 and stop - verb.end() > 4))
    ):
        return stop
    for match in _verbs().finditer(letters, start, min(stop, start + 80)):
        if match.start() == start:
            if match[0] in rules()["duties"] or match[0] in rules()["task_begins"]:
                return 0
            continue
        if _is_party(letters[start : match.start()]):
            return match.start()
    return 0


def _is_party(letters: str) -> bool:
    """Return whether all of `letters` lists agencies, kinds of them, or officials."""
    if not 2 <= len(letters) <= 60 or re.search(r"[\d\"“”《》]", letters):
        return False
    pieces = re.split(r"[、]|和(?!国)|及|与", re.sub(r"\([^()]*\)", "", letters))
    return all(_is_one(piece) for piece in pieces if piece) and bool(pieces[-1])


def _is_one(piece: str) -> bool:
    if _NO_NAME.search(piece):
        return False
    if re.search(
        r"(?:负责人|负责同志|领导|同志|人员|各地|各级|各界|全体干部|职工|群众|[省市县区乡镇村社]里|各单位|各部门|居民|村民|用户|市民)$",
        piece,
    ):
        return True
    return names.receives(piece) is True and not re.search(r"^(?:在|对|将|把|以|到)|大会$|会议$|机会|社会$", piece)


def _party(text: Prose, span: tuple[int, int] | None) -> str | None:
    return text.value(*span).strip("、,:") or None if span else None

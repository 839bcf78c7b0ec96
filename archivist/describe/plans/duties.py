"""What a sentence owes by a date: who, and the clauses that say what is to be done."""

import re
from dataclasses import dataclass
from functools import cache

from archivist.describe.plans.amounts import amounts
from archivist.describe.plans.people import rules
from archivist.describe.plans.periods import PERIOD, POINT
from archivist.describe.plans.prose import MARK, Prose
from archivist.describe.plans.subjects import is_party, length, without_asking

_BREAK = "。;!?\n"
_MARK_AT = re.compile(rf"(?:(?<=[:。;,\n])|^)(?:{MARK})|[①-⑳⑴-⒛㈠-㈩]")
_LEADING = re.compile(r"[,、:)\"”]+")
_CLOSING_WORDS = re.compile(
    r"(?:,|、|(?<![任服事税财商义])(?<![^企]业)务(?:必须?|请)?|必须|应当|应该|统限|概限|必|要求|要|应|须|需|请|并|也|都|均|一律|统一|分别|将|在|于|至迟|最迟|力争|争取|确保|保证|限|限期"
    r"|限定|定|拟|可|时间为|截止|截至|最后|期限为?|是)+$"
)
_CHARGED = re.compile(r"(?:作为|是)[^,。;]{2,16}$|(?:为)[^,。;]{0,10}(?:单位|部门|责任人)$")
_ASKING = re.compile(r"^(?:并|请|望|希望?|要求|责成|由|务请|其中|具体由|以便|同时|另外|此外|凡是?)+")
_RANGE = re.compile(r"(?:从|自|至|到|[-—–~])[^,。;\n]{0,14}$")
_HOW = re.compile(r"(?:的?要求|基础上|情况下|原则|精神|规定|同时|后|时)$")
_MODAL = re.compile(r"(?:必须|务必|应当|要|应|须|请|务)(?:于|在|至迟)*$")
_ASKED = re.compile(r"必须|务必|应|须|(?<!主)要")
_EVERYONE = re.compile(r"各(?:有关)?(?:单位|部门|地|乡镇?|县|区|公社|大队|村|学?校|企业|厂矿)(?![、和及])")
_HANDING_IN = re.compile(r"(?:上?报|呈报|报送|送)[^,。;]*$")
_RESULT = re.compile(r"(?<!为)了(?![解结却如望])|已经?|曾|未能|没有")
_ALL = re.compile(r"(?:所有|全部|一切|上述|以上|各项|各类|这项|此项)[^,。;:]{2,24}")
_STATES = re.compile(
    r"(?!确保|保证|做到|使|力争|争取)[^,]{1,24}(?:[率量数度额面]|比例|比重|收入)(?:均|都|要|应|须|必须)*(?:不|达|在|为|控|[\d一二三四五六七八九十百])"
)
_OTHER = re.compile(
    r"未[^,]*的|[^,由将把以]{2,14}(?:由|应|须|必须|可|不得|均|都|随时|一律|另行|在(?!内)|者|仍|不再|按|照常|自行|另|方可|才能?)"
)
_DATED = re.compile(rf"(?:在|于)?(?:{POINT})(?:以前|之前|前)[,]?")
_AGENT = re.compile(
    r"将|把|向|到|与|持|携|如实|自行|自觉|主动|参加|组织|召开|制[定订]|申[报请]|办理|成立|建立|写出|做好|搞好|抓好|开展|提[出供]|前往|派|签订"
)
_PASSIVE = re.compile(r"[将把向由请对的]|组织|制定|^(?:本|这|此|该|上述|以上|下列|其|年|从|自|至)")
_LONG_AGENT = 16
_NO_DUTY = re.compile(
    r"的|[^,。;]{2,40}者(?=[,。;]|$)|[^,。;]{2,30}的(?:单位|个人|企业|用户|农户)(?=,)|为[^,。;]*阶段|出生|参加工作|工作的|入学|毕业|成立的"
)
_SHORTEST = 2
_SHORT_ADVERB = 6
_SHORT_CLAUSE = 12
_LONG_TASK = 120
_CLAUSES = 4
_LONG_OBJECT = 40


@dataclass(frozen=True, slots=True)
class Owed:
    """Who owes what, letters `start` to `end` of the text, and how that is known."""

    who: str | None
    task: str
    start: int
    end: int
    method: str


def owed(text: Prose, match: re.Match[str]) -> Owed | None:
    """Return who owes what by the date `match`, None where the sentence asks nothing.

    Who is the subject nearest to the date: in its clause, behind it, or in a clause before. The task goes from there
    to the end of the sentence, to another subject, or to another date.
    """
    letters = text.letters
    begin, finish = sentence_start(letters, match.start()), sentence_end(letters, match.end())
    clause = max(begin, letters.rfind(",", begin, match.start()) + 1)
    listed = re.compile(r"、(?:于|在)?$").search(letters, clause, match.start())
    if listed and re.search(rf"(?:{POINT})(?:以前|之前|前)", letters[clause : listed.start()]):
        clause = listed.end()
    said = letters[clause : match.start()]
    if (_RANGE.search(said) and re.search(POINT, said)) or _NO_DUTY.match(letters, match.end(), finish):
        return None
    who, thing = _before(letters, clause, match.start())
    leading = _LEADING.match(letters, match.end(), finish)
    start = leading.end() if leading else match.end()
    if who is None and thing is None and clause > begin:
        before = letters.rfind(",", begin, clause - 1) + 1 or begin
        whole = _ALL.fullmatch(letters, before, clause - 1)
        thing = whole.span() if whole and not is_party(whole[0]) else None
    start, named = _behind(letters, start, finish, who is not None)
    who, method = who or named, "deadline-clause"
    if who is None and not _acts(letters, thing, start, finish) and (who := _earlier(letters, begin, clause, said)):
        method = "deadline-sentence"
    if who is None and thing and _acts(letters, thing, start, finish):
        # 报考青年须于…前到…: only who can act takes, goes or makes.
        who, thing, method = thing, None, "deadline-acting"
    end = _task_end(letters, start, finish)
    shared = re.compile(rf"、(?:于|在)?(?:{POINT})(?:以前|之前|前)").search(letters, start, end)
    predicate = ""
    if shared:
        # 4月25日前将方案、6月10日前将总结报市安委会: what is to be done stands at the end.
        tail = _HANDING_IN.search(letters, shared.end(), end)
        predicate, end = (text.value(*tail.span()) if tail else ""), shared.start()
    task = (text.value(*thing) if thing else "") + text.value(start, end) if start < end else ""
    task = trimmed(task) + predicate
    if len(task) < _SHORTEST or _RESULT.search(letters[clause:end]):
        return None
    asked = bool(_ASKED.search(letters, begin, clause))
    asked = asked or (who is not None and bool(re.match(r"[请望希]", said)))
    asked = asked or (who is not None and _begins_duty(letters[start:end]))
    if not (_MODAL.search(said) or is_duty(task) or asked):
        return None
    spans = [span for span in (who if method == "deadline-clause" else None, thing) if span]
    first = min([match.start(), *(span[0] for span in spans)])
    return Owed(party(text, who), task, first, end, method if who else "deadline-nobody")


def _acts(letters: str, thing: tuple[int, int] | None, start: int, finish: int) -> bool:
    """Return whether what stands before a date is somebody, by what is to be done from letter `start`."""
    if thing is None or thing[1] - thing[0] > _LONG_AGENT or not _AGENT.match(letters, start, finish):
        return False
    said = letters[slice(*thing)]
    return not (_PASSIVE.search(said) or said.endswith(tuple(rules()["things"])))


def trimmed(task: str) -> str:
    """Return a task without the note behind it and the marks around it."""
    task = re.sub(r"\([^()]*\)?$", "", task.strip("、,:。;"))
    if re.fullmatch(r"[\"“][^\"“”]*[\"”]?|[^\"“”]*[\"”]", task):
        task = task.strip('"“”')
    return task.strip("()")


def party(text: Prose, span: tuple[int, int] | None) -> str | None:
    """Return who stands at the letters of `span`."""
    return text.value(*span).strip("、,:") or None if span else None


def is_duty(task: str) -> bool:
    """Return whether something can be owed that is called `task`."""
    return any(verb in task for verb in rules()["duties"])


def sentence_start(letters: str, place: int) -> int:
    """Return where the sentence or part of a list begins that letter `place` stands in."""
    start = max(letters.rfind(mark, 0, place) for mark in (*_BREAK, ":")) + 1
    marks = [match.end() for match in _MARK_AT.finditer(letters, start, place)]
    return marks[-1] if marks else start


def sentence_end(letters: str, place: int) -> int:
    """Return where the sentence or part of a list ends that letter `place` stands in."""
    found = re.compile(rf"[{_BREAK}]|[①-⑳⑴-⒛㈠-㈩]").search(letters, place)
    return found.start() if found else len(letters)


def _before(letters: str, clause: int, date: int) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
    """Return where between clause and date it says who, and of what thing: 各单位要将总结于…, 实施方案限…."""
    own = _CLOSING_WORDS.sub("", letters[clause:date])
    asked = _ASKING.match(own)
    start, end = clause + (asked.end() if asked else 0), clause + len(own)
    who = None
    if subject := length(letters[start:end]):
        who = without_asking(letters, start, start + subject)
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
        subject = 0 if known or who else length(letters[start:comma])
        clause = letters[start + subject : comma]
        if not _adverbial().match(clause) or not (_HOW.search(clause) or len(clause) <= _SHORT_ADVERB):
            break
        if subject:
            who = without_asking(letters, start, start + subject)
        start = comma + 1
    if not (known or who) and (subject := length(letters[start:finish])):
        who = without_asking(letters, start, start + subject)
        start += subject
    return _without_modal(letters, start, finish), who


def _earlier(letters: str, begin: int, clause: int, said: str) -> tuple[int, int] | None:
    """Return who was named before the clause of the date, the nearest one: by 由…负责, as a subject, before a ;."""
    if clause > begin:
        starts = [begin, *(comma.end() for comma in re.compile(",").finditer(letters, begin, clause - 1))]
        for start in reversed(starts):
            stop = letters.find(",", start, clause)
            stop = stop if stop >= 0 else clause
            if _adverbial().match(letters, start, stop) and not letters.startswith("由", start):
                continue
            dated = _DATED.match(letters, start, stop)
            start = dated.end() if dated else start
            if charged := _CHARGED.search(letters, start, stop):
                stop = charged.start()
            if (subject := length(letters[start:stop])) and (
                not _HOW.search(letters, start, stop) or re.match(r"[各你贵]", letters[start:stop])
            ):
                return without_asking(letters, start, start + subject)
            for charging in re.compile("由").finditer(letters, start, stop):
                if subject := length(letters[charging.end() : stop]):
                    return charging.end(), charging.end() + subject
        return None
    if not _CLOSING_WORDS.sub("", said) and letters[begin - 1 : begin] == ";":
        start = sentence_start(letters, begin - 1)
        if subject := length(letters[start : begin - 1]):
            return without_asking(letters, start, start + subject)
    return None


def _without_modal(letters: str, start: int, end: int) -> int:
    """Return where the letters go on behind 要, 必须 and the like."""
    modal = _modals().match(letters, start, end)
    return modal.end() if modal else start


def _task_end(letters: str, start: int, finish: int) -> int:
    """Return where what is to be done ends: with the sentence, or before another subject, date or remark.

    Of a long run of clauses, the programme of a whole stage, the first alone is due.
    """
    end, ends = start, list[int]()
    while True:
        comma = letters.find(",", end, finish)
        if comma < 0:
            ends.append(finish)
            break
        stop = letters.find(",", comma + 1, finish)
        said = letters[start:comma]
        only_how = _HOW.search(said) or (_adverbial().match(said) and len(said) < _SHORT_CLAUSE)
        if not only_how:
            ends.append(comma)
            if not _goes_on(letters[comma + 1 : stop if stop >= 0 else finish]):
                break
        end = comma + 1
    return ends[0] if len(ends) > _CLAUSES or ends[-1] - start > _LONG_TASK else ends[-1]


def _goes_on(clause: str) -> bool:
    """Return whether a clause is more of the duty before it, and none of another subject, date or kind."""
    if len(clause) < _SHORTEST:
        return False
    if (
        _remark().match(clause)
        or ":" in clause
        or re.match(rf"(?:并|再)?(?:于|在|到|至|从|自)?(?:{PERIOD}|每)", clause)
    ):
        return False
    if re.search(rf"(?:{POINT})(?:以前|之前|前)", clause) or _STATES.match(clause) or _appoints().match(clause):
        return False
    begins = _begins_duty(clause)
    if not begins and any(amount.unit in ("%", "‰") for amount in amounts(clause)):
        return False
    return begins or not (length(clause) or _OTHER.match(clause))


def _begins_duty(clause: str) -> bool:
    """Return whether a clause begins with what is to be done, by whom or to what end."""
    return bool(_going_on().match(clause))


@cache
def _appoints() -> re.Pattern[str]:
    """Return a pattern of 县长任指挥长: who leads says nothing of what is to be done, unless by 由."""
    roles = "|".join(sorted(rules()["roles"], key=len, reverse=True))
    return re.compile(rf"(?!并?[由以])[^,]{{2,30}}(?:担任|兼任|任|兼)(?:{roles})")


@cache
def _remark() -> re.Pattern[str]:
    return re.compile("|".join(rules()["remarks"]))


@cache
def _going_on() -> re.Pattern[str]:
    words = sorted([*rules()["duties"], *rules()["task_begins"], *rules()["going_on"]], key=len, reverse=True)
    return re.compile("|".join(words))


@cache
def _modals() -> re.Pattern[str]:
    return re.compile(rf"(?:{'|'.join(sorted(rules()['duty_words'], key=len, reverse=True))}|,)*")


@cache
def _adverbial() -> re.Pattern[str]:
    return re.compile("|".join(rules()["adverbial"]))

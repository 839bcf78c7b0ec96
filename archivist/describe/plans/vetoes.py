"""The indicators of which one alone decides (一票否决): listed under these words, or failing a condition."""

import re
from collections.abc import Iterator

from archivist.describe.ink import plain
from archivist.describe.plans.amounts import amounts
from archivist.describe.plans.people import rules
from archivist.describe.plans.prose import MARK, Prose
from archivist.describe.plans.thresholds import NAME_LENGTH, Target, after, before, clause_start, named, operator

VETO = r"[\"“”'『「]?一票否决[\"“”'』」]?(?:制度?)?"
"""A regular expression of the words that say so."""

_KINDS = r"(?:的)?(?:指标|项目|事项|内容|条件|情形)"
_COUNTED = r"(?:共?有?[一二三四五六七八九\d]{1,2}[项个条])?(?:主要)?"
_LIST = re.compile(
    rf"{_KINDS}?{_COUNTED}(?:包括|有|为|是|分别是|如下)?[:\n]|{_KINDS}{_COUNTED}(?:包括|有|为|是|分别是)"
)
_LIST_LETTERS = 1500
_SCOPE = re.compile(
    r"(?:县级市|地级市|设区市|省|市|县|区|州|旗|镇|乡|村|社区|街道?|城市|城镇|农村|城区|市区|郊区|平原|山区|丘陵|机关|学校|企业)(?:\([^()]{1,6}\))?"
)
# What stands further before the words of veto is no condition of theirs.
_LONGEST_SENTENCE = 300
_FAILING = re.compile(r"(?<![不得能])(?P<word>达不到|未达到|没有达到|不足|不到|低于|少于|小于|超过|高于|大于)$")
_TOO_MUCH = ("超过", "高于", "大于")
_SUBJECT_TO = re.compile(
    r"(?:^|[,:])(?:对于?|把|将)?(?P<names>[^,:。;\n]{2,40}?)(?:等?[两二三四五六七八九\d][项个](?:主要|重点)?(?:指标|工作|内容|项目)|工作|指标)?(?:等方面)?(?:继续|一律|坚持|严格|要|也|均|都)*"
    r"(?:实行|实施|(?:列为|作为|列入|属于|为)[^,。;]{0,12}?的?)$"
)
_WHO_FAILS = re.compile(r"的(?:单位|地方|乡|村|县|市|个人|部门|企业)|未|不|发生|造成|没有|凡|^在")
_WHOSE = (
    r"的(?:(?:有关|责任|所在)?(?:单位|地方|地区|乡镇?|镇街?|街道|村|县|市|区|公社|大队|学校|企业|部门|个人|班子|干部|领导|党委|党组|支部|党组织|机关|科室|车间|班组|人员|职工|医院|校|厂)"
    r"(?:[、和及或](?:单位|个人|部门|乡镇|街道|镇|村|县|市|区))*)?"
)
_LED = re.compile(r"(?:对于?|凡是?|如果?|若|一旦|或者?)")
_EVENT_ENDS = re.compile(rf"{_WHOSE}$")
_EVENT_TAIL = re.compile(
    rf"(?:{_WHOSE})?(?:一律|坚决|严格|继续|要|均|都|也|将|坚持|年终|年度|(?:在)?[^,的]{{0,10}}[中时]|考核|给予|予以|实行|实施|执行)*$"
)
_LEADING_IN = re.compile(r"(?:下列|以下|如下)")
_LEAD_TAIL = re.compile(r"[^。:\n]{0,40}[:。]\n?(?=(?P<mark>" + MARK + r"))|[^。:\n]{0,40}:")
_NUMERALS = re.compile(r"(?P<figures>\d+)|[一二三四五六七八九十]+")


def vetoes(text: Prose) -> Iterator[Target]:
    """Yield the indicators of which one alone decides; where no number is named there is nothing to compare."""
    for match in re.finditer(VETO, text.letters):
        place = _listed_from(text.letters, match)
        if place is not None:
            for start, end in _items(text.letters, place):
                yield from _item(text, start, end)
        else:
            yield from _condition(text, match.start())


def _listed_from(letters: str, match: re.Match[str]) -> int | None:
    """Return where the list begins that words of veto head or lead in, None where none follows."""
    begin = max(letters.rfind(mark, 0, match.start()) for mark in "。;\n") + 1
    if _LEADING_IN.search(letters, begin, match.start()):
        lead = _LEAD_TAIL.match(letters, match.end())
        return lead.end() if lead else None
    listed = _LIST.match(letters, match.end())
    if listed is None:
        return None
    paragraph = letters[listed.end() :].lstrip("\n").split("\n", 1)[0]
    if listed[0].endswith("\n") and not re.match(MARK, paragraph) and re.search(rf"{VETO}|[:]$", paragraph):
        # The heading over a sentence that says so again.
        return None
    return listed.end()


def _style(mark: str) -> str:
    return _NUMERALS.sub(lambda number: "1" if number["figures"] else "一", mark)


def _items(letters: str, start: int) -> list[tuple[int, int]]:
    """Return the items of the list that begins at letter `start`: of one style of marks, or up to the full stop."""
    while letters[start : start + 1] in (":", "\n"):
        start += 1
    marked = re.match(MARK, letters[start:])
    if marked:
        style = _style(marked[0])
        end = start
        for line in re.finditer(r"[^\n]*(?:\n|$)", letters[start:]):
            mark = re.match(MARK, line[0])
            if not mark or _style(mark[0]) != style:
                break
            end = start + line.end()
    else:
        full = re.search(r"[。\n]", _masked(letters[start : start + _LIST_LETTERS]))
        end = start + (full.start() if full else min(_LIST_LETTERS, len(letters) - start))
    masked = _masked(letters[start:end])
    items = [item for item in re.finditer(r"[^;。\n]+", masked) if item[0].strip()]
    if len(items) == 1 and not marked and not amounts(letters, start, end):
        items = list(re.finditer(r"[^、;。\n]+", masked))
    found: list[tuple[int, int]] = []
    for item in items:
        first, last = start + item.start(), start + item.end()
        scope = re.split(r"\d|[〇一二三四五六七八九十百]", letters[first:last])[0]
        if found and _SCOPE.fullmatch(scope):
            # 区1.1%以上;镇(街)1.0%以上: one thing with two thresholds.
            found[-1] = found[-1][0], last
        else:
            found.append((first, last))
    return found


def _masked(letters: str) -> str:
    """Return `letters` with the punctuation in brackets blotted out."""
    depth, chars = 0, []
    for char in letters:
        depth = max(depth + (char == "("), 0)
        chars.append("x" if depth and char in "、,;:。" else char)
        depth = max(depth - (char == ")"), 0)
    return "".join(chars)


def _item(text: Prose, start: int, end: int) -> Iterator[Target]:
    letters = text.letters
    mark = re.match(rf"(?:{MARK}|和|及)+", letters[start:end])
    start += mark.end() if mark else 0
    quantities = [
        amount
        for amount in amounts(letters, start, end)
        if before(letters, amount.start, start) or after(letters, amount.end)
    ]
    end -= len(letters[start:end]) - len(re.sub(rf"{_WHOSE}[,。;]*$", "", letters[start:end]))
    if _failing(letters, start, end):
        yield from _failed(text, start, end)
        return
    colon = re.search(r"[:(]", letters[start:end])
    head = start + colon.start() if colon else end
    if not colon and quantities:
        leading = before(letters, quantities[0].start, start)
        head = leading.start if leading else quantities[0].start
        comma = letters.find(",", start, head)
        head = comma if comma > start else head
    name, first = named(text, start, head)
    if not 2 <= len(name) <= NAME_LENGTH:
        return
    if not quantities:
        yield Target(first, head, name, None, None, None, True, "veto-listed")
    for amount in quantities:
        leading, closing = before(letters, amount.start, start), after(letters, amount.end)
        near = re.split(r"[:;,、。]", letters[start : leading.start if leading else amount.start])[-1]
        scope = f"({plain(near)})" if _SCOPE.fullmatch(near) else ""
        begin = first if amount is quantities[0] else amount.start
        finish = closing.end if closing else amount.end
        sign = operator(leading, closing)
        yield Target(begin, finish, name + scope, sign, amount.value, amount.unit, True, "veto-value")


def _failing(letters: str, start: int, end: int) -> bool:
    """Return whether letters `start` to `end` name a value that is not reached, or exceeded."""
    return any(
        _FAILING.search(letters[clause_start(letters, start, amount.start) : amount.start])
        for amount in amounts(letters, start, end)
    )


def _failed(text: Prose, begin: int, end: int) -> Iterator[Target]:
    """Yield the conditions that letters `begin` to `end` state, as printed: 低于95% is < 95%."""
    letters = text.letters
    for amount in amounts(letters, begin, end):
        start = max(clause_start(letters, begin, amount.start), letters.rfind("、", begin, amount.start) + 1)
        match = _FAILING.search(letters[start : amount.start])
        if not match:
            continue
        lead = re.match(r"(?:对于?|凡是?|如果?)", letters[start : amount.start])
        name, first = named(text, start + (lead.end() if lead else 0), start + match.start())
        if 2 <= len(name) <= NAME_LENGTH:
            sign = ">" if match["word"] in _TOO_MUCH else "<"
            yield Target(first, amount.end, name, sign, amount.value, amount.unit, True, "veto-condition")


def _condition(text: Prose, place: int) -> Iterator[Target]:
    """Yield what decides by itself in the sentence whose words of veto begin at letter `place`.

    Conditions with a value, events (发生重大事故的单位，一票否决), or things named.
    """
    letters = text.letters
    begin = max(max(letters.rfind(mark, 0, place) for mark in "。;\n") + 1, place - _LONGEST_SENTENCE)
    mark = re.match(MARK, letters[begin:place])
    begin += mark.end() if mark else 0
    sentence = letters[begin:place]
    failed = list(_failed(text, begin, place))
    yield from failed
    first, last = _event_place(sentence)
    if span := _event(letters, begin + first, begin + last, bool(failed)):
        yield Target(*span, text.value(*span), None, None, None, True, "veto-event")
        return
    match = _SUBJECT_TO.search(sentence)
    if match and not amounts(letters, begin, begin + match.end("names")) and not _WHO_FAILS.search(sentence):
        for word in re.finditer(r"[^、和]{2,}", match["names"]):
            first, last = (begin + match.start("names") + edge for edge in word.span())
            yield Target(first, last, text.value(first, last), None, None, None, True, "veto-named")


def _event_place(sentence: str) -> tuple[int, int]:
    """Return where the clauses stand that say what happens, in the `sentence` before the words of veto.

    They end with the last clause in 的 (的单位), else before the words of veto, and begin with 凡, 对 or the like, else
    with the first of the clauses side by side that say so.
    """
    clauses = [clause.span() for clause in re.finditer(r"[^,]+", sentence)]
    closing = next(
        (place for place in reversed(range(len(clauses))) if _EVENT_ENDS.search(sentence, *clauses[place])),
        len(clauses) - 1,
    )
    if closing < 0:
        return 0, 0
    start, end = clauses[closing]
    tail = _EVENT_TAIL.search(sentence, start, end)
    end = tail.start() if tail else end
    for first, last in reversed(clauses[:closing]):
        said = sentence[first:last]
        led = _LED.match(sentence, start)
        if led or _EVENT_ENDS.search(said) or amounts(said) or not any(word in said for word in rules()["events"]):
            break
        start = first
    return start, end


def _event(letters: str, start: int, end: int, beside: bool) -> tuple[int, int] | None:
    """Return what happens in letters `start` to `end`, None where nothing does; `beside` conditions only the last."""
    if beside:
        start = max(start, *(letters.rfind(mark, start, end) + 1 for mark in "、,或"))
    lead = _LED.match(letters[start:end])
    start += lead.end() if lead else 0
    said = letters[start:end]
    happens = any(word in said for word in rules()["events"])
    if not happens or amounts(said) or not 4 <= end - start <= NAME_LENGTH or re.search(r"要|必须|应当", said):
        return None
    return start, end

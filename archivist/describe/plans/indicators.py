"""What is to be reached: indicators with their thresholds, and those of which one alone decides (一票否决).

One record a threshold. A threshold for part of the places is named with them (…比例(区), …比例(镇(街))); several
thresholds of one thing keep its name. An indicator of a one-vote veto that names no number is one as well, with
nothing to compare.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from archivist.describe.ink import plain
from archivist.describe.numerals import integer
from archivist.describe.plans.amounts import Amount, amounts
from archivist.describe.plans.people import rules
from archivist.describe.plans.prose import MARK, Prose
from archivist.describe.plans.thresholds import (
    NAME_LENGTH,
    Comparison,
    Target,
    after,
    before,
    clause_start,
    named,
    operator,
    without_lead,
)
from archivist.describe.plans.vetoes import VETO, vetoes
from archivist.model import Field

_SURE = 1.0
_TARGETED = 0.95
_BARE = 0.9
_EQUAL = ("为", "是", "=", ":")
_REACH = ("达", "达到")
_HEADINGS = ("目标", "指标", "任务", "标准", "要求")
_ENDS_WELL = re.compile(r"$|[,。;:、)\n(!?”]|和|及|以上|以下|并|且|目标|要求|标准|的(?:目标|要求|标准|水平)|水平|实行")
_MEASURED = re.compile(r"(?:[率量额比数值费度积产粮]|比例|比重|收入|人口|面积|密度|成本|投入|得分|支出)(?:为|是|:)?$")
_QUALIFIED = re.compile(
    r"时(?:$|[,。;])|的(?!目标|要求|标准)|之|者|且|并|个?阶段|方面|步骤|环节|层次|问题|大类|单位|部门"
)
_NOUN = re.compile(r"[^,。;:、()\n]{1,14}(?=[,。;:、)\n]|$)")
_SHORT_NOUN = 6
_SCOPE = re.compile(r"(?:小学|初中|高中|城市|城镇|农村|市区|郊区|县|乡|镇|村|区|男|女|平原|山区|机关|企业)(?:阶段)?")
_KIND = re.compile(r"(?P<name>[^,。;:\n]{2,24}(?:率|量|额|比例|数|面积)):")
_UNNAMED = re.compile(r"\d{4}年$|^第.+[条款项]|以[上下]|^(?:完成)?(?:总?任务|计划)$|^(?:若|如果|倘|凡)")
_OWN_UNITS = ("%", "‰", "次")
_ARTICLE = re.compile(r"(?:^|\n)第[一二三四五六七八九十百\d]{1,4}条")
_ARTICLES = 2
_LEAD_IN = re.compile(rf"(?:{MARK})?([^,。;\n]{{0,24}}):")
_LINES_ABOVE = 4
_RULES = re.compile(r"本(?:办法|要点|规定|条例|细则|准则|规则|法)|主管机关")
_ORDERED = re.compile(r"(?:(?<!主)要|应|须|力争)(?:求|当)?(?:达|大于|超过|高于|不|控制|保持|占|低于|小于|在)")
_SENTENCE = re.compile(r"[^。;!?\n]+")
_DONE = re.compile(r"(?:达到?|增长|提高|完成|下降|降低|增加|减少|召开|举办|建立|改造)了")
_WANTED = re.compile(r"要|应|须|力争|确保|争取|不低于|不少于|控制在|目标")


@dataclass(frozen=True, slots=True)
class _Sentence:
    """Letters `start` to `end`, and what is known of the paper: headings over it, whether it reports or rules."""

    start: int
    end: int
    headed: bool
    reports: bool
    lawful: bool


def fields(text: Prose, title: str) -> Iterator[Field | None]:
    """Yield `indicator` for each target that `text` states; a paper whose `title` reports states fewer.

    A number is a target where the sentence or the headings over it say so (力争, 不低于, 目标, 指标 …), never where it
    tells what was, and never where it only qualifies a noun (五十人以上的单位).
    """
    decisive = list(vetoes(text))
    found: list[Target] = []
    reports = any(word in title for word in rules()["reports"])
    aimed = any(word in title for word in _HEADINGS)
    for entry in _targets(text, reports, aimed):
        if not any(veto.start < entry.end and entry.start < veto.end for veto in decisive):
            found.append(_marked(text, entry, decisive))
    known = {entry.name for entry in found}
    found += [veto for veto in decisive if veto.value is not None or veto.name not in known]
    seen = set()
    for entry in sorted(found, key=lambda one: one.start):
        key = entry.name, entry.operator, entry.value, entry.unit
        if key not in seen:
            seen.add(key)
            value = dict(zip(("name", "operator", "value", "unit"), key, strict=True)) | {"veto": entry.veto}
            start, end = text.span(entry.start, entry.end)
            yield text.flow.field("indicator", value, start, end, "target", factor=entry.factor)


def _marked(text: Prose, found: Target, decisive: Sequence[Target]) -> Target:
    """Return the indicator, a veto where the words behind it or elsewhere say that it alone decides."""
    behind = text.letters[found.end : found.end + 24]
    mark = re.search(rf"{MARK}$", text.letters[max(found.start - 6, 0) : found.start])
    number = mark and integer(re.sub(r"\D", "", mark[0]))
    counted = re.search(rf"第([\d一二三四五六七八九十、,和]+)项[^。\n]{{0,12}}{VETO}", text.letters[found.end :])
    if number and counted and number in {integer(part) for part in re.split(r"[、,和]", counted[1])}:
        return replace(found, veto=True)
    named_so = any(veto.value is None and veto.name == found.name for veto in decisive)
    return replace(found, veto=True) if named_so or re.match(rf"[^。;\n]{{0,12}}{VETO}", behind) else found


def _targets(text: Prose, reports: bool, aimed: bool) -> Iterator[Target]:
    letters = text.letters
    lawful = len(_ARTICLE.findall(letters)) > _ARTICLES or len(_RULES.findall(letters)) > _ARTICLES
    for match in _SENTENCE.finditer(letters):
        quantities = amounts(letters, *match.span())
        if not quantities:
            continue
        headed = not reports and (aimed or _headed(letters, match.start()))
        sentence = _Sentence(*match.span(), headed, reports, lawful)
        reached = match.start()
        while quantities:
            chain = _chain(letters, quantities)
            clause = clause_start(letters, reached, chain[0].start)
            quantities = quantities[1:]
            found = _target(text, sentence, clause, chain)
            if found:
                listed = _listed(text, clause, found, chain)
                quantities = quantities[len(listed) - 1 :] if found.value != listed[-1].value else quantities
                reached = listed[-1].end
                yield from listed


def _target(text: Prose, sentence: _Sentence, clause: int, chain: Sequence[Amount]) -> Target | None:
    """Return the target that the first value of `chain` is, in the clause from `clause` on; None where it is none."""
    letters, amount = text.letters, chain[0]
    said = letters[clause : amount.start]
    leading = before(letters, amount.start, clause)
    finish = chain[-1].end if "分别" in said else amount.end
    closing = after(letters, finish)
    finish = closing.end if closing else finish
    if limit := re.match(r"为(?:限|原则|宜|度)", letters[finish : sentence.end]):
        finish += limit.end()
    rest = letters[finish : sentence.end]
    changed = re.search(rf"(?:{'|'.join(rules()['changes'])})$", said)
    noun = "" if _ENDS_WELL.match(rest) else _noun(rest)
    if noun is None or _tells(letters, sentence, clause, finish):
        return None
    factor = _surety(letters, sentence, (clause, amount), leading, closing, noun)
    if factor is None or re.match(r"[\d〇一二三四五六七八九十百千]", rest):
        return None
    name, first = named(
        text, clause, amount.start if changed and not leading else leading.start if leading else amount.start
    )
    if _SCOPE.fullmatch(name) and (kind := _KIND.search(letters, sentence.start, clause)):
        # 入学率:小学不低于98%,初中不低于90%.
        name = f"{named(text, *kind.span('name'))[0]}({name})"
        first = min(first, kind.start("name"))
    name += plain(noun.removeprefix("的")) if name else ""
    if not 2 <= len(name) <= NAME_LENGTH or _UNNAMED.search(name):
        return None
    return Target(first, finish, name, operator(leading, closing), amount.value, amount.unit, False, factor)


def _noun(rest: str) -> str | None:
    """Return the noun that a value counts, None where the value only qualifies one."""
    match = _NOUN.match(rest)
    return None if match is None or _QUALIFIED.match(rest) else match[0]


def _surety(
    letters: str,
    sentence: _Sentence,
    place: tuple[int, Amount],
    leading: Comparison | None,
    closing: Comparison | None,
    noun: str,
) -> float | None:
    """Return how sure it is that a value is a target, None where it is none."""
    clause, amount = place
    said, headed = letters[clause : amount.start], sentence.headed
    words = rules()["goals" if sentence.lawful else "targets"]
    asked = any(word in letters[sentence.start : sentence.end] for word in words)
    asked = asked or bool(not sentence.lawful and _ORDERED.search(letters, sentence.start, amount.start))
    compared = leading is not None and leading.word not in _EQUAL
    firm = bool(leading and (leading.sign in (">=", "<=") or leading.word in "<>") and leading.word not in _REACH)
    if noun and not (firm or (headed and _works(said) and len(noun) <= _SHORT_NOUN)):
        return None
    measured, changed = _MEASURED.search(said), re.search(rf"(?:{'|'.join(rules()['changes'])})$", said)
    states = compared or (leading and measured) or closing
    if not states and not (headed and (measured or (changed and amount.unit == "%"))):
        return None
    if leading and leading.word == "达" and letters[leading.start - 1 : leading.start] in tuple("长高多重"):
        return None
    if firm and not (headed or asked) and (sentence.lawful or amount.unit not in _OWN_UNITS):
        firm = False
    plainly = (compared or (changed and closing)) and not (noun or sentence.reports or sentence.lawful)
    plainly = plainly and amount.unit == "%"
    if not (headed or firm or plainly or (asked and (compared or closing))):
        return None
    if firm or (closing and (headed or asked)) or (compared and headed):
        return _SURE
    return _TARGETED if headed and leading else _BARE


def _works(said: str) -> bool:
    """Return whether a clause begins with work that is counted: 新建公厕20座."""
    works = "|".join(rules()["works"])
    return bool(re.match(rf"(?:全?[省市县区乡镇]|各地|今年|每[年村乡户人])*(?:{works})", without_lead(said)))


def _tells(letters: str, sentence: _Sentence, clause: int, finish: int) -> bool:
    """Return whether the sentence tells what was."""
    whole = letters[sentence.start : sentence.end]
    if letters[finish : finish + 1] == "了" or _DONE.search(whole):
        return True
    return any(word in whole for word in rules()["past"]) and not _WANTED.search(letters[clause:finish])


def _chain(letters: str, quantities: Sequence[Amount]) -> list[Amount]:
    """Return the first quantities as far as nothing but 、 or 和 stands between them."""
    values = [quantities[0]]
    for amount in quantities[1:]:
        if not re.fullmatch(r"(?:以上|以下|以内)?[、,和及]", letters[values[-1].end : amount.start]):
            break
        values.append(amount)
    return values


def _listed(text: Prose, clause: int, first: Target, values: Sequence[Amount]) -> list[Target]:
    """Return the target, or those it stands for: 入学率、巩固率分别达到98%、95%, or both 均达到95%."""
    said = text.letters[clause : values[0].start]
    names = [name for name in re.split(r"[、和及]", first.name) if name]
    if len(names) > 1 and re.search(r"[均都](?:要|应|须|必须)?(?:达|不|在|控|为|超)", said):
        if all(re.search(r"[率量数额度]$", name) for name in names):
            return [replace(first, name=name) for name in names]
        return [first]
    apart = "分别" in said or re.search(r"[率量数额]、.*[率量数额]", first.name)
    if len(names) < 2 or len(names) != len(values) or not apart:
        return [first]
    closing = after(text.letters, values[-1].end)
    sign = operator(None, closing) if closing and first.operator == "=" else first.operator
    ends = [value.end for value in values[:-1]] + [closing.end if closing else values[-1].end]
    starts = [first.start] + [value.start for value in values[1:]]
    return [
        replace(first, start=start, end=end, name=name, operator=sign, value=value.value, unit=value.unit)
        for name, value, start, end in zip(names, values, starts, ends, strict=True)
    ]


@cache
def _mark() -> re.Pattern[str]:
    return re.compile(MARK)


def _headed(letters: str, start: int) -> bool:
    """Return whether a heading or the words before a colon over letter `start` announce targets."""
    above = letters[max(start - 500, 0) : start]
    headings = [line for line in re.split(r"[\n。;]", above) if line and len(line) <= 24 and not amounts(line)]
    own = [line[-8:] for line in headings if _mark().match(line) or line.endswith(":")]
    begun = letters.rfind("\n", 0, start) + 1
    lines = [*above.split("\n")[-_LINES_ABOVE:-1], letters[begun : start + 40]]
    leads = [lead[1] for line in lines if (lead := _LEAD_IN.match(line))]
    return any(word in line for line in [*own[-3:], *leads] for word in _HEADINGS)

"""What is to be reached: indicators with their thresholds, and those of which one alone decides (一票否决).

One record a threshold. A threshold for part of the places is named with them (…比例(区), …比例(镇(街))); several
thresholds of one thing keep its name. Work that a section of tasks counts (新建公厕20座) is to be reached at least. Of
a range (85%至90%) the lower end is to be reached, the upper one not to be exceeded. An indicator of a one-vote veto
that names no number is one as well, with nothing to compare; a condition with a number is given as printed.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from archivist.describe.ink import plain
from archivist.describe.numerals import integer
from archivist.describe.plans.amounts import Amount, amounts
from archivist.describe.plans.headings import Headings
from archivist.describe.plans.people import rules
from archivist.describe.plans.periods import POINT
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

_FACTORS = {
    "target-compared": 0.95,
    "target-headed": 0.88,
    "target-stated": 0.92,
    "target-work": 0.72,
    "veto-value": 0.95,
    "veto-listed": 0.88,
    "veto-condition": 0.95,
    "veto-event": 0.93,
    "veto-named": 0.85,
}
"""The share that was right on papers nobody had seen, of each way to say it."""
_EQUAL = ("为", "是", "=", ":")
_REACH = ("达", "达到")
_HEADINGS = ("目标", "指标", "任务", "标准", "要求", "条件")
_WANTS = re.compile(r"(?:总的?|总体|具体|基本|主要|质量|数量)?要求")
_ENDS_WELL = re.compile(r"$|[,。;:、)\n(!?”]|和|及|以上|以下|并|且|目标|要求|标准|的(?:目标|要求|标准|水平)|水平|实行")
_MEASURED = re.compile(
    r"(?:[率量额比数值费度积产粮]|比例|比重|收入|人口|面积|密度|成本|投入|得分|支出)(?:为|是|:)?$|占[^,。;]{1,12}的$"
)
_QUALIFIED = re.compile(
    r"时(?:$|[,。;])|的(?!目标|要求|标准)|之|者|且|并|个?阶段|方面|步骤|环节|层次|问题|大类|单位|部门"
)
_NOUN = re.compile(r"[^,。;:、()\n]{1,14}(?=[,。;:、)\n]|$)")
_SHORT_NOUN = 6
_SCOPE = re.compile(
    r"(?:小学|初中|高中|幼儿园?|城市|城镇|城区|农村|市区|郊区|县城?|乡镇?|镇|村|区|男|女|机关|企业|学校|干部|职工|农民|居民"
    r"|(?:平原|山|半山|丘陵|坝|牧|林|库|湖|老|边远|贫困|沿海|内地|少数民族)(?:地?区)|平原|丘陵|重点|一般)(?:阶段)?"
)
_KIND = re.compile(r"(?P<name>[^,。;:\n]{2,24}(?:率|量|额|比例|数|面积)):")
_UNNAMED = re.compile(r"\d{4}年$|^第.+[条款项]|^以[上下]|以[上下]$|^(?:完成)?(?:总?任务|计划)$|^(?:若|如果|倘|凡)")
_OWN_UNITS = ("%", "‰", "次")
_SHARES = ("%", "‰", "个百分点", "百分点", "倍", "成")
_RELATIVE = re.compile(
    r"(?:比|较)(?:上年|去年|\d{4}年|上[一]?年|前年|[^,。;]{1,6}年)|(?:年均|每年|年)?递增|同比|年均增长"
)
_ASKED_WORK = re.compile(r"要求|任务[是为:]|目标[是为:]|指标[是为:]|力争|争取|确保")
_WHERE = "全[省市县区乡镇社州旗厂校]|今冬明春|今年|明年|本[市县区乡镇]"
_COMPARED = re.compile(
    r"[比较](?:去年|上年|前[一]?年|现有|目前)[^,。;]{0,3}|[由从](?:去年|上年|目前|现在|原来|现有)[^,。;]{0,14}(?=[提上增扩发减降下压])"
)
_TOLD_WORK = re.compile(r"(?:任务|目标|指标)(?:是|为)?:")
_NAMED_TASK = re.compile(r"(?:任务|指标|计划|定额)$")
_AT_LEAST = re.compile(r"(?:至少|最少)要?(?P<verb>[\u4e00-\u9fff]{1,4})$")
_NO_WORK = re.compile(
    r"(?:奖|罚|补助?|补贴|发给?|给予|扣|加|减|记|分为?|共|历时|为期|现有|原有|约|超过|第|每[^,。;]{0,6}[补奖罚发])$|现有|抽调|下设|(?<!建)设[有立]|[由从][^,。;]*组成$"
    r"|奖励|罚款|补助|补贴|共印|印发|打印|(?:指标|内容|条件|事项|措施|问题|方面|要求|标准|意见|规定|制度)$"
)
_ARTICLE = re.compile(r"(?:^|\n)第[一二三四五六七八九十百\d]{1,4}条")
_ARTICLES = 2
_RULES = re.compile(r"本(?:办法|要点|规定|条例|细则|准则|规则|法)|主管机关")
_ORDERED = re.compile(r"(?:(?<!主)要|应|须|力争)(?:求|当)?(?:达|大于|超过|高于|不|控制|保持|占|低于|小于|在)")
_SENTENCE = re.compile(r"[^。;!?\n]+")
_DONE = re.compile(r"(?:达到?|增长|提高|完成|下降|降低|增加|减少|召开|举办|建立|改造)了")
_WANTED = re.compile(r"要|保证|努力|力求|应|须|力争|确保|争取|不低于|不少于|控制在|目标")


@dataclass(frozen=True, slots=True)
class _Sentence:
    """Letters `start` to `end`, and what is known of it: what is over it, whether the paper reports or rules."""

    start: int
    end: int
    headed: bool
    tasked: bool
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
    planned = any(word in title for word in rules()["tasks"])
    for entry in _targets(text, reports, aimed, planned):
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
            yield text.flow.field("indicator", value, start, end, entry.method, factor=_FACTORS[entry.method])


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


def _targets(text: Prose, reports: bool, aimed: bool, planned: bool) -> Iterator[Target]:
    letters = text.letters
    lawful = len(_ARTICLE.findall(letters)) > _ARTICLES or len(_RULES.findall(letters)) > _ARTICLES
    headings = Headings(letters)
    last: Target | None = None
    for match in _SENTENCE.finditer(letters):
        quantities = amounts(letters, *match.span())
        if not quantities:
            continue
        place = match.start()
        headed = not reports and (aimed or headings.announce(place, _HEADINGS))
        tasked = not (reports or lawful) and _tasked(headings, place, planned)
        sentence = _Sentence(*match.span(), headed, tasked, reports, lawful)
        reached = match.start()
        last = last if letters[match.start() - 1 : match.start()] == ";" else None
        while quantities:
            chain = _chain(letters, quantities)
            clause = clause_start(letters, reached, chain[0].start)
            quantities = quantities[1:]
            found = _target(text, sentence, clause, chain, last) or _work(text, sentence, clause, chain[0], last)
            if found:
                listed = _listed(text, clause, found, chain)
                quantities = quantities[len(listed) - 1 :] if found.value != listed[-1].value else quantities
                reached, last = listed[-1].end, listed[-1]
                yield from listed


def _tasked(headings: Headings, place: int, planned: bool) -> bool:
    """Return whether what is counted at letter `place` is a task: the headings over it, or else the title, say so."""
    if headings.announce(place, rules()["tasks"]):
        return True
    if any(_WANTS.fullmatch(heading) for heading in headings.over(place)):
        return True
    over = "".join(headings.over(place))
    return planned and not any(word in over for word in rules()["no_tasks"])


def _target(
    text: Prose, sentence: _Sentence, clause: int, chain: Sequence[Amount], last: Target | None
) -> Target | None:
    """Return the target that the first value of `chain` is, in the clause from `clause` on; None where it is none."""
    letters, amount = text.letters, chain[0]
    said = letters[clause : amount.start]
    leading = before(letters, amount.start, clause)
    verb = _AT_LEAST.search(said) if leading is None else None
    if verb:
        leading = before(letters, clause + verb.start("verb"), clause)
    finish = chain[-1].end if "分别" in said else amount.end
    closing = after(letters, finish)
    finish = closing.end if closing else finish
    if limit := re.match(r"为(?:限|原则|宜|度)", letters[finish : sentence.end]):
        finish += limit.end()
    rest = letters[finish : sentence.end]
    changed = re.search(rf"(?:{'|'.join(rules()['changes'])})$", said)
    noun = "" if _ENDS_WELL.match(rest) else _noun(rest)
    if noun is None or amounts(noun) or _tells(letters, sentence, clause, finish):
        return None
    method = _known_by(letters, sentence, (clause, amount), leading, closing, noun)
    if sentence.reports and not _WANTED.search(letters, sentence.start, finish):
        return None
    if method is None or re.match(r"[\d〇一二三四五六七八九十百千]", rest):
        return None
    name, first = named(
        text, clause, amount.start if changed and not leading else leading.start if leading else amount.start
    )
    if _SCOPE.fullmatch(name) and (kind := _KIND.search(letters, sentence.start, clause)):
        # 入学率:小学不低于98%,初中不低于90%.
        name = f"{named(text, *kind.span('name'))[0]}({name})"
        first = min(first, kind.start("name"))
    else:
        name = _carried(name, last)
    name += plain((verb["verb"] if verb else "") + noun.removeprefix("的")) if name else ""
    if not 2 <= len(name) <= NAME_LENGTH or _UNNAMED.search(name):
        return None
    sign = operator(leading, closing)
    if sign == "=" and amount.upper is not None:
        sign = ">="
    if sign == "=" and not leading and sentence.tasked and amount.unit not in _SHARES and not changed:
        sign = ">="
    return Target(first, finish, name, sign, _worth(amount, sign), amount.unit, False, method)


def _worth(amount: Amount, sign: str) -> int | float:
    """Return the value of an amount, of a range the end that counts."""
    return amount.upper if amount.upper is not None and sign in ("<", "<=") else amount.value


def _carried(name: str, last: Target | None) -> str:
    """Return `name` with what it leaves to the target `last` before it in the sentence: its subject, its kind."""
    if scoped := re.fullmatch(rf"(?P<name>.{{2,}}[率量额数度])(?P<scope>{_SCOPE.pattern})", name):
        return f"{scoped['name']}({scoped['scope']})"
    if last is None:
        return name
    if not name:
        # 到2010年达到80%;到2012年达到95%.
        return last.name
    if _SCOPE.fullmatch(name):
        if own := re.match(rf"(?P<name>.+)\({_SCOPE.pattern}\)$", last.name):
            return f"{own['name']}({name})"
        own = _SCOPE.match(last.name)
        return name + last.name[own.end() :] if own and own.end() < len(last.name) else name
    if re.match(r"对", name) and last.name.find("对") > 0:
        return last.name[: last.name.find("对")] + name
    if _RELATIVE.match(name) and not _RELATIVE.match(last.name):
        return re.split(_RELATIVE.pattern, last.name)[0] + name
    return name


def _work(text: Prose, sentence: _Sentence, clause: int, amount: Amount, last: Target | None) -> Target | None:
    """Return the target that a quantity of work is, in a section of tasks or where it is asked for: 新建公厕20座."""
    letters = text.letters
    said = letters[clause : amount.start]
    asked = bool(_ASKED_WORK.search(letters, sentence.start, amount.start)) and not (
        sentence.reports or sentence.lawful
    )
    told = asked and bool(_TOLD_WORK.search(letters, sentence.start, amount.start))
    if not (sentence.tasked or asked) or amount.unit is None or amount.unit in rules()["no_work_units"]:
        return None
    dated = re.search(rf"(?:{POINT})(?:以前|之前|前)", letters[sentence.start : amount.start])
    leading, closing = before(letters, amount.start, clause), after(letters, amount.end)
    if dated or _NO_WORK.search(said) or _tells(letters, sentence, clause, amount.end):
        return None
    if amount.unit.endswith("元") and any(word in letters[sentence.start : amount.start] for word in rules()["costs"]):
        return None
    finish = closing.end if closing else amount.end
    rest = letters[finish : sentence.end]
    noun = "" if _ENDS_WELL.match(rest) else _noun(rest)
    works = _works_at(said)
    if (
        noun is None
        or amounts(noun)
        or (noun and not (works and len(noun) <= _SHORT_NOUN))
        or (amount.unit in _SHARES and not works)
    ):
        return None
    name, first = named(text, clause, leading.start if leading else amount.start)
    if last and letters[last.end : last.end + 1] in ("、", "和") and not works and (verb := _works_at(last.name)):
        name = verb + name
    name = re.sub(rf"^({_WHERE})?(?:计划|拟|要)(?={'|'.join(rules()['works'])})", r"\1", name)
    if letters[first - 2 : first] == "实现":
        first, name = first - 2, "实现" + name
    name += plain(noun)
    if name in rules()["works"] and name not in rules()["whole_works"]:
        return None
    if (
        not 2 <= len(name) <= NAME_LENGTH
        or _UNNAMED.search(name)
        or not (sentence.tasked or told or works or _NAMED_TASK.search(name))
    ):
        return None
    sign = operator(leading, closing)
    sign = ">=" if sign == "=" else sign
    return Target(first, finish, name, sign, _worth(amount, sign), amount.unit, False, "target-work")


def _noun(rest: str) -> str | None:
    """Return the noun that a value counts, None where the value only qualifies one."""
    match = _NOUN.match(rest)
    return None if match is None or _QUALIFIED.match(rest) else match[0]


def _known_by(
    letters: str,
    sentence: _Sentence,
    place: tuple[int, Amount],
    leading: Comparison | None,
    closing: Comparison | None,
    noun: str,
) -> str | None:
    """Return how a value is known to be a target, None where it is none."""
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
    each = bool(re.match("每", without_lead(said))) and not sentence.lawful
    if firm and not (headed or asked or each) and (sentence.lawful or amount.unit not in _OWN_UNITS):
        firm = False
    plainly = (compared or (changed and closing)) and not (noun or sentence.reports or sentence.lawful)
    plainly = plainly and amount.unit == "%"
    if not (headed or firm or plainly or (asked and (compared or closing))):
        return None
    if firm or (closing and (headed or asked)) or (compared and headed):
        return "target-compared"
    return "target-headed" if headed and leading else "target-stated"


def _works(said: str) -> bool:
    """Return whether a clause begins with work that is counted: 新建公厕20座."""
    return bool(_works_at(said))


def _works_at(said: str) -> str:
    """Return the verb of the work with which a clause begins, "" where there is none."""
    works = "|".join(sorted(rules()["works"], key=len, reverse=True))
    match = re.match(
        rf"(?:全?[省市县区乡镇社州旗]|各地|今年内?|年内|每[个一]?(?:公社|大队|生产队|街道|学校|单位|[年村乡镇户人社队县区校厂]))*(?P<verb>{works})",
        without_lead(said),
    )
    return match["verb"] if match else ""


def _tells(letters: str, sentence: _Sentence, clause: int, finish: int) -> bool:
    """Return whether the sentence tells what was."""
    whole = _COMPARED.sub("", letters[sentence.start : sentence.end])
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

"""What is to be reached: indicators with their thresholds, and those of which one alone decides (一票否决).

One record a threshold. A threshold for part of the places is named with them (…比例(区), …比例(镇(街))); several
thresholds of one thing keep its name. An indicator of a one-vote veto that names no number is one as well, with
nothing to compare.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from archivist.describe.amounts import Amount, amounts
from archivist.describe.ink import plain
from archivist.describe.people import rules
from archivist.describe.prose import MARK, Prose
from archivist.model import Field

_TARGETED = 0.95
_BARE = 0.9
_VETO_WORDS = r"[\"“”'『「]?一票否决[\"“”'』」]?(?:制度?)?"
_NAME_LENGTH = 48
_LEAD = re.compile(
    rf"^(?:{MARK}|[、,:\"“”]|且|和|及|以及|其中|并且?|使|到?(?:\d{{4}}|[〇一二三四五六七八九]{{4}})年(?:年?底|末)?|今年内?|年内|年底|到?本?世纪末|即|如|主要目标是|目标是|总的要求是|确保|力争|争取|保证|努力|实现|做到|要求|必须|应当?|要(?!求)|须|规定)+"
)
_TRAIL = re.compile(
    r"(?:[,:、是\"“”]|要求|必须|应当?|要|须|均|都|分别|全部|力争|确保|争取|保证|努力|不得|能够?|可|也|基本|平均|的|在|以|一律|各)+$"
)
_FROM = re.compile(r"[由从](?:目前|现在|原来|现有|上年|去年|\d|百分之|[一二三四五六七八九十])[^,。;由从]{0,14}$")
_EACH = re.compile(r"(?:均|都|全部)$")
_APART = re.compile(r"分别")
_AFTER_OK = re.compile(r"$|[,。;:、)\n(!?”]|和|及|以上|以下|并|且|目标|要求|标准|的(?:目标|要求|标准|水平)|水平|实行|;")
_MEASURED = r"(?:[率量额比数值费度积产粮]|比例|比重|收入|人口|面积|密度|成本|投入|得分|支出)"
_QUALIFIED = re.compile(
    r"时(?:$|[,。;])|的(?!目标|要求|标准)|之|者|且|并|个?阶段|方面|步骤|环节|层次|问题|大类|单位|部门"
)
_SCOPE = re.compile(
    r"^(?:(?:省|市|县|区|州|旗|镇|乡|村|社区|街道?|城市|城镇|农村|城区|市区|郊区|平原|山区|丘陵|机关|学校|企业)(?:\([^()]{1,6}\))?)$"
)
_ARTICLE = re.compile(r"(?:^|\n)第[一二三四五六七八九十百\d]{1,4}条")
_ARTICLES = 2
_SENTENCE = re.compile(r"[^。;!?\n]+")


@dataclass(frozen=True, slots=True)
class Target:
    start: int
    end: int
    name: str
    operator: str | None
    value: int | float | None
    unit: str | None
    veto: bool
    factor: float


def fields(text: Prose, title: str) -> Iterator[Field | None]:
    """Yield `indicator` for each target that `text` states; a paper whose `title` reports states fewer.

    A number is a target where the sentence or the headings over it say so (力争, 不低于, 目标, 指标 …), never where it
    tells what was, and never where it only qualifies a noun (五十人以上的单位).
    """
    vetoes = list(_vetoes(text))
    found: list[Target] = []
    for entry in _targets(text, any(word in title for word in rules()["reports"])):
        if not any(veto.start < entry.end and entry.start < veto.end for veto in vetoes):
            named = [veto for veto in vetoes if veto.value is None and veto.name == entry.name]
            found.append(replace(entry, veto=True) if named else _refused(text, entry))
    known = {entry.name for entry in found}
    found += [veto for veto in vetoes if veto.value is not None or veto.name not in known]
    seen = set()
    for entry in sorted(found, key=lambda one: one.start):
        key = entry.name, entry.operator, entry.value, entry.unit
        if key in seen:
            continue
        seen.add(key)
        value = {
            "name": entry.name,
            "operator": entry.operator,
            "value": entry.value,
            "unit": entry.unit,
            "veto": entry.veto,
        }
        start, end = text.span(entry.start, entry.end)
        yield text.flow.field("indicator", value, start, end, "target", factor=entry.factor)


def threshold(letters: str) -> tuple[str, int | float, str] | None:
    """Return operator, value and unit that a cell states by itself: ≥90%, 90%以上, 不少于2次; None where it states none."""
    found = amounts(letters)
    if len(found) != 1 and not (found and re.fullmatch(r"[^\d]*", letters[found[0].end :])):
        return None
    amount = found[0]
    before = operator_before(letters, amount.start)
    after = operator_after(letters, amount.end)
    if not before and letters[: amount.start].strip("约共") not in ("",):
        return None
    return operator(before[0] if before else None, after[0] if after else None), amount.value, amount.unit


def _targets(text: Prose, reports: bool) -> Iterator[Target]:
    letters = text.letters
    lawful = len(_ARTICLE.findall(letters)) > _ARTICLES
    for sentence in _SENTENCE.finditer(letters):
        start, end = sentence.span()
        quantities = amounts(letters, start, end)
        if not quantities:
            continue
        headed = not reports and _headed(letters, start)
        reached = start
        place = 0
        while place < len(quantities):
            amount = quantities[place]
            place += 1
            clause = clause_start(letters, max(start, reached), amount.start)
            chain = _chain(letters, quantities[place - 1 :])
            found = _one(text, clause, amount, chain[-1], (start, end), headed, reports, lawful)
            if found is None:
                continue
            listed = _listed(letters, clause, found, chain)
            if listed:
                yield from listed
                place += len(listed) - 1
                reached = listed[-1].end
            else:
                yield from _shared(text, clause, found)
                reached = found.end


def clause_start(letters: str, start: int, end: int) -> int:
    """Return where the clause begins that letter `end` stands in."""
    breaks = [place for place in range(start, end) if letters[place] in ",:\n("]
    if not breaks:
        return start
    mark = re.compile(MARK).match(letters, breaks[-1])
    return mark.end() if mark and mark.end() <= end else breaks[-1] + 1


def _one(
    text: Prose,
    clause: int,
    amount: Amount,
    last: Amount,
    within: tuple[int, int],
    headed: bool,
    reports: bool,
    lawful: bool,
) -> Target | None:
    letters, (start, end) = text.letters, within
    before = operator_before(letters, amount.start, clause)
    apart = bool(_APART.search(letters[clause : amount.start]))
    finish = last.end if apart else amount.end
    after = operator_after(letters, finish)
    finish += len(after[1]) if after else 0
    if limit := re.match(r"为(?:限|原则|宜|度)", letters[finish:end]):
        finish += limit.end()
    rest = letters[finish:end] if finish < end else ""
    sentence = letters[start:end]
    name_end = before[2] if before else amount.start
    leading = bool(before and before[1] not in ("为", "是", "=", ":"))
    if _past(sentence, letters[clause:finish], letters[finish : finish + 1]):
        return None
    inner = _AFTER_OK.match(rest) is None
    strong = leading and before is not None and before[0] in (">=", "<=") and before[1] not in ("达", "达到")
    asked = any(word in sentence for word in rules()["goals" if lawful else "targets"])
    works = _worked(letters[clause : amount.start])
    if inner:
        noun = re.match(r"[^,。;:、()\n]{1,14}(?=[,。;:、)\n]|$)", rest)
        if not noun or not (strong or (works and headed and len(noun[0]) <= 6)) or _QUALIFIED.match(rest):
            return None
    measured = re.search(rf"{_MEASURED}(?:为|是|:)?$", letters[clause : amount.start])
    changed = re.search(rf"(?:{'|'.join(rules()['changes'])})$", letters[clause : amount.start])
    if not ((before and (leading or measured)) or after or (headed and (measured or (changed and amount.unit == "%")))):
        return None
    surely = leading and bool(after) and not (inner or reports or lawful) and amount.unit == "%"
    if before and before[1] == "达" and letters[before[2] - 1 : before[2]] in tuple("长高多重"):
        return None
    if strong and not (headed or asked) and (lawful or amount.unit not in ("%", "‰", "次")):
        strong = False
    if not (headed or asked or strong or surely) or re.match(r"[\d〇一二三四五六七八九十百千]", rest):
        return None
    if not headed and not strong and not (asked and (leading or after)) and not surely:
        return None
    name, first = named(text, clause, name_end)
    if inner and name:
        tail = re.match(r"[^,。;:、()\n]{1,14}", rest)
        name += plain(tail[0].removeprefix("的")) if tail else ""
    if changed and not before and not name.endswith(changed[0]):
        name, first = named(text, clause, amount.start)
    if not 2 <= len(name) <= _NAME_LENGTH or re.search(r"\d{4}年$|^第.+[条款项]|以[上下]", name):
        return None
    operator = operator(before[0] if before else None, after[0] if after else None)
    sure = strong or (after and (headed or asked)) or (leading and headed)
    factor = 1.0 if sure else _TARGETED if headed and before else _BARE
    return Target(first, finish, name, operator, amount.value, amount.unit, False, factor)


def named(text: Prose, start: int, end: int) -> tuple[str, int]:
    """Return the name that letters `start` to `end` leave without the words around it, and where it begins."""
    letters = text.letters
    while match := _LEAD.match(letters[start:end]):
        start += match.end()
    if cut := _FROM.search(letters[start:end]):
        end = start + cut.start()
    while (match := _TRAIL.search(letters[start:end])) and match.end() > match.start():
        end = start + match.start()
    return text.value(start, end) if start < end else "", start


def _chain(letters: str, quantities: list[Amount]) -> list[Amount]:
    """Return the first quantities as far as nothing but 、 or 和 stands between them."""
    values = [quantities[0]]
    for amount in quantities[1:]:
        if not re.fullmatch(r"(?:以上|以下|以内)?[、,和及]", letters[values[-1].end : amount.start]):
            break
        values.append(amount)
    return values


def _listed(letters: str, clause: int, first: Target, values: list[Amount]) -> list[Target]:
    """Return the indicators of 入学率、巩固率分别达到98%、95%以上, none where it is one."""
    until = values[0].start
    if not _APART.search(letters[clause:until]) and not re.search(r"[率量数额]、.*[率量数额]", first.name):
        return []
    names = [name for name in re.split(r"[、和及]", first.name) if name]
    if len(names) < 2 or len(names) != len(values):
        return []
    after = operator_after(letters, values[-1].end)
    operator = operator(None, after[0]) if after and first.operator == "=" else first.operator
    return [
        replace(
            first,
            start=first.start if n == 0 else value.start,
            name=name,
            value=value.value,
            unit=value.unit,
            operator=operator,
            end=value.end + (len(after[1]) if after and value is values[-1] else 0),
        )
        for n, (name, value) in enumerate(zip(names, values, strict=True))
    ]


def _shared(text: Prose, clause: int, found: Target) -> Iterator[Target]:
    """Yield the indicator, once for each of the names that 均 gives one threshold: 入学率、巩固率均达到95%."""
    read = text.letters[clause : found.end]
    names = re.split(r"[、和]", found.name)
    each = re.search(r"[均都](?:要|应|须|必须)?(?:达|不|在|控|为|超)", read)
    if each and len(names) > 1 and all(re.search(r"[率量数额度]$", name) for name in names):
        yield from (replace(found, name=name) for name in names)
    else:
        yield found


def _headed(letters: str, start: int) -> bool:
    """Return whether a heading or the words before a colon over letter `start` announce targets."""
    above = letters[max(start - 500, 0) : start]
    headings = [line for line in re.split(r"[\n。;]", above) if line and len(line) <= 24 and not amounts(line)]
    own = [line[-8:] for line in headings if re.match(MARK, line) or line.endswith(":")]
    sentence = letters[start : start + 40].split("。")[0]
    lead = re.match(rf"(?:{MARK})?([^,。;\n]{{0,24}}):", sentence)
    words = ("目标", "指标", "任务", "标准")
    return any(any(word in line for word in words) for line in own[-3:]) or bool(
        lead and any(word in lead[1] for word in words)
    )


def _past(sentence: str, clause: str, following: str) -> bool:
    if following == "了" or re.search(
        r"达到?了|增长了|提高了|完成了|下降了|降低了|增加了|减少了|召开了|举办了|建立了|改造了", sentence
    ):
        return True
    asked = re.search(r"要|应|须|力争|确保|争取|不低于|不少于|控制在|目标", clause)
    return any(word in sentence for word in rules()["past"] if word != "了") and not asked


def _worked(before: str) -> bool:
    name = _LEAD.sub("", before)
    works = "|".join(rules()["works"])
    return bool(
        re.match(rf"(?:全?[省市县区乡镇]|各地|今年|每[年村乡户人])*(?:{works})", name)
        or re.search(rf"(?:{'|'.join(rules()['changes'])})$", before)
    )


@cache
def _before() -> re.Pattern[str]:
    words = sorted((word for row in rules()["operators"].values() for word in row), key=len, reverse=True)
    return re.compile(
        rf"(?P<word>{'|'.join(re.escape(word) for word in words)})(?:[^,。;:\d]{{1,8}}的|全市|全县|全区|人均|约|每年|各)?$"
    )


@cache
def _after() -> re.Pattern[str]:
    words = sorted((word for row in rules()["after"].values() for word in row), key=len, reverse=True)
    return re.compile("|".join(re.escape(word) for word in words))


def operator_before(letters: str, end: int, start: int = 0) -> tuple[str, str, int] | None:
    """Return the operator that ends before letter `end`, its word, and where that begins."""
    match = _before().search(letters[start:end])
    if not match:
        return None
    sign = next(sign for sign, row in rules()["operators"].items() if match["word"] in row)
    return sign, match["word"], start + match.start()


def operator_after(letters: str, start: int) -> tuple[str, str] | None:
    match = _after().match(letters, start)
    if not match:
        return None
    return next(sign for sign, row in rules()["after"].items() if match[0] in row), match[0]


def operator(before: str | None, after: str | None) -> str:
    if before in (None, "=", ">=") and after in (">=", "<="):
        return after or "="
    return before or after or "="


def _refused(text: Prose, found: Target) -> Target:
    """Return the indicator, marked where the words behind it say that it alone decides."""
    behind = text.letters[found.end : found.end + 24]
    if re.match(rf"[^。;\n]{{0,12}}{_VETO_WORDS}", behind):
        return replace(found, veto=True)
    return found


def _vetoes(text: Prose) -> Iterator[Target]:
    """Yield the indicators of which one alone decides: listed under these words, or failing a condition."""
    letters = text.letters
    for match in re.finditer(_VETO_WORDS, letters):
        listed = re.match(
            r"(?:的)?(?:指标|项目|事项|内容|条件|情形)?(?:共?有?[一二三四五六七八九\d]{1,2}[项个条])?(?:主要)?(?:包括|有|为|是|分别是|如下)?[:\n]",
            letters[match.end() :],
        ) or re.match(
            r"(?:的)?(?:指标|项目|事项|内容|条件|情形)(?:共?有?[一二三四五六七八九\d]{1,2}[项个条])?(?:主要)?(?:包括|有|为|是|分别是)",
            letters[match.end() :],
        )
        if listed:
            yield from _veto_list(text, match.end() + listed.end())
        else:
            yield from _veto_clause(text, match.start())


def _veto_list(text: Prose, start: int) -> Iterator[Target]:
    letters = text.letters
    while letters[start : start + 1] in (":", "\n"):
        start += 1
    marked = re.match(MARK, letters[start:])
    if marked:
        style = re.sub(r"[一二三四五六七八九十\d]+", "#", marked[0])
        end = start
        for line in re.finditer(r"[^\n]*(?:\n|$)", letters[start:]):
            mark = re.match(MARK, line[0])
            if not mark or re.sub(r"[一二三四五六七八九十\d]+", "#", mark[0]) != style:
                break
            end = start + line.end()
    else:
        full = re.search(r"[。\n]", _masked(letters[start : start + 1500]))
        end = start + (full.start() if full else min(1500, len(letters) - start))
    masked = _masked(letters[start:end])
    items = [item for item in re.finditer(r"[^;。\n]+", masked) if item[0].strip()]
    if len(items) == 1 and not marked:
        items = list(re.finditer(r"[^、;。\n]+", masked)) if not amounts(letters, start, end) else items
    pieces: list[tuple[int, int]] = []
    for item in items:
        first, last = start + item.start(), start + item.end()
        if pieces and _SCOPE.match(re.split(r"\d|[〇一二三四五六七八九十百]", letters[first:last])[0] or "-"):
            pieces[-1] = pieces[-1][0], last
        else:
            pieces.append((first, last))
    for first, last in pieces:
        yield from _veto_item(text, first, last)


def _masked(letters: str) -> str:
    """Return `letters` with what stands in brackets blotted out, line ends kept out of it too."""
    depth, chars = 0, []
    for char in letters:
        depth = max(depth + (char == "("), 0)
        chars.append("x" if depth and char in "、,;:。" else char)
        depth = max(depth - (char == ")"), 0)
    return "".join(chars)


def _veto_item(text: Prose, start: int, end: int) -> Iterator[Target]:
    letters = text.letters
    mark = re.match(rf"(?:{MARK}|和|及)+", letters[start:end])
    start += mark.end() if mark else 0
    quantities = [
        amount
        for amount in amounts(letters, start, end)
        if operator_before(letters, amount.start, start) or operator_after(letters, amount.end)
    ]
    colon = re.search(r"[:(]", letters[start:end])
    head = start + colon.start() if colon else end
    if not colon and quantities:
        before = operator_before(letters, quantities[0].start, start)
        head = before[2] if before else quantities[0].start
    name, first = named(text, start, head)
    if not 2 <= len(name) <= _NAME_LENGTH:
        return
    if not quantities:
        yield Target(first, head, name, None, None, None, True, _TARGETED)
    for amount in quantities:
        before = operator_before(letters, amount.start, start)
        after = operator_after(letters, amount.end)
        lead = re.split(r"[:;,、。]", letters[start : before[2] if before else amount.start])[-1]
        scope = f"({plain(lead)})" if _SCOPE.match(lead) else ""
        operator = operator(before[0] if before else None, after[0] if after else None)
        finish = amount.end + (len(after[1]) if after else 0)
        yield Target(
            first if amount is quantities[0] else amount.start,
            finish,
            name + scope,
            operator,
            amount.value,
            amount.unit,
            True,
            1.0,
        )


def _veto_clause(text: Prose, place: int) -> Iterator[Target]:
    """Yield what fails by one vote: 对入学率低于95%的…一票否决, 计划生育实行一票否决."""
    letters = text.letters
    begin = max(letters.rfind(mark, 0, place) for mark in "。;\n") + 1
    sentence = letters[begin:place]
    turned = {">=": "<=", ">": "<=", "<=": ">=", "<": ">="}
    failing = re.compile(r"(?P<word>达不到|未达到|没有达到|不足|不到|低于|少于|小于|超过|高于|大于)$")
    quantities = amounts(letters, begin, place)
    any_found = False
    for amount in quantities:
        clause = clause_start(letters, begin, amount.start)
        match = failing.search(letters[clause : amount.start])
        if not match:
            continue
        word = match["word"]
        operator = "<=" if word in ("超过", "高于", "大于") else turned.get("<", ">=")
        start = clause
        lead = re.match(r"(?:对于?|凡是?|如果?)", letters[clause : amount.start])
        start += lead.end() if lead else 0
        name, first = named(text, start, clause + match.start())
        if 2 <= len(name) <= _NAME_LENGTH:
            any_found = True
            yield Target(first, amount.end, name, operator, amount.value, amount.unit, True, _TARGETED)
    if any_found or quantities:
        return
    match = re.search(
        r"(?:^|[,:])(?:对于?|把|将)?(?P<names>[^,:。;\n]{2,40}?)(?:工作|指标)?(?:等方面)?(?:继续|一律|坚持|严格|要|也|均|都)*(?:实行|实施|(?:列为|作为|列入|属于|为)[^,。;]{0,12}?的?)$",
        sentence,
    )
    if match and not re.search(r"的(?:单位|地方|乡|村|县|市|个人|部门|企业)|未|不|发生|造成|没有|凡|^在", sentence):
        for word in re.finditer(r"[^、和]+", match["names"]):
            first = begin + match.start("names") + word.start()
            last = begin + match.start("names") + word.end()
            if last - first >= 2:
                yield Target(first, last, text.value(first, last), None, None, None, True, _BARE)

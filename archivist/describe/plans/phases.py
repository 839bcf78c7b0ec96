"""The phases of the work, with their dates, from headings, announced lists and sentences."""

import re
from dataclasses import dataclass

from archivist.describe.numerals import integer
from archivist.describe.plans.periods import PERIOD, Calendar, period
from archivist.describe.plans.prose import MARK, Prose
from archivist.model import Field

_ORDINAL = r"第(?:[一二三四五六七八九十]{1,2}|\d)(?:个?阶段|步(?!骤))"
_DOTTED = r"(?:\d{2,4}\.)?\d{1,2}\.\d{1,2}"
_TIME = (
    rf"(?:时间(?:安排|节点)?[为是:]?|自|从|于|在|约|大约|,)*(?:{PERIOD}|{_DOTTED}[-—–―~至到]{{1,2}}{_DOTTED})"
    r"(?:之?前|以前|止|结束|完成|为止|起|开始)*"
)
_BEFORE_OR_AFTER = r"(?:之?前|以前)"
_NAME = r"[^,。;:()\n]{2,18}"
_STAGE = re.compile(rf"(?P<lead>^|[\n。;:,、!]|{MARK})(?P<ordinal>{_ORDINAL})(?P<mark>[:、,.]|是|为|即|[-—]+)?")
_HEADED = re.compile(
    rf"(?:(?<=\n)|^|(?<=[。;:,]))(?P<mark>{MARK})?(?P<name>[^,。;:()、\n\d]{{1,16}}阶段)(?P<after>\(|[:。,;]|\n|(?={_TIME})|$)"
)
_TIMED = re.compile(
    rf"(?P<time>(?:自|从)?(?:{PERIOD}|(?<!\d)\d{{4}}年|(?<![一二〇零九八])[一二][〇零九][〇零一二三四五六七八九]{{2}}年)(?:起|止)?(?:之?前|以前)?)(?:,|为|是|进入|属于)*(?P<name>[^,。;:()、\n\d为是]{{2,14}}阶段)(?![性的])"
)
_ANNOUNCED = re.compile(
    r"(?:分(?:为|成)?|按照?)(?:以下|如下|下列)?(?P<count>[两二三四五六七八]|\d)(?:个|大)?(?:阶段|步骤?|个时期|段|期)(?:进行|实施|走|开展|安排|推进|展开|完成)?"
)
_PART = re.compile(
    rf"[:。,;\n]*(?:{MARK})?(?P<time>(?:自|从)?{PERIOD}(?:止)?)[,:为]*(?P<name>[^,。;:\n]{{2,18}}(?:,[^,。;:\n]{{2,8}})?)(?=[;。])"
)
_TIMES_LETTERS = 300
_TOLD = re.compile(
    r"分(?:为|成)?(?P<names>[^,。;:()\n为]{2,12}?(?:、[^,。;:()\n、]{2,12}?){1,5}(?:和[^,。;:()\n、]{2,12}?)?)(?:等)?(?P<count>[两二三四五六七八]|\d)个(?:阶段|步骤)"
)
_SECTION = re.compile(r"(?:步骤|阶段|进度|时间安排|日程|工作安排|方法)[^,。;\n]{0,8}[:\n]")
_ITEM = re.compile(rf"(?:(?<=\n)|(?<=[:。;])|^)(?P<mark>{MARK})(?P<name>[^。;:()\n]{{2,40}}?)(?P<after>[。;:(\n])")
_GENERIC = re.compile(
    r"^(?:主要|工作|任务|重点(?!抽|整|突|检|推|攻|治|解|排|督)|要|各|这|是在|以|内容|目标|在此|由|对|时间|全面?是|主要是|我|该)"
)
_TAIL = 70
_FACTORS = {
    "phase-counted": 0.88,
    "phase-headed": 0.98,
    "phase-timed": 0.95,
    "phase-times": 0.88,
    "phase-listed": 0.88,
    "phase-undated": 0.85,
    "phase-told": 0.85,
}
"""The share that was right on papers nobody had seen, of each way to say it."""
_LONG = 24
_SIDE_BY_SIDE = 8
_SHORTEST = 2
_NEAR = 120


@dataclass(frozen=True, slots=True)
class Stage:
    """A phase: letters `start` to `end` of the text say its name and dates."""

    start: int
    end: int
    name: str
    begins: str | None
    finishes: str | None
    method: str = "phase-counted"


def find(text: Prose, years: Calendar) -> list[Stage]:
    """Return the phases that `text` sets out, in its order."""
    found = _ordinals(text, years)
    found += _headed(text, years, found)
    found += _timed(text, years, found)
    found += _announced(text, years, found)
    found += _by_time(text, years, found)
    if not found:
        found = _told(text)
    return sorted(found, key=lambda stage: stage.start)


def field(text: Prose, stage: Stage) -> Field | None:
    """Return the field `phase` of a stage."""
    value = {"name": stage.name, "start": stage.begins, "end": stage.finishes}
    start, end = text.span(stage.start, stage.end)
    return text.flow.field("phase", value, start, end, stage.method, factor=_FACTORS[stage.method])


def _dated(
    text: Prose, years: Calendar, time: re.Match[str] | None, found: list[Stage]
) -> tuple[str | None, str | None]:
    if time is None:
        return None, None
    before = [stage for stage in found if stage.start < time.start() and stage.begins]
    year = years.year(time.start())
    if before and before[-1].begins:
        last = before[-1].finishes or before[-1].begins
        year = int(last[:4])
    letters = time["time"] if "time" in time.groupdict() else time[0]
    begins, ends = period(re.sub(r"^,+|,+$", "", letters), year, years.this_year)
    stated = re.search(r"\d{4}年|[〇零一二三四五六七八九]{4}年", letters)
    if before and not stated and begins and before[-1].begins and begins < before[-1].begins[: len(begins)]:
        # 11月 … 次年2月: a phase does not begin before the one it follows.
        return period(letters, (year or 0) + 1, years.this_year)
    return begins, ends


def _ordinals(text: Prose, years: Calendar) -> list[Stage]:
    """Return the phases that are counted: 第一阶段, 第二步."""
    letters = text.letters
    hits = list(_STAGE.finditer(letters))
    found: list[Stage] = []
    for place, match in enumerate(hits):
        start = match.start("ordinal")
        stop = min(
            len(letters),
            match.end() + _TAIL,
            *(hits[place + 1].start("ordinal") for _ in range(place + 1 < len(hits))),
        )
        line = letters.find("\n", match.end(), stop)
        stop = line if line > match.end() else stop
        tail = letters[match.end() : stop]
        if line == match.end():
            tail = "\n"
        full = re.search(r"[。;]", tail)
        sentence = tail[: full.start()] if full else tail
        time = _first_time(text, match.end(), match.end() + len(sentence))
        if time is None and full and re.match(rf"(?:时间)?[为是:]?(?:自|从)?{PERIOD}", tail[full.end() :]):
            time = _first_time(text, match.end() + full.end(), stop)
        name, end = _name(text, match, sentence, time)
        marked = match["mark"] or sentence[:1] in ("(", "\n") or not sentence
        if not (time or marked or (name and name.endswith("阶段"))):
            continue
        if not name and not time and not any(other is not match for other in hits):
            continue
        begins, finishes = _dated(text, years, time, found)
        if not name and not (begins or finishes) and len(hits) < 2:
            continue
        if time:
            end = max(end, time.end() + (letters[time.end() : time.end() + 1] == ")"))
        if any(stage.name == (name or match["ordinal"]) and stage.begins for stage in found):
            continue
        method = "phase-counted" if begins or finishes else "phase-undated"
        found.append(Stage(start, end, name or text.value(*match.span("ordinal")), begins, finishes, method))
    return found


def _first_time(text: Prose, start: int, end: int) -> re.Match[str] | None:
    """Return the time that a heading gives, near its beginning."""
    for match in re.compile(_TIME).finditer(text.letters, start, end):
        before = text.letters[start : match.start()]
        if len(before) > 30 or before.count(",") > 2:
            return None
        if re.match(r"(?:以来|的[^时])", text.letters[match.end() : match.end() + 2]):
            continue
        return match
    return None


def _name(text: Prose, match: re.Match[str], sentence: str, time: re.Match[str] | None) -> tuple[str | None, int]:
    """Return the name of a counted phase, None where it has only its number, and where it ends."""
    offset = match.end()
    cut = sentence
    if time:
        first, last = time.start() - offset, time.end() - offset
        cut = sentence[:first] + "," * (last - first) + sentence[last:]
    cut = re.sub(r"\((?:时间[为是:]?)?,+\)?", lambda hit: "," * len(hit[0]), cut)
    pieces = list(re.finditer(r"[^,:()\n]+", cut))
    for place, piece in enumerate(pieces):
        word = re.sub(r"^(?:是|为|即|时间[为是]?|主题[为是]?)", "", piece[0])
        lead = len(piece[0]) - len(word)
        word = re.sub(r"(?:,|时间|从|自)+$", "", word)
        if not word:
            continue
        if _GENERIC.match(word) or len(word) > 20 or not re.search(r"[\u4e00-\u9fff]", word):
            return None, match.end()
        if len(word) < _SHORTEST:
            continue
        start = offset + piece.start() + lead
        end = start + len(word)
        for following in () if word.endswith("阶段") else pieces[place + 1 :]:
            # 学习文件，发动群众: short clauses side by side are one name.
            first = offset + following.start()
            if text.letters[end:first] != "," or max(len(word), len(following[0])) > _SIDE_BY_SIDE:
                break
            end = offset + following.end()
        return text.value(start, end), end
    return None, match.end()


def _headed(text: Prose, years: Calendar, known: list[Stage]) -> list[Stage]:
    """Return the phases whose headings end in 阶段: 一、宣传发动阶段(2月1日至3月15日)."""
    letters = text.letters
    found: list[Stage] = []
    announced = bool(_ANNOUNCED.search(letters) or _SECTION.search(letters))
    for match in _HEADED.finditer(letters):
        name = re.sub(rf"^(?:{MARK}|是|为|即|第.阶段)", "", match["name"])
        if (
            len(name) < 4
            or "为" in name
            or re.search(PERIOD, name)
            or re.search(r"^(?:各|这|该|本|现|第|每|一个|分|初级|高级|历史|目前)|[的了]阶段|年$|个阶段|划分", name)
        ):
            continue
        start = match.start("name") + len(match["name"]) - len(name)
        if any(stage.start - 6 <= start < stage.end for stage in known):
            continue
        end = match.end("name")
        time = re.compile(rf"[(:。,\n]?(?:时间安排|时间)?[为是:]?(?P<time>{_TIME})\)?").match(letters, end)
        if time is None and not (match["mark"] and announced):
            continue
        begins, finishes = _dated(text, years, time, [*known, *found])
        method = "phase-headed" if begins or finishes else "phase-undated"
        found.append(Stage(start, time.end() if time else end, text.value(start, end), begins, finishes, method))
    return found


def _timed(text: Prose, years: Calendar, known: list[Stage]) -> list[Stage]:
    """Return the phases that a sentence names behind their time: 3月底前为准备阶段."""
    found: list[Stage] = []
    for match in _TIMED.finditer(text.letters):
        if any(stage.start < match.end() and match.start() < stage.end for stage in known):
            continue
        name = match["name"]
        if re.search(r"^(?:第.|各|这|该)|[的了]", name):
            continue
        begins, finishes = _dated(text, years, match, [*known, *found])
        if begins or finishes:
            found.append(
                Stage(match.start(), match.end(), text.value(*match.span("name")), begins, finishes, "phase-timed")
            )
    return found


def _announced(text: Prose, years: Calendar, known: list[Stage]) -> list[Stage]:
    """Return the parts of the lists that 分三个阶段进行 announces, and of those under a heading of steps with times."""
    letters = text.letters
    found: list[Stage] = []
    for match in _ANNOUNCED.finditer(letters):
        count = integer(match["count"]) or 0
        if any(match.start() < stage.start < match.end() + 1500 for stage in known):
            continue
        found += _counted(text, years, match.end(), count)
    if known or found:
        return found
    section = _SECTION.search(letters)
    for match in _ITEM.finditer(letters, section.end()) if section else ():
        if match["after"] != "(":
            continue
        time = re.compile(rf"(?:时间[为是:]?)?(?P<time>{_TIME})\)").match(letters, match.end())
        begins, finishes = _dated(text, years, time, found)
        if time and (begins or finishes):
            name = match.span("name")
            found.append(Stage(name[0], time.end(), text.value(*name), begins, finishes, "phase-listed"))
    return found if len(found) > 1 else []


def _by_time(text: Prose, years: Calendar, known: list[Stage]) -> list[Stage]:
    """Return the parts that one sentence gives by their times: 分三段进行:3月1日至5日,发动准备;…."""
    found: list[Stage] = []
    for match in _ANNOUNCED.finditer(text.letters):
        if any(match.start() < stage.start < match.end() + _TIMES_LETTERS for stage in known):
            continue
        own: list[Stage] = []
        place = match.end()
        while part := _PART.match(text.letters, place):
            begins, finishes = _dated(text, years, part, own)
            name = part.span("name")
            own.append(Stage(part.start("time"), name[1], text.value(*name), begins, finishes, "phase-times"))
            place = part.end()
        if len(own) == integer(match["count"]):
            found += own
    return found


def _counted(text: Prose, years: Calendar, start: int, count: int) -> list[Stage]:
    """Return the `count` parts of the list that begins soon behind letter `start`; none where it does not."""
    letters = text.letters
    found: list[Stage] = []
    style: str | None = None
    for match in _ITEM.finditer(letters, start, min(len(letters), start + 4000)):
        own = re.sub(r"[一二三四五六七八九十\d①-⑳⑴-⒛㈠-㈩]+", "#", match["mark"])
        number = _ordinal(match["mark"])
        if style is None and match.start() > start + _NEAR:
            return []
        if style is None and number == 1:
            style = own
        if own != style or number != len(found) + 1:
            continue
        first, last = match.span("name")
        if re.search(r"\d|必须|应当", match["name"]) and not re.search(PERIOD, match["name"]):
            return []
        if last - first > _LONG:
            cut = re.search(r"[,]", letters[first:last])
            last = first + cut.start() if cut else last
        end = last
        time = re.compile(rf"[(:]?(?:时间[为是:]?)?(?P<time>{_TIME})\)?").match(letters, match.end("name"))
        begins, finishes = _dated(text, years, time, found)
        if time and (begins or finishes):
            end = time.end()
        lead = re.match(rf"(?P<time>(?:自|从)?{PERIOD}(?:之?前|以前)?)[,:]?", letters[first:last])
        if not time and lead and lead.end() < last - first:
            time = re.compile(rf"(?P<time>(?:自|从)?{PERIOD}(?:之?前|以前)?)[,:]?").match(letters, first)
            begins, finishes = _dated(text, years, time, found)
            first += lead.end()
        found.append(
            Stage(first, end, text.value(first, last), begins, finishes, "phase-listed" if time else "phase-undated")
        )
        if len(found) == count:
            return found
    return []


def _ordinal(mark: str) -> int | None:
    letters = re.sub(r"[^一二三四五六七八九十\d①-⑳⑴-⒛㈠-㈩]", "", mark)
    if len(letters) == 1:
        for first in "①⑴㈠⒈":
            if first <= letters <= chr(ord(first) + 9):
                return ord(letters) - ord(first) + 1
    return integer(letters) if letters else None


def _told(text: Prose) -> list[Stage]:
    """Return the phases that one sentence only names: 分宣传发动、组织实施、检查验收三个阶段."""
    match = _TOLD.search(text.letters)
    if match is None:
        return []
    start = match.start("names")
    words = list(re.finditer(r"[^、和]+(?:和(?=.$)[^、和]+)?", match["names"]))
    if len(words) != integer(match["count"]):
        return []
    return [
        Stage(
            start + word.start(),
            start + word.end(),
            text.value(start + word.start(), start + word.end()),
            None,
            None,
            "phase-told",
        )
        for word in words
    ]

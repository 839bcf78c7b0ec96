"""Who leads: the members of leading groups, from lists with labels and from sentences."""

import re
from collections.abc import Collection, Iterator
from functools import cache

from archivist.describe.ink import Flow, plain
from archivist.describe.plans.people import Appointed, is_post, people, rules
from archivist.describe.plans.prose import MARK, Prose, prose
from archivist.describe.plans.rosters import Entry, role_pattern, rosters
from archivist.model import Field
from archivist.text import fold

_FACTORS = {
    "member-listed": 1.0,
    "member-listed-words": 0.6,
    "member-appointed": 0.98,
    "member-appointed-post": 0.6,
}
"""The share that was right on papers nobody had seen, of each way to say it."""
_CLAUSE = re.compile(r"[,。;:!?\n]")
_REACH = 3000
_SENTENCE = 300
_BELOW = re.compile(r"相应|各(?!级组织)[^,。;]{1,12}(?:也|都|均)?要?(?:建立|成立|组建|设立)")


def members(flow: Flow, start: int, skipped: Collection[int], text: Prose, named: "Groups") -> Iterator[Field | None]:
    """Yield `group_member` for everyone named from line `start`, in the order of the paper.

    `text` is the running text from there, `skipped` are lines that belong to something else (signatures,
    tables). The group is the one of `named` last set up or headed before.
    """
    found: list[tuple[int, Field | None]] = []
    listed: list[tuple[int, int]] = []
    group, office, label, reached = None, False, -1, -1
    members_listed = []
    for entry in rosters(flow, start, skipped):
        members_listed.append(entry.appointed)
        fresh = not flow.begins_line(entry.label) or flow.line_at(entry.label) > flow.line_at(reached) + 1
        if entry.label != label and (group is None or fresh):
            beside = office and label >= 0 and flow.line_at(entry.label) == flow.line_at(label)
            group, office = named.over(entry.label)
            office = office or beside
        label, reached = entry.label, entry.end - 1
        if group:
            found.append((entry.start, _labelled(flow, entry, group, office)))
            listed.append((entry.start, entry.end))
    named_before = {fold(who.person) for who in members_listed if who.person}
    for first, last, role, who in _appointed(text, named_before):
        begin, end = text.span(first, last)
        if any(begin < b and a < end for a, b in listed):
            continue
        group, office = named.before(text, first, last)
        if (
            group
            and not named.below(text, first)
            and (who.person or not (office or role.startswith(rules()["office"])))
        ):
            value = _value(group, _office_role(role, office), who)
            method = "member-appointed" if who.person else "member-appointed-post"
            found.append((begin, flow.field("group_member", value, begin, end, method, factor=_FACTORS[method])))
    yield from (field for _, field in sorted(found, key=lambda pair: pair[0]))


def _labelled(flow: Flow, entry: Entry, group: str, office: bool) -> Field | None:
    who = entry.appointed
    sure = bool(who.person) or is_post(who.post or "")
    value = _value(group, _office_role(entry.role, office), who)
    method = "member-listed" if sure else "member-listed-words"
    return flow.field("group_member", value, entry.start, entry.end, method, factor=_FACTORS[method])


def _value(group: str, role: str, who: Appointed) -> dict[str, str | None]:
    return {"group": group, "role": role, "person": who.person, "post": who.post}


def _office_role(role: str, office: bool) -> str:
    return f"{rules()['office']}{role}" if office and not role.startswith(rules()["office"]) else role


class Groups:
    """The groups that a paper names, and where."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._whole = prose(flow, 0, headings=False)
        self._named = list(_declared(self._whole))

    def over(self, place: int) -> tuple[str | None, bool]:
        """Return the group of the list whose label stands at character `place`, and whether it is of its office."""
        line = self._flow.line_at(place)
        for index in range(line - 1, max(line - 3, -1), -1):
            above = self._flow.lines[index]
            heading = re.sub(rf"^{MARK}", "", above.closed).rstrip(":。")
            heading = re.sub(r"(?:组成人员|成员|人员)?(?:名单)?(?:如下)?$", "", heading)
            if re.fullmatch(rf".{{0,30}}{rules()['office']}", heading) and len(heading) <= 24:
                return self.last(above.start), True
            if _subgroup().fullmatch(heading) and not _group_name().search(heading):
                return plain(heading), False
            if len(above.closed) > 12:
                break
        sentence = self._whole.letters[max(self._whole.at(place) - 60, 0) : self._whole.at(place)]
        tail = sentence[max(sentence.rfind("领导"), sentence.rfind("\n"), 0) :]
        office = bool(re.search(rf"(?:下设|设立|设){rules()['office']}[^。]*(?:如下)?[:。,]?\n?$", tail))
        return self.last(place), office

    def before(self, text: Prose, first: int, last: int) -> tuple[str | None, bool]:
        """Return the group of those appointed in letters `first` to `last` of `text`, and whether to its office."""
        begin = max(text.letters.rfind(mark, 0, first) for mark in "。\n") + 1
        whole = _led().search(text.letters, begin, begin + _SENTENCE)
        if whole and whole.start() < first < whole.end() and (match := _group_name().match(whole["group"])):
            return plain(match[0]), False
        sentence = text.letters[begin:first]
        office = bool(_office().search(sentence))
        group = self.last(text.span(first, last)[0])
        return group, office

    def below(self, text: Prose, first: int) -> bool:
        """Return whether the sentence of letter `first` tells others to set up groups of their own."""
        begin = max(text.letters.rfind(mark, 0, first) for mark in "。\n") + 1
        return bool(_BELOW.search(text.letters[begin:first]))

    def last(self, offset: int) -> str | None:
        """Return the group last named before character `offset`, by its full name if there is one."""
        place = self._whole.at(offset)
        bare = None
        for at, name in reversed(self._named):
            if place - _REACH < at <= place:
                if name not in rules()["groups"] and not re.fullmatch(
                    r"(?:工作|县|市|区|省|乡|镇|本)?(?:领导小组|指挥部|委员会)", name
                ):
                    return name
                bare = bare or (name if len(name) > len("工作组") or name == "指挥部" else None)
        return bare


@cache
def _office() -> re.Pattern[str]:
    """Return a pattern of the words after which 主任 is the head of the group's office."""
    word, names = rules()["office"], "|".join(rules()["groups"])
    return re.compile(rf"(?:设立?|{names})(?:有|一个)?(?:精干的)?{word}|(?:^|[,;]){word}(?=设|地点|,|由|主任)")


@cache
def _group_name() -> re.Pattern[str]:
    endings = sorted(rules()["groups"], key=len, reverse=True)
    strong = [word for word in endings if word not in ("小组", "工作组", "委员会", "工作队")]
    return re.compile(rf"[^,。;:《》\n]{{0,40}}?(?:{'|'.join(strong)})|[^,。;:《》\n]{{0,40}}?(?:{'|'.join(endings)})")


@cache
def _led() -> re.Pattern[str]:
    """Return a pattern of 成立由市长任组长、…的创建领导小组: who leads stands before the name of the group."""
    return re.compile(
        r"(?:成立|组成|组建|建立|设立)了?(?:由|以)[^。\n]{2,200}?"
        rf"(?:{role_pattern()}|组成|参加)的(?P<group>[^,。;:\n]{{2,40}}?(?:{'|'.join(rules()['groups'])}))"
    )


@cache
def _subgroup() -> re.Pattern[str]:
    return re.compile(rf"[^,。;:、\d]{{1,16}}(?:{'|'.join(rules()['subgroups'])})")


@cache
def _set_up() -> re.Pattern[str]:
    words = sorted(rules()["set_up"], key=len, reverse=True)
    endings = sorted(rules()["groups"], key=len, reverse=True)
    name = _group_name().pattern
    listed = "|".join(endings)
    return re.compile(
        rf"(?:{'|'.join(words)}|对)了?(?:由[^,。;\n]{{2,60}}?的|以[^,。;\n]{{2,40}}?为[^,。;\n]{{2,4}}的)?(?P<set>{name})"
        rf"|(?:成立|组建|设立)(?P<office>[^,。;:《》\n]{{3,30}}?{rules()['office']})(?=[,。;:\n])"
        rf"|(?P<listed>[^,。;:《》\n、]{{0,40}}(?:{listed}))(?=第?一?组长|主任委员|总指挥|指挥长|政委|顾问)"
        rf"|(?P<headed>[^,。;:《》\n、]{{0,40}}(?:{listed}))的?(?:组成人员|成员|人员|组成)?(?:名单|(?:组成|成员|人员|同志)?(?:调整)?如下|:)"
    )


@cache
def _told_to() -> re.Pattern[str]:
    return re.compile(rf"(?:{'|'.join(sorted(rules()['set_up'], key=len, reverse=True))})了?")


def _declared(text: Prose) -> Iterator[tuple[int, str]]:
    """Yield where groups are named, and their names."""
    for match in _set_up().finditer(text.letters):
        kind = next(name for name in ("set", "office", "listed", "headed") if match[name])
        start, end = match.span(kind)
        lead = re.match(
            rf"(?:{MARK}|附件?[一二三四五六七八九十\d]*:?|关于(?:成立|调整|公布)?|经.{{0,8}}研究,?|(?:决定)?成立|调整后的?|现将|以及)+",
            match[kind],
        )
        start += lead.end() if lead and lead.end() < end - start else 0
        if kind in ("listed", "headed") and (told := list(_told_to().finditer(text.letters, start, end))):
            start = told[-1].end()
        name = text.value(start, end)
        if name and not any(word in name for word in rules()["vague"]):
            yield end, name


@cache
def _by_verb() -> re.Pattern[str]:
    return re.compile(
        rf"(?:[两二三四五六七八九十]同志|(?<!负责)(?<!领导)同志)?(?:分别|共同|一并)?(?:担任|兼任|出任|(?<![主责信])任|兼|为|当)(?:专职|兼职)?(?P<role>{role_pattern()})(?![长员会])"
    )


@cache
def _by_role() -> re.Pattern[str]:
    return re.compile(
        rf"(?P<role>{role_pattern()})(?:一职|职务)?(?:由|为|是(?!否)|有|包括)(?!{role_pattern()})(?P<who>[^。;:\n]{{2,80}}?)(?:(?<!负责)(?<!领导)同志)?(?:担任|兼任|任|兼|组成)?(?=[,。;\n])"
    )


@cache
def _by_place() -> re.Pattern[str]:
    """Return a pattern of 领导小组组长陈杰，副组长周林、吴敏: names right behind the role."""
    groups = "|".join(rules()["groups"])
    return re.compile(
        rf"(?:{groups}|[,;])(?P<role>{role_pattern()})(?![长员会由为是有:])(?P<who>[^,。;:\n]{{2,40}})(?=[,。;\n])"
    )


def _appointed(text: Prose, known: Collection[str]) -> Iterator[tuple[int, int, str, Appointed]]:
    """Yield who is appointed in sentences: first and last letter, role, who."""
    letters = text.letters
    reached = 0
    taken: list[tuple[int, int]] = []
    for match in _by_role().finditer(letters):
        start, end = match.span("who")
        found = _someone(text, start, end, match["role"], known)
        if found:
            taken.append((match.start(), match.end()))
            yield from ((first, last, match["role"], who) for first, last, who in found)
    for match in _by_place().finditer(letters):
        found = _someone(text, *match.span("who"), match["role"], known)
        if found and all(who.person for _, _, who in found):
            taken.append(match.span())
            yield from ((first, last, match["role"], who) for first, last, who in found)
    for match in _by_verb().finditer(letters):
        if any(a <= match.start() < b for a, b in taken):
            continue
        breaks = [mark.end() for mark in _CLAUSE.finditer(letters, max(match.start() - 160, reached), match.start())]
        start = max([reached, match.start() - 160, *breaks])
        by = max(letters.rfind(word, start, match.start()) for word in ("由", "以"))
        if by >= start and letters[by - 1 : by] != "自":
            start = by + 1
        else:
            start = _listed_from(text, max(reached, match.start() - 160), start, match["role"], known)
        start += len(letters[start : match.start()]) - len(letters[start : match.start()].lstrip("、,并且"))
        found = _someone(text, start, match.start(), match["role"], known)
        reached = match.end()
        yield from ((first, last, match["role"], who) for first, last, who in found)


def _listed_from(text: Prose, least: int, start: int, role: str, known: Collection[str]) -> int:
    """Return where the list begins whose last part begins at letter `start`: 市长张三,副市长李四任副组长."""
    letters = text.letters
    while start > least and letters[start - 1] == ",":
        before = max(least, *(letters.rfind(mark, least, start - 1) + 1 for mark in ",。;:!?\n"))
        led = max(letters.rfind(word, before, start - 1) for word in ("由", "以")) + 1
        first = max(before, led)
        found = _someone(text, first, start - 1, role, known)
        if not found or any(who.person is None and not _unnamed(who.post or "") for _, _, who in found):
            return start
        start = first
        if led > before:
            return start
    return start


def _unnamed(post: str) -> bool:
    """Return whether a post stands for somebody without a name: 市财政局局长, 各部门负责人."""
    return fold(post).endswith(tuple(rules()["posts"]))


def _someone(text: Prose, start: int, end: int, role: str, known: Collection[str]) -> list[tuple[int, int, Appointed]]:
    """Return who letters `start` to `end` name; none where that is no list of people."""
    raw = "".join(text.flow.text[text.places[place]] for place in range(start, end))
    if not 2 <= len(raw) <= 200:
        return []
    found = people(raw, many=role in rules()["many"], known=known)
    kept = []
    for who in found:
        post = who.post or ""
        if not who.person and (not is_post(post) or re.search(r"(?<!主)要|[将把应]|成立", post)):
            return []
        kept.append((start + who.start, start + who.end, who))
    return kept

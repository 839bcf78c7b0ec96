"""Lists of members with labels in front: 组长：…, in brackets, in columns, over several lines."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from archivist.describe import dates
from archivist.describe.ink import Flow, Printed, closed
from archivist.describe.plans.people import Appointed, is_name, is_post, people, rules
from archivist.text import fold

_ENTRY_LETTERS = 60
_HEADING = re.compile(r"[一二三四五六七八九十]+[、.]|\([一二三四五六七八九十\d]+\)|\d+[、.]|[①-⑳]")
_SENTENCE = re.compile(r"[。;:!?].")
_COMPOSED = re.compile(r"^(?:由|为)?(?P<who>.+?)(?:等)?(?:组成|担任|兼任)?。?$")
_SHARED = re.compile(r"(?:等|各)?.{0,4}(?:主要|有关)?(?:负责人|负责同志|领导同志)[。,;]?$")
_OTHER = re.compile(r"(?:办公室|领导小组|指挥部|委员会|联席会议)(?:设|下设|负责|办公|地点)")
_CLOSING = re.compile(r"[,;。. ]?下设.*|[,;。](?:办公室|领导小组|指挥部|委员会|具体负责|负责|日常|并|其).*|。.+")
_OPEN = re.compile(r"\([^()]*$")


@dataclass(frozen=True, slots=True)
class Entry:
    """A member: characters `start` to `end` of the flow, where its label begins there, the role, and who."""

    start: int
    end: int
    label: int
    role: str
    appointed: Appointed


@dataclass(frozen=True, slots=True)
class _Row:
    """Printed lines side by side as one text, white space as single spaces; character *i* stands at `places[i]`."""

    text: str
    folded: str
    places: tuple[int, ...]
    first: int
    last: int
    full: bool


def rosters(flow: Flow, start: int, skipped: Collection[int]) -> Iterator[Entry]:
    """Yield the members that lists with labels name, from line `start` of `flow`, without the lines `skipped`."""
    rows = _rows(flow, start, skipped)
    role: str | None = None
    labelled = 0
    index = 0
    while index < len(rows):
        row = rows[index]
        labels = _labels(row)
        if not labels and (role is None or not _is_entry(row)):
            role = None
            index += 1
            continue
        row, index = _continued(rows, index)
        labels = _labels(row)
        if labels and any(word in row.folded[: labels[0][0]] for word in rules()["not_entries"]):
            role = None
        cuts = [(0, 0, role), *labels] if role and (not labels or labels[0][0] > 0) else labels
        for (first, begin, held), (end, _, _) in pairwise([*cuts, (len(row.text), 0, None)]):
            role = held
            labelled = row.places[first] if begin else labelled
            if held:
                yield from _entries(row, begin, end, labelled, held)


def role_pattern() -> str:
    """Return a regular expression of the roles, longest first, without groups."""
    words = sorted([*rules()["office_roles"], *rules()["roles"]], key=len, reverse=True)
    return "(?:" + "|".join(words) + ")"


@cache
def _label() -> re.Pattern[str]:
    words = sorted([*rules()["office_roles"], *rules()["roles"]], key=len, reverse=True)
    spaced = "|".join(r"\s?".join(word) for word in words)
    return re.compile(rf"(?:(?<=^)|(?<=[ ;,。、)]))(?P<role>{spaced})(?P<mark> ?: ?| |$)")


def _labels(row: _Row) -> list[tuple[int, int, str]]:
    """Return where labels begin and end in a row, and the role."""
    found = []
    for match in _label().finditer(row.folded):
        colon = ":" in match["mark"]
        if match.start() == 0:
            lead = True
        elif not colon:
            continue
        else:
            lead = False
        rest = row.folded[match.end() :]
        if lead and not colon and rest and not _whole(rest):
            continue
        if rest and colon and (_sentence(rest) and not _label().search(row.folded, match.end())):
            continue
        found.append((match.start(), match.end(), closed(match["role"])))
    if found and not row.folded[found[0][1] :].strip() and ":" not in row.folded and len(found) == 1:
        # A label without a colon that stands alone needs a list below; 成员 and 主任 are common words.
        return found if len(closed(row.folded)) <= 4 else []
    return found


def _sentence(rest: str) -> bool:
    return len(rest) > 30 and bool(re.search(r"。.", rest))


def _is_entry(row: _Row) -> bool:
    letters = closed(row.folded)
    if not 2 <= len(letters) <= _ENTRY_LETTERS or dates.parse(letters) or _HEADING.match(letters):
        return False
    if _SENTENCE.search(letters) or any(word in letters for word in rules()["not_entries"]):
        return False
    if re.search(r"(?<![主重])要(?!闻)|应当|必须|[于在]\d|\d[年月日]", letters):
        return False
    if letters.startswith("(") or letters.endswith(")") or _bracketed(letters):
        return True
    found = people(row.text)
    return any(entry.person for entry in found) or all(is_post(entry.post or "") for entry in found)


def _bracketed(letters: str) -> bool:
    return "(" in letters and is_name(letters.split("(")[0])


def _entries(row: _Row, begin: int, end: int, label: int, role: str) -> Iterator[Entry]:
    text = row.text[begin:end]
    match = _COMPOSED.match(fold(text).strip())
    if not match or not closed(text):
        return
    closing = _CLOSING.search(fold(text))
    if closing:
        text = text[: closing.start()]
        match = _COMPOSED.match(fold(text).strip())
        if not match:
            return
    lead = len(text) - len(text.lstrip()) + match.start("who")
    text = text[lead : lead + match.end("who") - match.start("who")].rstrip("。;；,， ")
    many = role in rules()["many"] or role.endswith(("成员", "人员"))
    found = people(text, many=many)
    if role == "成员单位":
        found = _apart(text)
    for entry in found:
        if entry.person is None and entry.post is None:
            continue
        first, last = begin + lead + entry.start, begin + lead + entry.end
        while last > first and not row.text[last - 1 : last].strip():
            last -= 1
        if first < last <= len(row.places):
            yield Entry(row.places[first], row.places[last - 1] + 1, label, role, entry)


def _apart(text: str) -> list[Appointed]:
    """Return the units of a list, each by itself."""
    found = []
    for match in re.finditer(r"[^、,，;；\s。]+", text):
        found += [
            Appointed(match.start() + entry.start, match.start() + entry.end, None, entry.post or entry.person)
            for entry in people(match[0])
        ]
    return found


def _continued(rows: list[_Row], index: int) -> tuple[_Row, int]:
    """Return the row with those joined that carry on inside a bracket or a running list, and the next index."""
    row = rows[index]
    index += 1
    while index < len(rows):
        following = rows[index]
        letters = following.folded
        own = _labels(following)
        if (own and own[0][0] == 0) or _HEADING.match(letters) or _OTHER.match(letters):
            break
        close, opening = letters.find(")"), letters.find("(")
        broken = _OPEN.search(row.folded) and close >= 0 and (opening < 0 or close < opening)
        running = row.folded.endswith(("、", ","))
        listed = row.full and row.folded.count("、") >= 2 and not row.folded.endswith(("。", ";", ")"))
        # A label inside the row: sentences that run on, 总指挥：张三，副总指/挥：….
        sentence = row.full and any(first for first, _, _ in _labels(row)) and not row.folded.endswith(("。", ";"))
        shared = row.full and _SHARED.match(letters)
        cut = (
            row.full
            and re.search("[、,]", row.folded)
            and not row.folded.endswith(("。", ";", ")"))
            and _cut(row, following)
        )
        if not (broken or running or listed or sentence or shared or cut) or len(row.text) > 1000:
            break
        row = _Row(
            row.text + following.text,
            row.folded + following.folded,
            row.places + following.places,
            row.first,
            following.last,
            following.full,
        )
        index += 1
    return row, index


def _cut(row: _Row, following: _Row) -> bool:
    """Return whether the last word of a full row goes on in the next one: 市建设/局局长."""
    last = re.split("[、,]", row.folded)[-1]
    if _whole(last):
        return False
    joined = re.split("[、,;。 ]", last + following.folded)[0]
    return _whole(joined) or not _whole(re.split("[、,;。]", following.folded)[0])


def _whole(word: str) -> bool:
    """Return whether a word of a list says somebody by name, or by a post."""
    found = people(word)
    return bool(found) and (found[0].person is not None or (found[0].post or "").endswith(tuple(rules()["posts"])))


def _rows(flow: Flow, start: int, skipped: Collection[int]) -> list[_Row]:
    rows: list[_Row] = []
    right: dict[int, float] = {}
    for line in flow.lines[start:]:
        right[id(line.page)] = max(right.get(id(line.page), 0.0), line.line.box.right)
    previous: Printed | None = None
    for index in range(start, len(flow.lines)):
        if index in skipped:
            previous = None
            continue
        line = flow.lines[index]
        text, places = _spaced(flow, line)
        full = right[id(line.page)] - line.line.box.right < 2 * line.line.box.height
        if previous is not None and rows and _beside(previous, line):
            last = rows[-1]
            text, places = f"{last.text} {text}", (*last.places, line.start, *places)
            rows[-1] = _Row(text, fold(text), places, last.first, index, full)
        elif text:
            rows.append(_Row(text, fold(text), places, index, index, full))
        previous = line
    return rows


def _beside(one: Printed, other: Printed) -> bool:
    """Return whether `other` continues the row of `one` to its right: columns that were read apart."""
    a, b = one.line.box, other.line.box
    if one.page is not other.page or "cell" in (one.kind, other.kind) or b.left < a.right:
        return False
    return min(a.bottom, b.bottom) - max(a.top, b.top) > 0.5 * min(a.height, b.height)


def _spaced(flow: Flow, line: Printed) -> tuple[str, tuple[int, ...]]:
    gaps = set(flow.gaps(line.start, line.end))
    chars: list[str] = []
    places: list[int] = []
    for place, char in enumerate(line.line.text, line.start):
        blank = char.isspace()
        if (blank or place in gaps) and chars and chars[-1] != " ":
            chars.append(" ")
            places.append(place)
        if not blank:
            chars.append(char)
            places.append(place)
    if chars and chars[-1] == " ":
        chars.pop()
        places.pop()
    return "".join(chars), tuple(places)

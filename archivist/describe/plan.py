"""What a plan sets up: the members of leading groups, and the phases of the work with their dates."""

import re
from calendar import monthrange
from collections.abc import Collection, Iterator

from archivist.describe import dates
from archivist.describe.ink import Flow, Printed, plain
from archivist.describe.names import is_person
from archivist.describe.numerals import integer
from archivist.model import Field

_GROUP = re.compile(
    r"(?:成立|组成|设立|建立|调整后的|调整充实|对)了?(?P<group>[^,。;:《》]{2,40}?(?:领导小组|指挥部|工作小组|委员会))"
)
_ROLE = re.compile(
    r"\s*(?P<role>(?:常\s*务\s*)?副?\s*(?:组\s*长|主\s*任|总\s*指\s*挥|指\s*挥\s*长|指\s*挥)|成\s*员|顾\s*问|名\s*誉\s*组\s*长)"
    r"(?P<mark>\s*:\s*|\s+)"
)
_ENTRY_LETTERS = 40
_MEMBER = re.compile(r"(?P<person>[^\s()、,]{2,4}|\S\s+\S)(?:\s*\((?P<noted>[^()]{2,}?)\)?|\s+(?P<post>[^()]{2,}))")
_PHASE = re.compile(
    r"(?:第[一二三四五六七八九十]{1,3}阶段\s*[:、,]?|\([一二三四五六七八九十]{1,3}\)|[一二三四五六七八九十]{1,3}、|\d{1,2}[、.])\s*"
    r"(?P<name>[^()。,;:、]{2,16}?阶段|(?<=阶段[:、,])[^()。,;:、]{2,16}?)\s*\((?P<time>[^()]{3,40})\)"
)
_MONTH = re.compile(r"(?P<month>\d{1,2}|[一二三四五六七八九十]{1,2})\s*月(?P<part>底|末|份|初|中旬|上旬|下旬)?")
_YEAR = re.compile(r"((?:19|20)\d\d)\s*年")


def fields(flow: Flow, start: int, signed: Collection[int] = ()) -> Iterator[Field | None]:
    """Yield `group_member` and `phase` as far as the text from line `start` of `flow` has them.

    Who signs, on the lines `signed`, is no member.
    """
    yield from _members(flow, start, signed)
    yield from _phases(flow, flow.lines[start].start if start < len(flow.lines) else len(flow.text))


def _members(flow: Flow, start: int, signed: Collection[int]) -> Iterator[Field | None]:
    group, role = None, None
    for index in range(start, len(flow.lines)):
        line = flow.lines[index]
        match = _ROLE.match(line.folded)
        if match and ":" not in match["mark"] and not _names_person(line.folded[match.end() :]):
            match = None
        if match:
            if role is None:
                group = _group(flow, line.start)
            role = "".join(match["role"].split())
        elif role and (index in signed or not _is_entry(line)):
            role = None
        if role and group:
            yield from _entries(flow, line, match.end() if match else 0, group, role)


def _is_entry(line: Printed) -> bool:
    letters = line.closed
    opens = re.match(r"[一二三四五六七八九十]+、|\([一二三四五六七八九十]+\)|\d+[、.]", letters)
    if dates.parse(letters):
        return False
    return 2 <= len(letters) <= _ENTRY_LETTERS and not opens and not re.search(r"[。;:!?]|下设|负责日常", letters)


def _names_person(folded: str) -> bool:
    """Return whether a name, set wide or not, comes first: 肖 秧 省长."""
    match = _MEMBER.fullmatch(folded.strip())
    return is_person(match["person"]) if match else is_person(folded.strip())


def _group(flow: Flow, until: int) -> str | None:
    """Return the group that was last set up before offset `until`."""
    found = list(_GROUP.finditer(flow.folded, max(until - 400, 0), until))
    return plain(flow.text[found[-1].start("group") : found[-1].end("group")]) if found else None


def _entries(flow: Flow, line: Printed, offset: int, group: str, role: str) -> Iterator[Field | None]:
    folded = line.folded[offset:].rstrip()
    if not folded.strip("() "):
        return
    people = [match for match in re.finditer(r"[^\s、,]+", folded) if is_person(match[0])]
    if len(people) > 1 and len(people) == len(re.findall(r"[^\s、,]+", folded)):
        for name in people:
            begin, end = offset + name.start(), offset + name.end()
            yield _member(flow, line, begin, end, group, role, name[0], None)
        return
    match = _MEMBER.fullmatch(folded.strip())
    person, post = None, folded.strip().strip("()").strip()
    if match and is_person(match["person"]):
        person, post = match["person"], (match["noted"] or match["post"]).strip()
    elif is_person(post):
        person, post = post, ""
    begin = offset + len(folded) - len(folded.lstrip())
    yield _member(flow, line, begin, offset + len(folded), group, role, person, post or None)


def _member(
    flow: Flow,
    line: Printed,
    begin: int,
    end: int,
    group: str,
    role: str,
    person: str | None,
    post: str | None,
) -> Field | None:
    value = {
        "group": group,
        "role": role,
        "person": plain("".join(person.split())) if person else None,
        "post": plain("".join(post.split())) if post else None,
    }
    return flow.field("group_member", value, line.start + begin, line.start + end, "roster")


def _phases(flow: Flow, start: int) -> Iterator[Field | None]:
    year = None
    for match in _PHASE.finditer(flow.folded, start):
        if stated := _YEAR.search(match["time"]):
            year = int(stated[1])
        halves = re.split(r"\s*(?:-+|~|至|到)\s*", match["time"], maxsplit=1)
        begins = _date(halves[0], year, ends=False)
        ends = _date(halves[-1], int(begins[:4]) if begins else year, ends=True)
        if begins or ends:
            value = {"name": plain(flow.text[slice(*match.span("name"))]), "start": begins, "end": ends}
            yield flow.field("phase", value, match.start(), match.end(), "phase-heading")


def _date(text: str, year: int | None, *, ends: bool) -> str | None:
    """Return one end of a period; 6月底 is the last day of June."""
    letters = "".join(text.split())
    stated = _YEAR.match(letters)
    year = int(stated[1]) if stated else year
    if iso := dates.parse(letters, year):
        return iso if len(iso) == 10 or not (ends and letters.endswith(("底", "末"))) else _last_day(iso)
    match = _MONTH.fullmatch(letters[stated.end() :] if stated else letters)
    month = integer(match["month"]) if match else None
    if match is None or year is None or month is None or not 1 <= month <= 12:
        return None
    iso = f"{year}-{month:02}"
    return _last_day(iso) if match["part"] in ("底", "末") else iso


def _last_day(month: str) -> str:
    return f"{month}-{monthrange(int(month[:4]), int(month[5:]))[1]:02}"

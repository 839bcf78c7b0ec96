"""How an issued document closes, and every place on it that says when it was issued."""

import re
from collections.abc import Collection, Iterator

from archivist.describe import dates, names
from archivist.describe.ink import Flow, Printed, closed
from archivist.describe.issued import imprint as foot
from archivist.describe.issued.lists import Span, agencies
from archivist.describe.issued.opening import Opening
from archivist.describe.issued.signs import HOUR, Tag, dates_beside, day_alone, editor, is_issue, is_speaker, tag
from archivist.describe.issued.titles import title
from archivist.model import Field

_ATTACHED = re.compile(r"附(?:件|表|录|图)?(?:之?[一二三四五六七八九十\d]{1,3})?:?")
# 第12期, editor and date stand under the head of a serial.
_SERIALS = ("简报", "纪要", "会议纪要")
# The day of printing is the day of issue only where nothing else says one.
_PRINTED = 0.8
# Where a seal took one character it may have taken another.
_RESTORED = 0.75
_HEAD_DATE = 0.97
_SIGNATURE_LINES = 12
_OFFICIALS = 4
_NOTE_LINES = 4
_ENDED = ("。", "!", ")", "”", '"', "》", ";")
# What may stand beside a date on its line: of a seal that was read with it, of a note.
_YEAR_OF_ISSUE = re.compile(r"(?<!\d)(?:19|20)\d\d(?=\)?年?\(?第)")
# The year of a date without one is that of the number.
_YEAR_LENT = 0.92
_BESIDE = re.compile(r"(?:\(?(?:盖?章|印|公章)\)?|[。.,·\"'|]|[^于自至从到以在前后\d])?")


def signature(flow: Flow, start: int, imprint: int, years: Collection[int] = ()) -> Span | None:
    """Return the lines (first, behind the last) that close the text: agencies and date, either may be missing.

    The dated one is the last, unless another text (a forwarded paper, an attachment) begins behind an earlier one.
    A date that lost a character of its year under the seal is one where one of `years` is meant.
    """
    closing = None
    tags: dict[int, Tag] = {}
    start = _behind_note(flow, start)
    for index in range(start, imprint):
        line = flow.lines[index]
        if not _closes(flow, index, start) and not dates.restored(line.line.text, years):
            continue
        first = _first(flow, index, start)
        last = index + 1
        if first == index and last < imprint and _beside(line, flow.lines[last]) and _agencies(flow, flow.lines[last]):
            # A seal over both puts the line of the agency behind that of the date.
            last += 1
        closing = first, last
        if _another_begins(flow, last, imprint, tags):
            break
    return closing or _without_year(flow, start, imprint, years) or _undated(flow, start, imprint)


def _without_year(flow: Flow, start: int, imprint: int, years: Collection[int]) -> Span | None:
    """Return the lines that close the text where their date leaves its year to the number: 七月廿三日廿时."""
    if len(years) != 1:
        return None
    for index in reversed(range(start, imprint)):
        if day_alone(flow.lines[index], *years):
            return _first(flow, index, start), index + 1
    return None


def signed(flow: Flow, line: Printed) -> list[Span]:
    """Return the spans (in the flow) of the agencies that sign on `line`, left or right of a date on it."""
    found = dates.find(line.line.text)
    if not found and (day := day_alone(line)):
        found = [day]
    if not found:
        return _agencies(flow, line)
    left = _edited(flow, line.start, line.start + found[0].start)
    return left or agencies(flow, line.start + found[-1].end, line.end)


def issued(
    flow: Flow, begun: Opening, closing: Span | None, imprint: int, years: Collection[int] = ()
) -> Iterator[Field | None]:
    """Yield `date_of_issue` once for each place that says it, the weightiest first.

    The note under the title, the head (of a serial, an order), the signature, the imprint.
    """
    yield from _noted(flow, begun)
    if begun.title:
        yield from _headed(flow, begun)
    for index in range(*closing or (0, 0)):
        line = flow.lines[index]
        if found := dates.find(line.line.text):
            yield _date(flow, line, found[-1], "signature")
        elif iso := dates.restored(line.line.text, years):
            yield flow.field("date_of_issue", iso, line.start, line.end, "signature", factor=_RESTORED)
        elif index + 1 < len(flow.lines) and (over := _over_lines(flow, index)):
            yield flow.field("date_of_issue", over, line.start, flow.lines[index + 1].end, "signature")
        elif len(years) == 1 and (day := day_alone(line, *years)):
            yield _date(flow, line, day, "signature", _YEAR_LENT)
    for printing in foot.printings(flow, imprint):
        yield flow.field("date_of_issue", printing.date, *printing.when, "imprint", factor=_PRINTED)
        break


def _date(flow: Flow, line: Printed, when: dates.Found, method: str, factor: float = 1.0) -> Field | None:
    return flow.field("date_of_issue", when.date, line.start + when.start, line.start + when.end, method, factor=factor)


def _noted(flow: Flow, begun: Opening) -> Iterator[Field | None]:
    """Yield the date on the lines behind title or number."""
    if begun.title is None and begun.number is None:
        return
    serial = begun.title is not None and begun.title.genre in _SERIALS
    for line in flow.lines[begun.after : begun.after + 4]:
        if names.is_person(line.closed) or is_speaker(line):
            continue
        found = dates.find(line.line.text)
        if _is_note(line):
            if found and len(line.closed) <= 40:
                yield _date(flow, line, found[0], "title-note")
                return
        elif tag(line) not in ("number", "mark", "blank"):
            if serial and found and found[-1].end == len(line.line.text.rstrip()):
                yield _date(flow, line, found[-1], "head-date", _HEAD_DATE)
            elif not serial:
                return


def _is_note(line: Printed) -> bool:
    """Return whether a line is the note under a title: a date alone, or anything in brackets."""
    return line.closed.lstrip("'\"·.,|").startswith("(") or tag(line) == "date"


def _headed(flow: Flow, begun: Opening) -> Iterator[Field | None]:
    """Yield the dates that stand in the head, alone or behind the agency."""
    for index in range(begun.after):
        line = flow.lines[index]
        found = dates.find(line.line.text)
        above = begun.title is not None and index < begun.title.first
        if found and ((above and is_issue(line) and signed(flow, line)) or tag(line) == "date"):
            yield _date(flow, line, found[-1], "head-date", _HEAD_DATE)
        elif (
            begun.masthead is not None and above and (year := _of_issue(flow, index)) and (day := day_alone(line, year))
        ):
            yield _date(flow, line, day, "head-date", _YEAR_LENT)
        elif beside := dates_beside(line):
            yield _date(flow, line, beside[-1], "head-date", _HEAD_DATE)


def _of_issue(flow: Flow, before: int) -> int | None:
    """Return the year of the issue of a serial (1987年第9期) on the lines above `before`."""
    found = (_YEAR_OF_ISSUE.search(line.closed) for line in flow.lines[:before])
    return next((int(match[0]) for match in found if match), None)


def _behind_note(flow: Flow, start: int) -> int:
    """Return the line behind the note of the date under the title, which closes nothing."""
    for index in range(start, min(start + _NOTE_LINES, len(flow.lines) - 1)):
        line = flow.lines[index]
        noted = _is_note(line)
        if noted and dates.find(line.line.text):
            return index + 1
        if not (noted or is_speaker(line) or names.is_person(line.closed) or tag(line) in ("number", "mark", "blank")):
            break
    return start


def _closes(flow: Flow, index: int, start: int) -> bool:
    """Return whether line `index` is a date, alone or beside agencies."""
    line = flow.lines[index]
    found = dates.find(line.line.text)
    if not found:
        return index + 1 < len(flow.lines) and _over_lines(flow, index) is not None
    when = found[-1]
    before, after = closed(line.folded[: found[0].start]), closed(line.folded[when.end :])
    if len(when.date) < 10:
        # 一九五八年七月 alone closes a text only below who signs it.
        above = index > start and bool(_agencies(flow, flow.lines[index - 1]))
        return not before and not after and above
    beside = _BESIDE.fullmatch(after) or HOUR.fullmatch(after) or agencies(flow, line.start + when.end, line.end)
    return bool(beside) and bool(_BESIDE.fullmatch(before) or agencies(flow, line.start, line.start + found[0].start))


def _over_lines(flow: Flow, index: int) -> str | None:
    """Return the date that the lines `index` and the next are together: 一九九五年 / 六月九日."""
    one, other = flow.lines[index], flow.lines[index + 1]
    if len(one.closed) > 8 or len(other.closed) > 8 or not re.search(r"[年月\d〇一二三四五六七八九十]$", one.closed):
        return None
    if not one.closed[0].isnumeric() and one.closed[0] not in "〇公":
        return None
    iso = dates.parse(one.closed + other.closed)
    return iso if iso and len(iso) == 10 and not dates.parse(one.closed) else None


def _first(flow: Flow, index: int, start: int) -> int:
    """Return the first line of the signature whose date is on line `index`: agencies, officials between them and it."""
    first = index
    while first > start and index - first < _SIGNATURE_LINES:
        above = first - 1
        while above > start and first - above < _OFFICIALS and _between(flow.lines[above]):
            above -= 1
        if not _agencies(flow, flow.lines[above]):
            break
        first = above
    return first


def _between(line: Printed) -> bool:
    """Return whether a line between agency and date is an official who signs, or a piece of the seal over them."""
    return is_speaker(line) or (len(line.closed) < 4 and not re.search(r"[。;:]", line.closed))


def _undated(flow: Flow, start: int, imprint: int) -> Span | None:
    """Return the lines of agencies that the text ends with where no date follows them."""
    last = imprint
    while last > start and (
        flow.lines[last - 1].closed.startswith("(") or tag(flow.lines[last - 1]) in ("blank", "number", "mark")
    ):
        last -= 1
    first = last
    while first > start and last - first < _SIGNATURE_LINES and _agencies(flow, flow.lines[first - 1]):
        first -= 1
    if first == last or first <= start or not flow.lines[first - 1].closed.endswith(_ENDED):
        return None
    return first, last


def _beside(one: Printed, other: Printed) -> bool:
    """Return whether two lines follow each other as closely as lines of one paragraph."""
    return one.page is other.page and abs(other.line.box.top - one.line.box.top) < 3 * one.line.box.height


def _agencies(flow: Flow, line: Printed) -> list[Span]:
    return _edited(flow, line.start, line.end)


def _edited(flow: Flow, start: int, end: int) -> list[Span]:
    """Return the agencies between two offsets, free of what follows the editor of a serial (…办公室编)."""
    if end - start > 200:
        return []
    if found := agencies(flow, start, end):
        return found
    places = [place for place in range(start, end) if not flow.folded[place].isspace()]
    letters = closed(flow.folded[start:end])
    if not (agency := editor(letters)):
        return []
    first = letters.index(agency)
    return agencies(flow, places[first], places[first + len(agency) - 1] + 1)


def _another_begins(flow: Flow, start: int, end: int, known: dict[int, Tag]) -> bool:
    """Return whether a title or the heading 附件 follows within the next lines, whose tags `known` keeps."""
    ahead = flow.lines[start : min(start + 8, end)]
    for index, line in enumerate(ahead, start):
        if index not in known:
            known[index] = tag(line)
    tags = [known[index] for index in range(start, start + len(ahead))]
    heading = any(_ATTACHED.fullmatch(line.closed) for line in ahead[:2])
    return heading or title(ahead, tags, 0, free=False) is not None

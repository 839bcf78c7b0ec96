"""To whom an issued document is addressed (主送): the line, or lines, that end in a colon under the title."""

import re
from collections.abc import Iterator

from archivist.describe import names
from archivist.describe.ink import Flow, Printed, closed, plain
from archivist.describe.issued import lists
from archivist.describe.issued.opening import Opening
from archivist.describe.issued.signs import is_issue, is_speaker, tag
from archivist.model import Field

_LINES = 8
_LETTERS = 240
_UNKNOWN_LETTERS = 16
# One entry of no known kind is still addressed; it waits for a person.
_DOUBTFUL = 0.89
# What a colon is read as.
_COLONS = ";.。"
# A point inside an entry is a 、 that was misread.
_POINT = re.compile(r"(?<=[\u4e00-\u9fff)])[.`·](?=[\u4e00-\u9fff(])")
_BODY_COLON = re.compile(
    r"(?:如下|以下|下列.{0,8}|如次|为|是|说|指出|强调|要求|规定|决定|通知|事项|做到|包括|任务|意见|主旨|依据|事由|遵照|执行|布告|公告|通告):$"
)
_BODY_BEGIN = re.compile(
    r"(?:为了|为|根据|遵照|现|经(?![贸委信济])|关于|按照|近(?![郊海])|最近|附件?|主旨|依据|签发|会签|[一二三四五六七八九十]、|查|兹|希|据|接|自(?!治)"
    r"|当前|目前|随着|去年|今年|几年来|由于|鉴于|通过|发往|等级|电话|联系)"
)


def receivers(flow: Flow, begun: Opening) -> Iterator[Field | None]:
    """Yield each `addressee` named before the text begins."""
    first = begun.after
    noted = ""
    while first < len(flow.lines) and (_under_title(flow.lines[first]) or noted.count("(") > noted.count(")")):
        # A note in brackets may run over lines.
        noted = (noted if noted.count("(") > noted.count(")") else "") + flow.lines[first].closed
        first += 1
    ahead = range(first, min(first + _LINES, len(flow.lines)))
    for last in ahead:
        letters = flow.lines[last].closed
        if "。" in letters or (":" in letters and not letters.endswith(":")):
            break
        if letters.endswith(":"):
            start, end = flow.lines[first].start, flow.lines[last].end
            together = closed(flow.folded[start:end])
            if not _BODY_COLON.search(together) and not _BODY_BEGIN.match(together) and len(together) <= _LETTERS:
                yield from listed(flow, "addressee", start, flow.folded.rindex(":", start, end), "addressee-line")
            return
    for last in ahead:
        if end_misread := _misread_colon(flow, first, last):
            yield from listed(flow, "addressee", flow.lines[first].start, end_misread, "addressee-line")
            return


def listed(flow: Flow, name: str, start: int, end: int, method: str) -> Iterator[Field | None]:
    """Yield a field `name` for each receiver that characters `start` to `end` list.

    None at all where not one is of a kind that receives papers, unless there is but one, and that is short.
    """
    spans = [(a, b, names.receives(flow.text[a:b])) for a, b in lists.receivers(flow, start, end)]
    spans = [span for span in spans if span[2] is not None]
    long = sum(b - a for a, b, _ in spans) > _UNKNOWN_LETTERS
    if (len(spans) > 1 or long) and not any(known for *_, known in spans):
        return
    for a, b, known in spans:
        value = _POINT.sub("、", plain(closed(flow.text[a:b])))
        yield flow.field(name, value, a, b, method, factor=1.0 if known else _DOUBTFUL)


def _misread_colon(flow: Flow, first: int, last: int) -> int | None:
    """Return where the list of receivers ends whose colon was read as another point, None if the lines are none.

    Each of its entries must be of a kind that receives papers.
    """
    text = flow.lines[last].folded.rstrip()
    if text[-1:] not in tuple(_COLONS) or re.search(r"[。;:]", text[:-1]):
        return None
    start, end = flow.lines[first].start, flow.lines[last].start + len(text) - 1
    spans = lists.receivers(flow, start, end) if end > start else []
    known = spans and all(names.receives(flow.text[a:b]) and not names.is_person(flow.text[a:b]) for a, b in spans)
    return end if known and len(closed(flow.text[start:end])) <= _LETTERS else None


def _under_title(line: Printed) -> bool:
    """Return whether `line` may stand between the title and the addressees: date, number, speaker, 事由."""
    letters = line.closed
    noted = letters.startswith(("(", "事由:")) or names.is_person(letters) or is_speaker(line)
    return noted or is_issue(line) or tag(line) in ("date", "blank", "number", "mark")

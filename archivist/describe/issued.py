"""The fields of an issued document: head, number, title, dates, addressees, imprint, citations."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from archivist.definitions import load
from archivist.describe import citations, dates, lists, names, numbers, plan
from archivist.describe import imprint as foot
from archivist.describe.ink import Flow, Printed, closed, plain
from archivist.describe.opening import (
    Opening,
    Tag,
    genre_of,
    head_agencies,
    is_issue,
    names_its_subject,
    number_in,
    opening,
    tag,
    title,
)
from archivist.model import Field, Page, Value

_LEVEL = re.compile(r"(绝密|机密|秘密)")
_URGENCY = re.compile(r"(?:(?:等级|紧急程度|缓急)\s*:\s*)?(特急|特提|加急|平急|急件)")
# A number printed without its year takes it from the date of issue.
_YEAR_TAKEN = 0.85
_DOUBTFUL_RECEIVER = 0.89
# A line that only ends like a title may head a table or a chapter.
_BY_ITS_END_ALONE = 0.85
_SIGNER = re.compile(r"签\s*发\s*人?\s*:\s*(?P<names>[^\d:]{2,24}?)\s*(?=$|会\s*签)")
_ADDRESSEE_LINES = 8
_BODY_COLON = re.compile(
    r"(?:如下|以下|下列.{0,8}|为|是|说|指出|强调|要求|规定|决定|通知|事项|做到|包括|任务|意见|主旨|依据|事项):$"
)
_BODY_BEGIN = re.compile(
    r"(?:为了|为|根据|现|经(?![贸委信济])|关于|按照|近|最近|附件?|主旨|依据|签发|会签|[一二三四五六七八九十]、)"
)
_ATTACHED = re.compile(r"附\s*件?\s*(?P<colon>:)?\s*")
_NUMBERED = re.compile(r"\(?(?:\d{1,2}|[一二三四五六七八九十]{1,2})\)?\s*[.、:]\s*|[①-⑳]\s*")
_SHORT_NAMES = re.compile(r"(?:省|市|县|区|镇|乡|本)(?:委|政府)")


def fields(pages: Iterable[Page]) -> tuple[Field, ...]:
    """Return the fields of the issued document on `pages`."""
    flow = Flow(pages, furniture=False)
    begun = opening(flow.lines)
    if begun is None:
        begun = Opening((), (), None, None)
    imprint = foot.first_line(flow, begun.after)
    signature = _signature(flow, begun.after, imprint)
    body = flow.lines[begun.after].start if begun.after < len(flow.lines) else len(flow.text)
    issued = list(_dates(flow, begun, signature, imprint))
    found = [
        *_marks(flow, begun),
        *_issuers(flow, begun, signature),
        *_number(flow, begun, next((str(field.value) for field in issued if field), None)),
        *_title(flow, begun),
        *issued,
        *_addressees(flow, begun),
        *_attachments(flow, begun.after, signature[0] if signature else imprint),
        *foot.fields(flow, imprint),
        *citations.fields(flow, body),
        *plan.fields(flow, begun.after, range(*signature) if signature else ()),
    ]
    return tuple(field for field in found if field)


class _Agencies(NamedTuple):
    spans: list[tuple[int, int]]
    method: str
    factor: float


def _marks(flow: Flow, begun: Opening) -> Iterator[Field | None]:
    until = flow.lines[begun.after].start if begun.after < len(flow.lines) else len(flow.text)
    for index in range(min(begun.after, len(flow.lines))):
        line = flow.lines[index]
        if begun.title and begun.title.first <= index < begun.title.last:
            continue
        for name, pattern in (("secrecy", _LEVEL), ("urgency", _URGENCY)):
            if match := pattern.match(line.folded.lstrip()):
                start = line.start + len(line.folded) - len(line.folded.lstrip()) + match.start(1)
                yield flow.field(name, match[1], start, start + len(match[1]), "head-mark")
        if match := _SIGNER.search(line.folded):
            yield from _people(flow, line.start + match.start("names"), min(line.start + match.end("names"), until))


def _people(flow: Flow, start: int, end: int) -> Iterator[Field | None]:
    text = flow.text[start:end]
    if names.is_person(text):
        yield flow.field("signer", plain(closed(text)), start, end, "head-mark")
        return
    for match in re.finditer(r"[^\s、,，]+", text):
        factor = 1.0 if names.is_person(match[0]) else 0.85
        if 2 <= len(match[0]) <= 5:
            yield flow.field(
                "signer",
                plain(match[0]),
                start + match.start(),
                start + match.end(),
                "head-mark",
                factor=factor,
            )


def _issuers(flow: Flow, begun: Opening, signature: tuple[int, int] | None) -> Iterator[Field | None]:
    """Yield each issuer once, as first printed: in the head, before the title's subject, over the date."""
    groups = []
    for index in begun.head:
        line = flow.lines[index]
        head = head_agencies(line)
        start, end = (line.start + head[0], line.start + head[1]) if head else (line.start, line.end)
        if not head and (genre := genre_of(line.closed)):
            # 国家税务总局公告: the agency and the kind of paper.
            end = line.start + line.folded.rindex(genre[0])
            if start == end:
                continue
        gaps = [gap - start for gap in flow.gaps(start, end)]
        spans = names.split(flow.text[start:end], gaps) or [(0, end - start)]
        factor = 1.0 if names.is_agency(flow.text[start:end]) else 0.85
        groups.append(_Agencies([(start + a, start + b) for a, b in spans], "red-head", factor))
    if begun.title:
        groups.append(_Agencies(_title_issuers(flow, begun), "title-block", 1.0))
        issues = [flow.lines[index] for index in range(begun.title.first) if is_issue(flow.lines[index])]
        spans = [(line.start + a, line.start + b) for line in issues for a, b in _signed(flow, line)]
        groups.append(_Agencies(spans, "head-date", 0.97))
    if signature:
        spans = [
            (flow.lines[index].start + a, flow.lines[index].start + b)
            for index in range(*signature)
            for a, b in _signed(flow, flow.lines[index])
        ]
        groups.append(_Agencies(spans, "signature", 0.97))
    seen: list[str] = []
    for spans, method, factor in groups:
        for start, end in spans:
            read = flow.text[start:end]
            short = seen and _SHORT_NAMES.fullmatch(names.agency_key(read))
            if not short and not any(names.same_agency(read, other) for other in seen):
                seen.append(read)
                mended = names.mended(read)
                wrong = mended != flow.folded[start:end]
                value = plain(closed(mended if wrong else read))
                yield flow.field("issuing_agency", value, start, end, method, factor=factor, doubtful=wrong)


def _title_issuers(flow: Flow, begun: Opening) -> list[tuple[int, int]]:
    assert begun.title is not None
    lines = flow.lines[begun.title.first : begun.title.last]
    start, end = lines[0].start, lines[-1].end
    folded = flow.folded[start:end]
    words = load("schemas/agencies.yaml")["subject_begins"]
    spaced = [r"\s*".join(word) for word in [*words, *filter(None, [begun.title.genre])]]
    # 洪泽区人民政府2023年…年度报告: the year begins the subject as well.
    pattern = re.compile("|".join([*spaced, r"(?:19|20)\d\d", "[〇一二三四五六七八九]{4}年"]))
    cut = pattern.search(folded)
    if cut is None:
        return []
    gaps = [gap - start for gap in flow.gaps(start, start + cut.start())]
    spans = names.split(flow.text[start : start + cut.start()], gaps)
    if not spans and start + cut.start() >= lines[0].end:
        # 绍兴县人民政府 / 县长办公会议纪要: the agency has a line to itself.
        spans = names.split(lines[0].line.text)
    return [(start + a, start + b) for a, b in spans]


def _number(flow: Flow, begun: Opening, issued: str | None) -> Iterator[Field | None]:
    if begun.number is None:
        return
    line = flow.lines[begun.number]
    found = number_in(line)
    if not found and issued and (number := numbers.parse(line.closed.strip("()"), int(issued[:4]))):
        value: Value = numbers.field_value(number)
        yield flow.field("document_number", value, line.start, line.end, "year-of-issue", factor=_YEAR_TAKEN)
    if found:
        value = numbers.field_value(found.number)
        yield flow.field("document_number", value, line.start + found.start, line.start + found.end, "number-line")


def _title(flow: Flow, begun: Opening) -> Iterator[Field | None]:
    if begun.title is None:
        return
    lines = flow.lines[begun.title.first : begun.title.last]
    start, end = lines[0].start, lines[-1].end
    issuers = _title_issuers(flow, begun)
    head, wrong = "", False
    for place, (first, last) in enumerate(issuers):
        between = closed(flow.text[issuers[place - 1][1] : first]) if place else ""
        mended = names.mended(flow.text[first:last])
        changed = mended != flow.folded[first:last]
        head += (between or " ") * (place > 0) + plain(closed(mended if changed else flow.text[first:last]))
        wrong = wrong or changed
    rest = plain(flow.text[issuers[-1][1] if issuers else start : end].replace("\u3000", " "))
    factor = 1.0 if begun.head or begun.number is not None else 0.97
    if factor < 1 and not issuers and not names_its_subject(begun.title):
        factor = _BY_ITS_END_ALONE
    yield flow.field("title", head + rest, start, end, "title-block", factor=factor, doubtful=wrong)
    if not begun.title.genre:
        return
    places = [place for place in range(start, end) if not flow.folded[place].isspace()]
    at = begun.title.letters.rfind(begun.title.genre)
    yield flow.field(
        "genre",
        begun.title.genre,
        places[at],
        places[at + len(begun.title.genre) - 1] + 1,
        "title-block",
        factor=factor,
    )


def _dates(flow: Flow, begun: Opening, signature: tuple[int, int] | None, imprint: int) -> Iterator[Field | None]:
    """Yield the date of issue: from the note under the title, the signature, or else the imprint."""
    candidates: list[tuple[str, int, int, str, float]] = []
    # 第12期, editor and date stand under the head of a serial.
    serial = begun.title is not None and begun.title.genre in ("简报", "纪要", "会议纪要")
    if begun.title or begun.number is not None:
        for line in flow.lines[begun.after : begun.after + 4]:
            if names.is_person(line.closed):
                continue
            if tag(line) not in ("date", "number", "mark", "blank") and not line.closed.startswith("("):
                found = dates.find(line.line.text)
                if serial and found and found[-1].end == len(line.line.text.rstrip()):
                    start = line.start + found[-1].start
                    candidates.append((found[-1].date, start, line.start + found[-1].end, "head-date", 0.97))
                if serial:
                    continue
                break
            if tag(line) == "date" or line.closed.startswith("("):
                found = dates.find(line.line.text)
                if found and len(line.closed) <= 40:
                    start = line.start + found[0].start
                    candidates.append((found[0].date, start, line.start + found[0].end, "title-note", 1.0))
                    break
        if not candidates and begun.title:
            for index in range(begun.after):
                line = flow.lines[index]
                if index < begun.title.first and is_issue(line) and _signed(flow, line):
                    for when in dates.find(line.line.text)[-1:]:
                        start, end = line.start + when.start, line.start + when.end
                        candidates.append((when.date, start, end, "head-date", 0.97))
                if tag(line) == "date" and (iso := dates.parse(line.line.text)):
                    candidates.append((iso, line.start, line.end, "head-date", 0.97))
    if signature:
        for index in range(*signature):
            line = flow.lines[index]
            if found := dates.find(line.line.text):
                start = line.start + found[-1].start
                candidates.append((found[-1].date, start, line.start + found[-1].end, "signature", 1.0))
    if not candidates:
        for line in flow.lines[imprint:]:
            if foot.is_printing(line) and (found := dates.find(line.line.text)):
                start = line.start + found[-1].start
                candidates.append((found[-1].date, start, line.start + found[-1].end, "imprint", 0.8))
                break
    if candidates:
        value, start, end, method, factor = candidates[0]
        differ = any(other[0] != value for other in candidates[1:])
        yield flow.field("date_of_issue", value, start, end, method, factor=factor, doubtful=differ)


def _signed(flow: Flow, line: Printed) -> list[tuple[int, int]]:
    """Return the agencies of a line of the signature, what is left of a date on it."""
    found = dates.find(line.line.text)
    text = line.line.text[: found[0].start] if found else line.line.text
    return names.split(text, [gap - line.start for gap in flow.gaps(line.start, line.end)])


def _signature(flow: Flow, start: int, imprint: int) -> tuple[int, int] | None:
    """Return the lines (first, behind the last) of the date, alone or with agencies, that closes the text.

    It is the last one, unless another text (a forwarded paper, an attachment) begins behind an earlier one.
    """
    signature = None
    tags: dict[int, Tag] = {}
    for index in range(start, imprint):
        line = flow.lines[index]
        found = dates.find(line.line.text)
        if not found or len(found[-1].date) < 10 or closed(line.folded[found[-1].end :]) not in ("", "。"):
            continue
        before = line.line.text[: found[-1].start]
        if closed(before) and not names.split(before):
            continue
        first = index
        while first > start and index - first < 12 and names.split(flow.lines[first - 1].line.text):
            first -= 1
        signature = first, index + 1
        if _another_begins(flow, index + 1, imprint, tags):
            break
    return signature


def _another_begins(flow: Flow, start: int, end: int, known: dict[int, Tag]) -> bool:
    """Return whether a title or the heading 附件 follows within the next lines, whose tags `known` keeps."""
    ahead = flow.lines[start : min(start + 8, end)]
    for index, line in enumerate(ahead, start):
        if index not in known:
            known[index] = tag(line)
    tags = [known[index] for index in range(start, start + len(ahead))]
    heading = any(_ATTACHED.fullmatch(line.closed) for line in ahead[:2])
    return heading or title(ahead, tags, 0, free=False) is not None


def _addressees(flow: Flow, begun: Opening) -> Iterator[Field | None]:
    first = begun.after
    while first < len(flow.lines) and _under_title(flow.lines[first]):
        first += 1
    for last in range(first, min(first + _ADDRESSEE_LINES, len(flow.lines))):
        letters = flow.lines[last].closed
        if "。" in letters or (":" in letters and not letters.endswith(":")):
            break
        if letters.endswith(":"):
            start, end = flow.lines[first].start, flow.lines[last].end
            together = closed(flow.folded[start:end])
            if not _BODY_COLON.search(together) and not _BODY_BEGIN.match(together) and len(together) <= 240:
                colon = flow.folded.rindex(":", start, end)
                for a, b in lists.receivers(flow, start, colon):
                    known = names.receives(flow.text[a:b])
                    if known is not None:
                        value = plain(closed(flow.text[a:b]))
                        factor = 1.0 if known else _DOUBTFUL_RECEIVER
                        yield flow.field("addressee", value, a, b, "addressee-line", factor=factor)
            break


def _under_title(line: Printed) -> bool:
    """Return whether `line` may stand between the title and the addressees: date, number, speaker, 事由."""
    letters = line.closed
    noted = letters.startswith(("(", "事由:")) or names.is_person(letters)
    return noted or is_issue(line) or tag(line) in ("date", "blank", "number", "mark")


def _attachments(flow: Flow, start: int, until: int) -> Iterator[Field | None]:
    """Yield each title listed after 附件：under the text, before the signature."""
    stop = flow.lines[until].start if until < len(flow.lines) else len(flow.text)
    for index in range(start, min(until, len(flow.lines))):
        line = flow.lines[index]
        match = _ATTACHED.match(line.folded)
        if not match or not (match["colon"] or _NUMBERED.match(line.folded, match.end())):
            continue
        last = index + 1
        while last < until and not _ends_list(flow.lines[last]):
            last += 1
        end = min(flow.lines[last - 1].end, stop)
        begin = line.start + match.end()
        heads = [begin] + [flow.lines[k].start for k in range(index + 1, last)]
        starts = [
            (place, place + found.end()) for place in heads if (found := _NUMBERED.match(flow.folded[place:end]))
        ] or [(begin, begin)]
        for (_, first), (following, _) in zip(starts, [*starts[1:], (end, end)], strict=True):
            text = closed(flow.text[first:following]).rstrip("。;；")
            if text:
                finish = following
                while finish > first and (flow.text[finish - 1].isspace() or flow.text[finish - 1] in "。;；"):
                    finish -= 1
                yield flow.field("attachment", plain(closed(flow.text[first:finish])), first, finish, "attachment-note")
        return


def _ends_list(line: Printed) -> bool:
    letters = line.closed
    if _NUMBERED.match(line.folded.lstrip()):
        return False
    return bool(dates.find(line.line.text)) or bool(names.split(line.line.text)) or "。" in letters or len(letters) > 45

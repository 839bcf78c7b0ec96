"""The fields of an issued document: head, number, title, dates, addressees, imprint, citations."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from archivist.definitions import load
from archivist.describe import dates, lists, names, numbers, plan
from archivist.describe import imprint as foot
from archivist.describe.ink import Flow, Printed, closed, plain
from archivist.describe.opening import Opening, genres, head_agencies, number_in, opening, tag, title
from archivist.model import Field, Page, Value

_LEVEL = re.compile(r"(绝密|机密|秘密)")
_URGENCY = re.compile(r"(?:(?:等级|紧急程度|缓急)\s*:\s*)?(特急|特提|加急|平急|急件)")
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
_CITATION = re.compile(r"《(?P<title>(?:[^《》]|《[^《》]*》){2,120})》")
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
    found = [
        *_marks(flow, begun),
        *_issuers(flow, begun, signature),
        *_number(flow, begun),
        *_title(flow, begun),
        *_dates(flow, begun, signature, imprint),
        *_addressees(flow, begun),
        *_attachments(flow, begun.after, signature[0] if signature else imprint),
        *foot.fields(flow, imprint),
        *_citations(flow, body),
        *plan.fields(flow, begun.after),
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
        gaps = [gap - start for gap in flow.gaps(start, end)]
        spans = names.split(flow.text[start:end], gaps) or [(0, end - start)]
        factor = 1.0 if names.is_agency(flow.text[start:end]) else 0.85
        groups.append(_Agencies([(start + a, start + b) for a, b in spans], "red-head", factor))
    if begun.title:
        groups.append(_Agencies(_title_issuers(flow, begun), "title-block", 1.0))
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
            key = names.agency_key(flow.text[start:end])
            known = key in seen or (seen and _SHORT_NAMES.fullmatch(key))
            if not known:
                seen.append(key)
                read = flow.text[start:end]
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
    spaced = [r"\s*".join(word) for word in [*words, begun.title.genre]]
    # 洪泽区人民政府2023年…年度报告: the year begins the subject as well.
    pattern = re.compile("|".join([*spaced, r"(?:19|20)\d\d", "[〇一二三四五六七八九]{4}年"]))
    cut = pattern.search(folded)
    if cut is None:
        return []
    gaps = [gap - start for gap in flow.gaps(start, start + cut.start())]
    return [(start + a, start + b) for a, b in names.split(flow.text[start : start + cut.start()], gaps)]


def _number(flow: Flow, begun: Opening) -> Iterator[Field | None]:
    if begun.number is None:
        return
    line = flow.lines[begun.number]
    if found := number_in(line):
        value: Value = number_value(found.number)
        yield flow.field("document_number", value, line.start + found.start, line.start + found.end, "number-line")


def number_value(number: numbers.DocumentNumber) -> dict[str, Value]:
    """Return the field value of a document number."""
    return {
        "text": str(number),
        "agency_code": number.agency_code,
        "year": number.year,
        "number": number.number,
    }


def _title(flow: Flow, begun: Opening) -> Iterator[Field | None]:
    if begun.title is None:
        return
    lines = flow.lines[begun.title.first : begun.title.last]
    start, end = lines[0].start, lines[-1].end
    issuers = _title_issuers(flow, begun)
    head = ""
    for place, (first, last) in enumerate(issuers):
        between = closed(flow.text[issuers[place - 1][1] : first]) if place else ""
        head += (between or " ") * (place > 0) + plain(closed(flow.text[first:last]))
    rest = plain(flow.text[issuers[-1][1] if issuers else start : end].replace("\u3000", " "))
    factor = 1.0 if begun.head or begun.number is not None else 0.97
    yield flow.field("title", head + rest, start, end, "title-block", factor=factor)
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
        if _another_begins(flow, index + 1, imprint):
            break
    return signature


def _another_begins(flow: Flow, start: int, end: int) -> bool:
    """Return whether a title or the heading 附件 follows within the next lines."""
    ahead = flow.lines[start : min(start + 8, end)]
    tags = [tag(line) for line in ahead]
    heading = any(_ATTACHED.fullmatch(line.closed) for line in ahead[:2])
    return heading or title(ahead, tags, 0, free=False) is not None


def _addressees(flow: Flow, begun: Opening) -> Iterator[Field | None]:
    first = begun.after
    while first < len(flow.lines) and (
        tag(flow.lines[first]) in ("date", "blank", "number", "mark") or flow.lines[first].closed.startswith("(")
    ):
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
                    yield flow.field("addressee", plain(closed(flow.text[a:b])), a, b, "addressee-line")
            break


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


def _citations(flow: Flow, start: int) -> Iterator[Field | None]:
    """Yield each paper cited as 《title》 once, with its number where that stands beside the title."""
    known: dict[str, tuple[Value, int, int]] = {}
    found = numbers.find(flow.text[start:])
    for match in _CITATION.finditer(flow.folded, start):
        title = plain(closed(flow.text[match.start("title") : match.end("title")]))
        # 《决定》, 《纲要》 alone point back at a paper named before.
        if title in genres():
            continue
        first, last, number = match.start(), match.end(), None
        for other in found:
            gap_after = flow.folded[match.end() : start + other.start]
            gap_before = flow.folded[start + other.end : match.start()]
            if 0 <= start + other.start - match.end() <= 3 and not gap_after.strip(" ("):
                number, last = other.number, start + other.end
                last += "(" in gap_after and flow.folded[last : last + 1] == ")"
            elif 0 <= match.start() - start - other.end <= 2 and not gap_before.strip(" )文件"):
                number, first = other.number, start + other.start
        if title not in known or (number and not known[title][0]):
            known[title] = (number_value(number) if number else None), first, last
    for title, (value, first, last) in known.items():
        yield flow.field("citation", {"title": title, "document_number": value}, first, last, "running-text")

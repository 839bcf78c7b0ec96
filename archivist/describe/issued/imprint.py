"""The imprint (版记) at the foot of an issued document: 主题词, 抄送, who printed it and when."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from archivist.describe import dates, names
from archivist.describe.ink import Flow, Printed, closed, plain
from archivist.describe.issued import lists
from archivist.describe.issued.receivers import listed
from archivist.describe.issued.signs import pieces
from archivist.model import Field

# The first character of 抄送 and the last of 主题词 are the ones readers take for others.
_COPIED = (
    r"(?:[抄沙钞]\s*[送报发致呈]\s*(?:[报送发]\s*)?|分\s*送|报\s*送|发\s*送)(?:\s*(?:单\s*位|机\s*关))?"
    r"(?:\s*[:;.]\s*|\s+)|[报送发抄]\s*:\s*"  # 报：, 送：, 发： alone need their colon
)
_MAIN = r"主\s*送(?:\s*(?:单\s*位|机\s*关))?\s*:\s*"
_TERMS = r"主\s*题\s*[词同间诃]\s*[:;]?\s*"
_LABEL = re.compile(rf"(?P<copied_to>{_COPIED})|(?P<addressee>{_MAIN})|(?P<subject_term>{_TERMS})")
_COLOPHON = re.compile(r"\(|共?\s*印|份\s*数|校\s*对|打\s*[字印]|存\s*档|联\s*系|录\s*入|责\s*任")
# Stars and triangles mark the term that says the genre.
_TERM_MARKS = "△▲*☆★·"
_PRINTED = r"(?:印发|印制|翻印|印刷|打印|制发|排印|编印|印)"
_COPIES = re.compile(r"[(,]?共?计?印?[\d〇一二三四五六七八九十百千]+份[)。]?$")
_PRINTER = re.compile(rf"(?P<agency>[^,。:;《》]{{0,24}}?)(?P<word>{_PRINTED})")
_TERM_LETTERS = 12
_SPARSE = 8


class Printing(NamedTuple):
    """When the paper was printed, and by whom; spans in the flow, of the agency None where it is not said."""

    date: str
    when: tuple[int, int]
    agency: tuple[int, int] | None


def first_line(flow: Flow, start: int) -> int:
    """Return the index of the first line of the imprint (版记), the number of lines where there is none."""
    first = len(flow.lines)
    for index in reversed(range(start, len(flow.lines))):
        line = flow.lines[index]
        begins = _LABEL.match(line.folded.lstrip())
        printed = is_printing(line)
        if begins or printed:
            first = index
            if printed and index > start and names.is_agency(flow.lines[index - 1].line.text):
                first = _printer_line(flow, index)
        elif first - index > _SPARSE:
            break
    return first


def is_printing(line: Printed) -> bool:
    """Return whether `line` says when the paper was printed (印发, 翻印)."""
    return _printing(line) is not None


def printings(flow: Flow, start: int) -> Iterator[Printing]:
    """Yield what the imprint from line `start` says about printing, with the agency of the line above if need be."""
    labelled = False
    for index in range(start, len(flow.lines)):
        line = flow.lines[index]
        labelled = labelled or _LABEL.match(line.folded.lstrip()) is not None
        found = _printing(line) or (_agency_and_date(flow, index) if labelled else None)
        if found is None:
            continue
        when, agency = found
        span = (line.start + agency[0], line.start + agency[1]) if agency else None
        if span is None and index > 0 and names.is_agency(flow.lines[index - 1].line.text):
            span = flow.lines[index - 1].start, flow.lines[index - 1].end
        yield Printing(when.date, (line.start + when.start, line.start + when.end), span)


def fields(flow: Flow, start: int) -> Iterator[Field | None]:
    """Yield what the imprint says that begins on line `start` of `flow`."""
    for index in range(start, len(flow.lines)):
        line = flow.lines[index]
        labels = _labels(line)
        bounds = [match.start() for match in labels[1:]]
        for place, match in enumerate(labels):
            name = str(match.lastgroup)
            begin = line.start + match.end()
            end = line.start + bounds[place] if place < len(bounds) else _entry_end(flow, index, name)
            if name == "subject_term":
                for a, b in lists.words(flow, begin, end):
                    yield flow.field(name, plain(closed(flow.text[a:b])).strip(_TERM_MARKS) or None, a, b, "imprint")
            else:
                yield from listed(flow, name, begin, end, "imprint")
    for printing in printings(flow, start):
        yield flow.field("print_date", printing.date, *printing.when, "imprint")
        if printing.agency:
            text = closed(flow.text[slice(*printing.agency)])
            factor = 1.0 if names.is_agency(text) else 0.85
            if len(text) > 2:
                yield flow.field("printing_agency", plain(text), *printing.agency, "imprint", factor=factor)


def _labels(line: Printed) -> list[re.Match[str]]:
    """Return the labels on `line`: at its beginning, behind a point, and where white space sets them apart."""
    begins = {start for start, _ in pieces(line)} | {match.end() for match in re.finditer(r"^\s*|[\s。;]", line.folded)}
    return [match for match in _LABEL.finditer(line.folded) if match.start() in begins]


def _printing(line: Printed) -> tuple[dates.Found, tuple[int, int] | None] | None:
    """Return the date of printing on `line` and the span of the agency beside it (市政府办公室 1995年6月9日印发)."""
    found = dates.find(line.line.text)
    if not found:
        return None
    when = found[-1]
    places = [
        place for place, char in enumerate(line.folded) if not char.isspace() and not when.start <= place < when.end
    ]
    rest = _COPIES.sub("", "".join(line.folded[place] for place in places))
    match = _PRINTER.fullmatch(rest.rstrip("。"))
    if not match:
        return None
    agency = match["agency"]
    return when, (places[0], places[len(agency) - 1] + 1) if agency else None


def _agency_and_date(flow: Flow, index: int) -> tuple[dates.Found, tuple[int, int]] | None:
    """Return date and agency of a line under 抄送 or 主题词 that is no more than that."""
    line = flow.lines[index]
    found = dates.find(line.line.text)
    if len(found) != 1 or closed(line.folded[found[0].end :]) or len(found[0].date) < 10:
        return None
    agency = line.folded[: found[0].start].rstrip()
    lead = len(agency) - len(agency.lstrip())
    return (found[0], (lead, len(agency))) if names.is_agency(agency) else None


def _printer_line(flow: Flow, index: int) -> int:
    """Return the line of the agency above a date of printing where the date's own line has none."""
    found = _printing(flow.lines[index])
    return index - 1 if found and found[1] is None else index


def _entry_end(flow: Flow, index: int, name: str) -> int:
    """Return where the entry of the imprint that begins on line `index` ends, lines further down."""
    for before, following in pairwise(range(index, len(flow.lines))):
        line = flow.lines[following]
        text = line.folded.lstrip()
        stops = (
            ("。" in flow.lines[before].closed[-1:] and not _more_receivers(flow, index, following))
            or line.kind == "handwriting"
            or _LABEL.match(text)
            or dates.find(text)
            or _COLOPHON.match(text)
            or (following + 1 < len(flow.lines) and _printer_line_follows(flow, following))
            or (name == "subject_term" and not _more_terms(flow, index, following))
        )
        if stops:
            return line.start
    return len(flow.text)


def _more_terms(flow: Flow, first: int, index: int) -> bool:
    """Return whether line `index` goes on with the terms of line `first`: short, set in, and no agency."""
    label, line = flow.lines[first], flow.lines[index]
    size = line.line.box.height
    inner = line.line.box.left > label.line.box.left + 2 * size
    return inner and len(line.closed) <= _TERM_LETTERS and not names.split(line.line.text)


def _more_receivers(flow: Flow, first: int, index: int) -> bool:
    """Return whether line `index`, set in under that of the label, goes on with the list behind a 。."""
    label, line = flow.lines[first], flow.lines[index]
    if line.line.box.left <= label.line.box.left + line.line.box.height:
        return False
    entries = lists.receivers(flow, line.start, line.end)
    return bool(entries) and all(names.receives(flow.text[a:b]) for a, b in entries)


def _printer_line_follows(flow: Flow, index: int) -> bool:
    """Return whether line `index` is the agency that printed, with its date on the next line."""
    found = _printing(flow.lines[index + 1])
    return found is not None and found[1] is None and names.is_agency(flow.lines[index].line.text)

"""The imprint (版记) at the foot of an issued document: 主题词, 抄送, who printed it and when."""

import re
from collections.abc import Iterator

from archivist.describe import dates, lists, names
from archivist.describe.ink import Flow, Printed, closed, plain
from archivist.model import Field

_COPIED = re.compile(r"(?:抄\s*送|抄\s*报|抄\s*发|抄\s*致|分\s*送|报\s*送|[报送发])(?:\s*(?:单\s*位|机\s*关))?\s*:\s*")
_MAIN = re.compile(r"主\s*送(?:\s*(?:单\s*位|机\s*关))?\s*:\s*")
_TERMS = re.compile(r"主\s*题\s*词\s*[::]?\s*")
_COLOPHON = re.compile(r"\(|共?\s*印|份\s*数|校\s*对|打\s*[字印]|存\s*档|联\s*系")
# Stars and triangles mark the term that says the genre.
_TERM_MARKS = "△▲*☆★·"
_PRINTED = re.compile(r"\s*(?:印\s*发|印\s*制|翻\s*印|印)\s*$")


def first_line(flow: Flow, start: int) -> int:
    """Return the index of the first line of the imprint (版记), the number of lines where there is none."""
    first = len(flow.lines)
    for index in reversed(range(start, len(flow.lines))):
        line = flow.lines[index]
        begins = _TERMS.match(line.folded.lstrip()) or _COPIED.match(line.folded.lstrip())
        printed = is_printing(line)
        if begins or printed:
            first = index
            if printed and index > start and names.is_agency(flow.lines[index - 1].line.text):
                first = _printer_line(flow, index)
        elif first - index > 8:
            break
    return first


def _printer_line(flow: Flow, index: int) -> int:
    """Return the line of the agency above a date of printing where the date's own line has none."""
    found = dates.find(flow.lines[index].line.text)
    alone = not closed(flow.lines[index].folded[: found[0].start])
    return index - 1 if alone else index


def is_printing(line: Printed) -> bool:
    """Return whether `line` says when the paper was printed (印发, 翻印)."""
    return bool(_PRINTED.search(line.folded) and dates.find(line.line.text))


def fields(flow: Flow, start: int) -> Iterator[Field | None]:
    """Yield what the imprint says that begins on line `start` of `flow`."""
    lines = flow.lines
    for index in range(start, len(lines)):
        line = lines[index]
        lead = len(line.folded) - len(line.folded.lstrip())
        for name, pattern in (("subject_term", _TERMS), ("copied_to", _COPIED), ("addressee", _MAIN)):
            if match := pattern.match(line.folded, lead):
                begin, end = line.start + match.end(), _entry_end(flow, index, name)
                terms = name == "subject_term"
                for a, b in lists.words(flow, begin, end) if terms else lists.receivers(flow, begin, end):
                    known = terms or names.receives(flow.text[a:b])
                    if known is not None:
                        value = plain(closed(flow.text[a:b])).strip(_TERM_MARKS)
                        yield flow.field(name, value, a, b, "imprint", factor=1.0 if known else 0.89)
        if _PRINTED.search(line.folded) and (found := dates.find(line.line.text)):
            when = found[-1]
            if len(when.date) == 10:
                begin = line.start + when.start
                yield flow.field("print_date", when.date, begin, line.start + when.end, "imprint")
            agency = line.start + lead, line.start + when.start
            factor = 1.0
            if not closed(flow.text[slice(*agency)]) and index > 0:
                agency = lines[index - 1].start, lines[index - 1].end
                factor = 1.0 if names.is_agency(flow.text[slice(*agency)]) else 0.0
            elif not names.is_agency(flow.text[slice(*agency)]):
                factor = 0.85
            if factor and len(closed(flow.text[slice(*agency)])) >= 3:
                value = plain(closed(flow.text[slice(*agency)]))
                yield flow.field("printing_agency", value, *agency, "imprint", factor=factor)


def _entry_end(flow: Flow, index: int, name: str) -> int:
    """Return where the entry of the imprint that begins on line `index` ends, lines further down."""
    for following in range(index + 1, len(flow.lines)):
        line = flow.lines[following]
        text = line.folded.lstrip()
        stops = (
            "。" in flow.lines[following - 1].closed[-1:]
            or name == "subject_term"
            or any(pattern.match(text) for pattern in (_TERMS, _COPIED, _MAIN))
            or dates.find(text)
            or _PRINTED.search(text)
            or _COLOPHON.match(text)
            or (following + 1 < len(flow.lines) and _printer_line_follows(flow, following))
        )
        if stops:
            return line.start
    return len(flow.text)


def _printer_line_follows(flow: Flow, index: int) -> bool:
    """Return whether line `index` is the agency that printed, with its date on the next line."""
    return is_printing(flow.lines[index + 1]) and names.is_agency(flow.lines[index].line.text)

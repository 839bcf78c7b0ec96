"""The fields of a circulation slip, from the labels of its form."""

import re
from collections.abc import Iterable, Sequence

from archivist.definitions import load
from archivist.describe import dates, numbers
from archivist.describe.ink import Flow, closed, plain
from archivist.describe.names import is_agency
from archivist.describe.numerals import integer
from archivist.describe.slips import annotations, entries, hand, rows
from archivist.describe.slips.entries import Entry
from archivist.describe.slips.forms import FilledForm, Form, recognise
from archivist.describe.slips.hand import Context
from archivist.model import Field, Page, Value

_SERIAL = re.compile(r"第?([\da-z〇一二三四五六七八九十百\-/.]+)号?")
_COUNT = re.compile(r"(?:共|第|一式)?([\d〇零一二两三四五六七八九十廿卅壹贰叁肆伍陆柒捌玖拾]{1,4})[份件页张本]?")
_LONG_YEAR = re.compile(r"\d{4}|[〇一二三四五六七八九]{4}|民国")
_YEAR_ALONE = re.compile(r"((?:19|20)\d\d|[一二][九〇][〇一二三四五六七八九]{2})(?=\s*年)")
_SHORT_YEAR = re.compile(r"\s*(\d\d)\s*[年./\-,]")
# The closing bracket of a year, written as a stroke.
_CLOSING = re.compile(r"(?<=[〔\[(（【](?:19|20)\d\d)\s*[Iil1|!丨丿/]\s*(?=\d)")
_BRACKETED = re.compile(r"[\[【]((?:19|20)?\d\d)[\]】]")
_DASHES = re.compile(r"--+|——+")
_NOTHING = frozenset({"无", "/", "—", "--"})
_JUNK = " \t:：;；,，.、|\\_•·●○*☑✓√'`~"
_LONGEST_SECRECY = 8
_LONGEST_ROOM = 8
# A line of the form, read behind the words that stand on it.
_RULE = re.compile(r"(?<=[\u3400-\u9fff。])[一\-\s]*[—―─_]+[一—―─_\-\s]*$")
# A line of another language below the Chinese: the translation of a label.
_TRANSLATED = re.compile(r"(?<=[\u3400-\u9fff])[A-Za-z][A-Za-z\s.,'&/()-]*$")
_SECRECY = re.compile(r"[密秘绝]|内部|公开|普通|一般|限")


def fields(
    pages: Iterable[Page], context_year: int | None = None, known: Sequence[Form] | None = None
) -> tuple[Field, ...]:
    """Return the fields of the slip on `pages`; `context_year` is for dates where it names no year itself.

    A page that is none of the `known` forms (by default those of `schemas/forms`) gives none.
    """
    found: list[Field] = []
    for page in pages:
        if filled := recognise(page, known):
            found += _of_form(filled, context_year)
    return tuple(found)


def _of_form(filled: FilledForm, context_year: int | None) -> list[Field]:
    flow = filled.flow
    beside = entries.entries(filled)
    year = _year(flow, beside) or context_year
    received = next(
        (
            field.value
            for entry in beside
            if entry.label.field == "received_date"
            for field in _single(flow, entry, year)
        ),
        None,
    )
    received = received if isinstance(received, str) else None
    if received:
        year = int(received[:4])
    found = [*_form_agency(filled)]
    noted: str | None = None
    for entry in beside:
        if entry.label.field == "annotation":
            kind = entry.label.kind or "reading"
            signed = entry.label.value == "signature"
            notes = annotations.read(flow, entry.spans, kind, Context(year, received, noted), signed=signed)
            for note in notes:
                noted = max(filter(None, [noted, note.date]), default=None)
                factor = entry.factor * note.factor
                found += _present(
                    flow.field("annotation", note.value, note.start, note.end, entry.method, factor=factor)
                )
        elif entry.label.field:
            found += _single(flow, entry, year)
    return found + _printed_date(filled, beside)


def _single(flow: Flow, entry: Entry, year: int | None) -> list[Field]:
    """Return the field of a label that is not for annotations, none where the value is not of its kind."""
    start, end = entry.spans[0][0], entry.spans[-1][1]
    while start < end and (flow.folded[start].isspace() or flow.folded[start] in _JUNK):
        start += 1
    while end > start and (flow.folded[end - 1].isspace() or flow.folded[end - 1] in _JUNK):
        end -= 1
    if rule := _RULE.search(flow.text, start, end):
        end = rule.start()
    if (latin := _TRANSLATED.search(flow.text, start, end)) and rows.begins_row(flow, latin.start()):
        end = latin.start()
    text = flow.text[start:end]
    meant = hand.mended(flow, start, end)
    value: Value = plain(meant)
    letters = closed(flow.folded[start:end])
    kind, factor, doubtful = entry.label.value, entry.factor, meant != text
    if kind == "number":
        number = numbers.parse(meant) or numbers.parse(_CLOSING.sub("〕", meant))
        value = str(number) if number else value
    elif kind == "count":
        match = _COUNT.fullmatch(letters) or _COUNT.fullmatch(hand.digits(letters))
        value = integer(match[1]) if match else None
        doubtful = match is not None and match.string != letters
    elif kind == "serial":
        match = _SERIAL.fullmatch(hand.digits(letters))
        doubtful = hand.digits(letters) != letters
        value = _DASHES.sub("—", match[1].upper() if match else _BRACKETED.sub(r"〔\1〕", closed(plain(text))))
    elif kind == "secrecy":
        value = value if len(letters) <= _LONGEST_SECRECY and _SECRECY.search(letters) else None
    elif kind == "date":
        value = None
        if whole := hand.parse(flow, start, end, year):
            value, factor, doubtful = whole[0], factor * whole[1], whole[1] < 1
        elif inside := dates.find(text, year):
            start, end, value = start + inside[0].start, start + inside[0].end, inside[0].date
    if value is None or value == "" or value in _NOTHING or entry.label.field is None:
        return []
    return _present(flow.field(entry.label.field, value, start, end, entry.method, factor=factor, doubtful=doubtful))


def _form_agency(filled: FilledForm) -> list[Field]:
    if filled.heading is None:
        return []
    flow, (start, _) = filled.flow, filled.heading
    block = next(block for block in filled.blocks if block.start <= start < block.end)
    before = block.start, start
    if not closed(flow.text[block.start : start]):
        index = flow.line_at(start)
        if index == 0 or not _is_office(flow.lines[index - 1].line.text):
            return []
        before = flow.lines[index - 1].start, flow.lines[index - 1].end
    text = flow.text[slice(*before)]
    if not re.fullmatch(r"[\u3400-\u9fff()（）]{2,}", closed(text)):
        return []
    factor = 1.0 if _is_office(text) else 0.9
    return _present(flow.field("form_agency", plain(text), *before, "form-heading", factor=factor))


def _is_office(text: str) -> bool:
    """Return whether all of `text` is an agency, or a room of one that keeps its papers: 县委机要收发室."""
    name = closed(text)
    rooms = [cut for cut in range(3, len(name) - 1) if len(name) - cut <= _LONGEST_ROOM and is_agency(name[:cut])]
    return is_agency(name) or (bool(rooms) and name.endswith(tuple(load("schemas/slips.yaml")["units"])))


def _printed_date(filled: FilledForm, beside: Sequence[Entry]) -> list[Field]:
    """Return the date of the form itself: full, at its foot, and nobody's."""
    taken = {span for entry in beside for span in entry.spans}
    for index in reversed(range(len(filled.blocks))):
        block = filled.blocks[index]
        if (block.start, block.end) not in taken and entries.is_printed_date(filled, index):
            value = entries.printed_date(filled.flow.text[block.start : block.end])
            return _present(filled.flow.field("printed_date", value, block.start, block.end, "form-foot"))
    return []


def _year(flow: Flow, beside: Sequence[Entry]) -> int | None:
    """Return the year the slip names in full: in a date, by itself, or in the number of its paper."""
    for found in reversed(dates.find(flow.text)):
        if _LONG_YEAR.search(flow.folded, found.start, found.end):
            return int(found.date[:4])
    for entry in beside:
        if entry.label.value == "number" and (
            number := numbers.parse(flow.text[entry.spans[0][0] : entry.spans[-1][1]])
        ):
            return number.year
    if (alone := _YEAR_ALONE.search(flow.folded)) and (year := integer(alone[1])):
        return year
    for entry in beside:
        if entry.label.value == "date" and (short := _SHORT_YEAR.match(flow.folded, *entry.spans[0])):
            return dates.full_year(int(short[1]), None)
    return None


def _present(field: Field | None) -> list[Field]:
    return [field] if field else []

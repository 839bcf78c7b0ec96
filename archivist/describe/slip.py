"""The fields of a circulation slip, from the labels of its form."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from archivist.describe import annotations, dates, numbers
from archivist.describe.forms import Block, FilledForm, Label, Mark, recognise
from archivist.describe.ink import Flow, closed, plain
from archivist.describe.names import is_agency
from archivist.describe.numerals import integer
from archivist.model import Field, Page, Value

_EMPTY = re.compile(r"[\s:;,.。、/|\\\-_()·]*")
_SERIAL = re.compile(r"第?([\da-z〇一二三四五六七八九十百\-/.]+)号?")
_COUNT = re.compile(r"(?:共|第)?([\d〇零一二两三四五六七八九十廿卅壹贰叁肆伍陆柒捌玖拾]{1,4})[份件页张]?")
_LONG_YEAR = re.compile(r"\d{4}|[〇一二三四五六七八九]{4}|民国")
_FULL_DATE = re.compile(r".*年.*月.*")


@dataclass(frozen=True, slots=True)
class _Entry:
    """What is written beside one label: spans of the flow in reading order, and the rule that found them."""

    label: Label
    spans: tuple[tuple[int, int], ...]
    method: str
    factor: float


def fields(pages: Iterable[Page], context_year: int | None = None) -> tuple[Field, ...]:
    """Return the fields of the slip on `pages`; `context_year` is for dates where it names no year itself.

    A page that is no known form gives none.
    """
    found: list[Field] = []
    for page in pages:
        if filled := recognise(page):
            found += _of_form(filled, context_year)
    return tuple(found)


def _of_form(filled: FilledForm, context_year: int | None) -> list[Field]:
    flow = filled.flow
    entries = _entries(filled)
    year = _year(flow, entries) or context_year
    received = next(
        (
            field.value
            for entry in entries
            if entry.label.field == "received_date"
            for field in _single(flow, entry, year)
        ),
        None,
    )
    received = received if isinstance(received, str) else None
    if received:
        year = int(received[:4])
    found = [*_form_agency(filled)]
    for entry in entries:
        if entry.label.field == "annotation":
            kind = entry.label.kind or "reading"
            for note in annotations.read(flow, entry.spans, kind, year, received):
                found += _present(
                    flow.field("annotation", note.value, note.start, note.end, entry.method, factor=entry.factor)
                )
        elif entry.label.field:
            found += _single(flow, entry, year)
    return found + _printed_date(filled, entries)


def _entries(filled: FilledForm) -> list[_Entry]:
    """Return what stands beside each label, in the order of the labels."""
    blocks, flow = filled.blocks, filled.flow
    claimed: set[int] = set()
    entries: list[_Entry] = []
    late: list[tuple[int, int, int, Mark]] = []
    for index, block in enumerate(blocks):
        for place, mark in enumerate(block.marks):
            until = block.marks[place + 1].start if place + 1 < len(block.marks) else block.end
            last = place + 1 == len(block.marks)
            if mark.label.value in ("column", "heading"):
                continue
            if mark.label.value == "readings":
                late.append((len(entries), index, until, mark))
                continue
            inline = not _EMPTY.fullmatch(flow.folded, mark.end, until)
            spans = [(mark.end, until)] if inline else []
            method, factor = "form-cell" if block.cell else "form-line", 1.0
            if not inline and last:
                beside, factor = _beside(filled, index, claimed)
                spans = [(blocks[other].start, blocks[other].end) for other in beside]
                claimed.update(beside)
            if last and mark.label.value in ("text", "annotation") and block.cell is None:
                more = _below(filled, max([index, *claimed]) if spans and not inline else index, claimed, mark.label)
                spans += [(blocks[other].start, blocks[other].end) for other in more]
                claimed.update(more)
            if last and inline and mark.label.value == "annotation" and block.cell is not None:
                more = _cells_below(filled, index, claimed)
                spans += [(blocks[other].start, blocks[other].end) for other in more]
                claimed.update(more)
            if spans:
                entries.append(_Entry(mark.label, tuple(spans), method, factor))
    for position, index, until, mark in reversed(late):
        spans = [(mark.end, until)]
        for other in range(index + 1, len(blocks)):
            if any(known.label.value not in ("column", "heading") for known in blocks[other].marks):
                break
            if other not in claimed and not blocks[other].marks and not _is_printed_date(filled, other):
                spans.append((blocks[other].start, blocks[other].end))
                claimed.add(other)
        entries.insert(
            position,
            _Entry(mark.label, tuple(spans), "form-cell" if blocks[index].cell else "form-line", 1.0),
        )
    return entries


def _beside(filled: FilledForm, index: int, claimed: set[int]) -> tuple[list[int], float]:
    """Return the blocks with the value of the label that fills block `index`, and how sure that rule is."""
    blocks, cell = filled.blocks, filled.blocks[index].cell
    if cell is not None and cell.row is not None and cell.column is not None:
        for rule in (_right_of, _under):
            other = rule(blocks, index)
            if other is not None and not blocks[other].marks:
                free = other not in claimed and not _EMPTY.fullmatch(
                    filled.flow.folded, blocks[other].start, blocks[other].end
                )
                return ([other] if free else []), (1.0 if rule is _right_of else 0.92)
    following = index + 1
    if following == len(blocks) or blocks[following].marks or following in claimed:
        return [], 1.0
    outside = cell is None and blocks[following].cell is None
    return ([following] if outside and not _is_printed_date(filled, following) else []), 1.0


def _right_of(blocks: tuple[Block, ...], index: int) -> int | None:
    own = blocks[index].cell
    assert own is not None and own.row is not None and own.column is not None
    rows = range(own.row, own.row + own.rows)
    right = [
        (cell.column, cell.row, place)
        for place, block in enumerate(blocks)
        if (cell := block.cell) and cell.table == own.table and cell.column is not None and cell.row is not None
        if cell.column >= own.column + own.columns and cell.row < rows.stop and cell.row + cell.rows > rows.start
    ]
    return min(right)[2] if right else None


def _under(blocks: tuple[Block, ...], index: int) -> int | None:
    own = blocks[index].cell
    assert own is not None and own.row is not None and own.column is not None
    columns = range(own.column, own.column + own.columns)
    under = [
        (cell.row, cell.column, place)
        for place, block in enumerate(blocks)
        if (cell := block.cell) and cell.table == own.table and cell.column is not None and cell.row is not None
        if cell.row >= own.row + own.rows and cell.column < columns.stop and cell.column + cell.columns > columns.start
    ]
    return min(under)[2] if under else None


def _cells_below(filled: FilledForm, index: int, claimed: set[int]) -> list[int]:
    """Return the cells of the same width below block `index` that go on with its entry: a signature has its own row."""
    blocks, own = filled.blocks, filled.blocks[index].cell
    more: list[int] = []
    last = index
    while (other := _under(blocks, last)) is not None:
        block, cell = blocks[other], blocks[other].cell
        wide = own and cell and (cell.column, cell.columns) == (own.column, own.columns)
        if not wide or block.marks or block.start == block.end or other in claimed or _is_printed_date(filled, other):
            break
        more.append(other)
        last = other
    return more


def _below(filled: FilledForm, index: int, claimed: set[int], label: Label) -> list[int]:
    """Return the further lines of a longer entry on a form whose ruling was not seen."""
    more = []
    for other in range(index + 1, len(filled.blocks)):
        block = filled.blocks[other]
        if block.cell or block.marks or other in claimed or _is_printed_date(filled, other):
            break
        if label.value == "text" and dates.parse(filled.flow.text[block.start : block.end]):
            break
        more.append(other)
    return more


def _single(flow: Flow, entry: _Entry, year: int | None) -> list[Field]:
    """Return the field of a label that is not for annotations, none where the value is not of its kind."""
    start, end = entry.spans[0][0], entry.spans[-1][1]
    while start < end and _EMPTY.fullmatch(flow.folded[start]) and flow.folded[start] != "(":
        start += 1
    while end > start and _EMPTY.fullmatch(flow.folded[end - 1]) and flow.folded[end - 1] not in ")。":
        end -= 1
    text = flow.text[start:end]
    value: Value = plain(text)
    letters = closed(flow.folded[start:end])
    kind = entry.label.value
    if kind == "number":
        number = numbers.parse(text)
        value = str(number) if number else value
    elif kind == "count":
        match = _COUNT.fullmatch(letters)
        value = integer(match[1]) if match else None
    elif kind == "serial":
        match = _SERIAL.fullmatch(letters)
        value = (match[1] if match else letters).upper()
    elif kind == "secrecy":
        value = value if value not in ("无", "/") and len(letters) <= 8 else None
    elif kind == "date":
        value = dates.parse(text, year)
        if value is None and (inside := dates.find(text, year)):
            start, end, value = start + inside[0].start, start + inside[0].end, inside[0].date
    if value is None or value == "" or entry.label.field is None:
        return []
    return _present(flow.field(entry.label.field, value, start, end, entry.method, factor=entry.factor))


def _form_agency(filled: FilledForm) -> list[Field]:
    if filled.heading is None:
        return []
    flow, (start, _) = filled.flow, filled.heading
    block = next(block for block in filled.blocks if block.start <= start < block.end)
    before = block.start, start
    if not closed(flow.text[block.start : start]):
        index = flow.line_at(start)
        if index == 0 or not is_agency(flow.lines[index - 1].line.text):
            return []
        before = flow.lines[index - 1].start, flow.lines[index - 1].end
    text = flow.text[slice(*before)]
    if not re.fullmatch(r"[\u3400-\u9fff()（）]{2,}", closed(text)):
        return []
    factor = 1.0 if is_agency(text) else 0.9
    return _present(flow.field("form_agency", plain(text), *before, "form-heading", factor=factor))


def _printed_date(filled: FilledForm, entries: list[_Entry]) -> list[Field]:
    """Return the date of the form itself: full, at its foot, and nobody's."""
    taken = {span for entry in entries for span in entry.spans}
    for index in reversed(range(len(filled.blocks))):
        block = filled.blocks[index]
        if (block.start, block.end) not in taken and _is_printed_date(filled, index):
            value = dates.parse(filled.flow.text[block.start : block.end])
            return _present(filled.flow.field("printed_date", value, block.start, block.end, "form-foot"))
    return []


def _is_printed_date(filled: FilledForm, index: int) -> bool:
    """Return whether block `index` is only a full date, printed, with nothing but blanks after it."""
    blocks, flow = filled.blocks, filled.flow
    text = flow.text[blocks[index].start : blocks[index].end]
    if not _FULL_DATE.fullmatch(text) or not dates.parse(text):
        return False
    line = flow.lines[flow.line_at(blocks[index].start)]
    rest = flow.folded[blocks[index].end :]
    return not line.line.handwritten and len(closed(rest)) <= 12


def _year(flow: Flow, entries: list[_Entry]) -> int | None:
    """Return the year the slip names in full: in a date, by itself, or in the number of its paper."""
    for found in reversed(dates.find(flow.text)):
        if _LONG_YEAR.search(flow.folded, found.start, found.end):
            return int(found.date[:4])
    if alone := re.search(r"(?:19|20)\d\d(?=\s*年)", flow.folded):
        return int(alone[0])
    for entry in entries:
        if entry.label.value == "number" and (
            number := numbers.parse(flow.text[entry.spans[0][0] : entry.spans[-1][1]])
        ):
            return number.year
    return None


def _present(field: Field | None) -> list[Field]:
    return [field] if field else []

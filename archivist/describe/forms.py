"""The forms a slip may be printed on, and where their labels stand on a page."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import pairwise
from typing import Literal

from archivist.definitions import load, path
from archivist.describe import dates, numbers
from archivist.describe.ink import Flow, closed
from archivist.model import Page, Region

ValueKind = Literal[
    "text",
    "agency",
    "number",
    "count",
    "serial",
    "date",
    "secrecy",
    "annotation",
    "readings",
    "column",
    "heading",
]
# Values of these kinds are short and of a known shape, so that the next label may follow without a space.
_SHORT = frozenset({"agency", "number", "count", "serial", "date", "secrecy"})
_WITHOUT_HEADING = frozenset({"received_date", "annotation", "serial_number"})
_HEADING_BLOCKS = 8
_LABEL_CELL = 60
_VALUE_LETTERS = 40
_REGISTER_COLUMNS = 4
_FILLING = ":;,.。、/|\\-_()·"


@dataclass(frozen=True, slots=True)
class Label:
    """A label of a form: the field its value is (None: only a border), how it is read, its kind."""

    field: str | None
    value: ValueKind
    kind: str | None


@dataclass(frozen=True)
class Form:
    """A form as `schemas/forms` defines it."""

    name: str
    headings: tuple[str, ...]
    at_least: int
    needs_heading: bool
    labels: dict[str, Label]

    @cached_property
    def vocabulary(self) -> tuple[dict[str, Label], "re.Pattern[str]"]:
        """Its own labels and, behind them, those of all other forms, with the pattern that finds either."""
        words = dict(self.labels)
        for other in forms():
            for printed, label in other.labels.items():
                words.setdefault(printed, label)
        ordered = sorted(words, key=len, reverse=True)
        return words, re.compile("|".join(r"\s*".join(map(re.escape, word)) for word in ordered))


@dataclass(frozen=True, slots=True)
class Mark:
    """A label found on the page: offsets in the flow, `end` after its colon."""

    start: int
    end: int
    label: Label


@dataclass(frozen=True, slots=True)
class Block:
    """A cell, or a line outside of cells: offsets in the flow, and the labels in it in order."""

    start: int
    end: int
    cell: Region | None
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class FilledForm:
    """A page that is a form: its blocks with their labels, and where in the flow its heading stands."""

    form: Form
    flow: Flow
    blocks: tuple[Block, ...]
    heading: tuple[int, int] | None


@cache
def forms() -> tuple[Form, ...]:
    """Return the forms of `schemas/forms`, by file name."""
    return tuple(_form(f"schemas/forms/{entry.name}") for entry in sorted(path("schemas/forms").glob("*.yaml")))


def recognise(page: Page) -> FilledForm | None:
    """Return the form that `page` is, None where it is none.

    A form has its heading and two labels, or so many labels as its definition asks for, one of them of a
    kind that only slips have.
    """
    flow = Flow([page])
    blocks = tuple(_blocks(page))
    best: tuple[tuple[int, int], FilledForm] | None = None
    for form in forms():
        heading = _heading(flow, blocks, form)
        marked = tuple(replace(block, marks=_marks(flow, block, form)) for block in blocks)
        own = [
            mark.label
            for block in marked
            for mark in block.marks
            if mark.label in form.labels.values() and (heading or _is_set_off(flow, block, mark))
        ]
        fields = {(label.field, label.kind) for label in own if label.field}
        telling = {label.field for label in own} & _WITHOUT_HEADING
        enough = len(fields) >= form.at_least and telling and not form.needs_heading and not _is_register(flow, marked)
        exact = heading is not None and closed(flow.folded[slice(*heading)]) in form.headings
        rank = (2 if exact else 1 if heading else 0, len(fields))
        if (enough or (heading and len(fields) >= 2)) and (best is None or rank > best[0]):
            best = rank, FilledForm(form, flow, marked, heading)
    return best[1] if best else None


def _is_set_off(flow: Flow, block: Block, mark: Mark) -> bool:
    """Return whether a label has its value, white space or nothing behind it, not the rest of a sentence."""
    if mark.end == block.end or flow.folded[mark.end - 1] == ":" or flow.begins_line(mark.end):
        return True
    return not _is_letter(flow.folded[mark.end]) and flow.folded[mark.end] not in "、,。;"


def _is_register(flow: Flow, blocks: tuple[Block, ...]) -> bool:
    """Return whether labels head the columns of a list of papers (收文登记簿) and not the fields of a slip."""
    for block in blocks:
        empty = all(not flow.folded[a.end : b.start].strip() for a, b in pairwise(block.marks))
        if len(block.marks) >= _REGISTER_COLUMNS and empty and not flow.folded[block.marks[-1].end : block.end].strip():
            return True
    rows: dict[tuple[int | None, int | None], list[bool]] = {}
    for block in blocks:
        if block.cell and block.end > block.start:
            alone = len(block.marks) == 1 and block.marks[0].label.value not in ("column", "heading")
            rows.setdefault((block.cell.table, block.cell.row), []).append(alone and block.marks[0].end == block.end)
    heads = [row for row in rows.values() if len(row) >= _REGISTER_COLUMNS and all(row)]
    entries = [row for row in rows.values() if len(row) >= _REGISTER_COLUMNS and not any(row)]
    return bool(heads) and len(entries) >= 2


def _form(name: str) -> Form:
    entry = load(name)
    labels = {
        printed: Label(row["field"], row["value"], row.get("kind"))
        for row in entry["labels"]
        for printed in row["printed"]
    }
    headings = tuple(sorted(entry["headings"], key=len, reverse=True))
    return Form(entry["name"], headings, entry["at_least"], entry.get("needs_heading", False), labels)


def _blocks(page: Page) -> Iterator[Block]:
    start = 0
    for region in page.regions:
        if region.kind == "seal":
            continue
        length = sum(len(line.glyphs) for line in region.lines)
        if region.kind == "cell":
            yield Block(start, start + length, region)
        else:
            at = start
            for line in region.lines:
                yield Block(at, at + len(line.glyphs), None)
                at += len(line.glyphs)
        start += length


def _heading(flow: Flow, blocks: tuple[Block, ...], form: Form) -> tuple[int, int] | None:
    for block in [block for block in blocks if block.end > block.start][:_HEADING_BLOCKS]:
        places = [place for place in range(block.start, block.end) if not flow.folded[place].isspace()]
        letters = "".join(flow.folded[place] for place in places).rstrip(":")
        for heading in form.headings:
            if _alike(letters[-len(heading) :], heading):
                return places[len(letters) - len(heading)], places[len(letters) - 1] + 1
    return None


def _alike(read: str, meant: str) -> bool:
    """Return whether `read` is `meant`, one character of four or more misread at most."""
    if len(read) != len(meant):
        return False
    return sum(a != b for a, b in zip(read, meant, strict=True)) <= (1 if len(meant) >= 4 else 0)


def _marks(flow: Flow, block: Block, form: Form) -> tuple[Mark, ...]:
    words, pattern = form.vocabulary
    folded = flow.folded
    found: list[Mark] = []
    for match in pattern.finditer(folded, block.start, block.end):
        printed = closed(match[0])
        label, end = words[printed], match.end()
        while end < block.end and folded[end].isspace():
            end += 1
        colon = end < block.end and folded[end] == ":"
        mark = Mark(match.start(), end + 1 if colon else match.end(), label)
        if _stands(flow, block, mark, match.end(), colon, found, printed, printed in form.labels):
            found.append(mark)
    if not found:
        letters = _letters(flow, block)
        for printed, label in form.labels.items():
            if len(printed) >= 4 and _alike(letters, printed):
                return (Mark(block.start, block.end, label),)
    return tuple(found)


def _letters(flow: Flow, block: Block) -> str:
    return closed(flow.folded[block.start : block.end]).rstrip(":")


def _is_letter(char: str) -> bool:
    return "\u4e00" <= char <= "\u9fff"


def _is_value(flow: Flow, start: int, block: Block, mark: Mark) -> bool:
    """Return whether a value of the kind that the label at `mark` has begins right behind it."""
    text = flow.text[start : min(block.end, start + _VALUE_LETTERS)]
    if mark.label.value == "number":
        return any(found.start == 0 for found in numbers.find(text))
    return mark.label.value == "date" and any(found.start == 0 for found in dates.find(text))


def _stands(
    flow: Flow, block: Block, mark: Mark, end: int, colon: bool, found: list[Mark], printed: str, own: bool
) -> bool:
    """Return whether the words at `mark` are a label there, not part of what is written beside one."""
    before_it, behind_it = flow.folded[mark.start - 1 : mark.start], flow.folded[end : end + 1]
    free = flow.begins_line(mark.start) or before_it in _FILLING or before_it.isspace()
    bounded = colon or end == block.end or flow.begins_line(end) or behind_it.isspace() or behind_it in "|_"
    whole = block.end - block.start < _LABEL_CELL and _letters(flow, block) == printed
    if whole or (free and colon):
        return True
    if not own:
        return False
    before = found[-1].label.value if found else None
    if mark.label.value in ("column", "heading"):
        return free and bounded and before not in ("text", "annotation")
    if before is not None and before not in (_SHORT | {"column", "heading"}):
        return False
    if free and bounded:
        # A word that opens a longer entry is only a label where that entry is not what stands before it.
        return before is not None or flow.begins_line(mark.start)
    if mark.start != block.start and before is None:
        return False
    if mark.label.value in _SHORT:
        if mark.label.value == "agency" and len(printed) >= 4:
            return True
        return not _is_letter(flow.folded[end : end + 1]) or (len(printed) >= 4 and _is_value(flow, end, block, mark))
    return mark.start == block.start and len(printed) >= (5 if mark.label.value == "annotation" else 4)

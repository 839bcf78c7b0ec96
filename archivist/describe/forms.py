"""The forms a slip may be printed on, and where their labels stand on a page."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Literal

from archivist.definitions import load, path
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
        own = [mark.label for block in marked for mark in block.marks if mark.label in form.labels.values()]
        fields = {(label.field, label.kind) for label in own if label.field}
        telling = {label.field for label in own} & _WITHOUT_HEADING
        enough = len(fields) >= form.at_least and telling and not form.needs_heading
        exact = heading is not None and closed(flow.folded[slice(*heading)]) in form.headings
        rank = (2 if exact else 1 if heading else 0, len(fields))
        if (enough or (heading and len(fields) >= 2)) and (best is None or rank > best[0]):
            best = rank, FilledForm(form, flow, marked, heading)
    return best[1] if best else None


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
        letters = closed(folded[block.start : block.end]).rstrip(":")
        for printed, label in form.labels.items():
            if len(printed) >= 4 and _alike(letters, printed):
                return (Mark(block.start, block.end, label),)
    return tuple(found)


def _stands(
    flow: Flow, block: Block, mark: Mark, end: int, colon: bool, found: list[Mark], printed: str, own: bool
) -> bool:
    """Return whether the words at `mark` are a label there, not part of what is written beside one."""
    starts = {flow.lines[index].start for index in range(flow.line_at(block.start), flow.line_at(block.end - 1) + 1)}
    free = mark.start in starts or flow.folded[mark.start - 1] in _FILLING or flow.folded[mark.start - 1].isspace()
    bounded = colon or end == block.end or end in starts or flow.folded[end].isspace() or flow.folded[end] in "|_"
    whole = closed(flow.folded[block.start : block.end]).rstrip(":") == printed
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
        return before is not None or mark.start in starts
    if mark.start != block.start and before is None:
        return False
    if mark.label.value in _SHORT:
        follows = flow.folded[end : end + 1]
        return (mark.label.value == "agency" and len(printed) >= 4) or not "\u4e00" <= follows <= "\u9fff"
    return mark.start == block.start and len(printed) >= (5 if mark.label.value == "annotation" else 4)

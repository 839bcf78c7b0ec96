"""The forms a slip may be printed on, and where their labels stand on a page."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from archivist.definitions import load, path
from archivist.describe.ink import Flow, closed
from archivist.describe.names import is_agency
from archivist.describe.slips import rows
from archivist.describe.slips.labels import COLUMNS, PIECE, Mark, Span, Vocabulary, alike, marks, without_latin
from archivist.model import Page, Region

_WITHOUT_HEADING = frozenset({"received_date", "annotation", "serial_number"})
_HEADING_BLOCKS = 8
_REGISTER_COLUMNS = 4
_LONGEST_HEADING = 40
# Handwriting and print set wide are uneven; only a gap of most of a character divides words.
_WORD_GAP = 0.8


@dataclass(frozen=True)
class Form:
    """A form as `schemas/forms` defines it, with the labels that slips have in common behind its own."""

    name: str
    headings: tuple[str, ...]
    at_least: int
    needs_heading: bool
    typical: frozenset[str]
    vocabulary: Vocabulary

    @cached_property
    def ends(self) -> frozenset[str]:
        """The last two characters of its headings."""
        return frozenset(char for heading in self.headings for char in heading[-2:])


@dataclass(frozen=True, slots=True)
class Block:
    """A cell, or a line outside of cells: offsets in the flow, and the labels in it in order."""

    start: int
    end: int
    cell: Region | None
    marks: tuple[Mark, ...] = ()

    @property
    def piece(self) -> bool:
        """Whether it is a character of a label set vertically, beyond its first."""
        return any(mark.label is PIECE for mark in self.marks)

    @property
    def labelled(self) -> bool:
        """Whether a label that values stand beside is in it."""
        return any(mark.label.value not in COLUMNS for mark in self.marks)


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
    return read(path("schemas/forms"))


def read(folder: Path) -> tuple[Form, ...]:
    """Return the forms that the YAML files of `folder` define, by file name; what they say must be valid."""
    entries = [yaml.safe_load(file.read_text("utf-8")) for file in sorted(folder.glob("*.yaml"))]
    common = load("schemas/slips.yaml")["labels"]
    elsewhere = [*common, *(row for entry in entries for row in entry["labels"])]
    return tuple(_form(entry, common, elsewhere) for entry in entries)


def recognise(page: Page, known: Sequence[Form] | None = None) -> FilledForm | None:
    """Return the form that `page` is, None where it is none of the `known` ones (by default all of `schemas/forms`).

    A form has its heading and two labels, or so many labels as its definition asks for, one of them of a
    kind that only slips have.
    """
    flow = Flow([page])
    blocks = tuple(_blocks(page))
    known = forms() if known is None else known
    headings = {form.name: _heading(flow, blocks, form) for form in known}
    if not any(headings.values()) and not _has_labels(flow, known):
        return None
    space = frozenset(rows.gaps(flow, 0, len(flow.text), _WORD_GAP))
    best: tuple[tuple[int, int, int], Form] | None = None
    for form in known:
        heading = headings[form.name]
        if heading is None and form.needs_heading:
            continue
        rank = _rank(flow, _marked(flow, blocks, form, space, misread=heading is not None), form, heading, space)
        if rank and (best is None or rank > best[0]):
            best = rank, form
    if best is None:
        return None
    form = best[1]
    return FilledForm(form, flow, _marked(flow, blocks, form, space, misread=True), headings[form.name])


def _has_labels(flow: Flow, known: Sequence[Form]) -> bool:
    """Return whether so many labels are printed on the page that it may be a form without its heading."""
    # All vocabularies hold the same words; what differs is whose they are.
    words = known[0].vocabulary.pattern.finditer(flow.folded) if known else ()
    printed = {match[0] for match in words}
    return any(len(printed) >= form.at_least and not form.needs_heading for form in known)


def _rank(
    flow: Flow, blocks: tuple[Block, ...], form: Form, heading: tuple[int, int] | None, space: frozenset[int]
) -> tuple[int, int, int] | None:
    """Return how well the labels of `form`, marked in `blocks`, and its heading fit the page; None: not at all."""
    exact = heading is not None and closed(flow.folded[slice(*heading)]) in form.headings
    if not exact and _is_register(flow, blocks):
        return None
    own = [
        mark
        for block in blocks
        for mark in block.marks
        if mark.own and (heading or _is_set_off(flow, block, mark, space))
    ]
    fields = {(mark.label.field, mark.label.kind) for mark in own if mark.label.field}
    telling = {mark.label.field for mark in own} & _WITHOUT_HEADING
    enough = len(fields) >= form.at_least and telling
    if not enough and not (heading and len(fields) >= 2):
        return None
    typical = len({mark.printed for mark in own} & form.typical)
    return 2 if exact else 1 if heading else 0, typical, len(fields)


def _marked(
    flow: Flow, blocks: tuple[Block, ...], form: Form, space: frozenset[int], *, misread: bool
) -> tuple[Block, ...]:
    marked = tuple(
        replace(
            block,
            marks=marks(
                flow, Span(block.start, block.end, block.cell is not None), form.vocabulary, space, misread=misread
            ),
        )
        for block in blocks
    )
    return _with_vertical(flow, marked, form.vocabulary)


def _with_vertical(flow: Flow, blocks: tuple[Block, ...], vocabulary: Vocabulary) -> tuple[Block, ...]:
    """Return `blocks` with the labels marked that are set vertically, a character a line, on a form without ruling."""
    columns: dict[int, list[int]] = {}
    for index, block in enumerate(blocks):
        letters = closed(flow.text[block.start : block.end])
        if block.cell is None and len(letters) == 1:
            box = flow.lines[flow.line_at(block.start)].line.glyphs[0].box
            near = next((left for left in columns if abs(left - box.left) < box.width), round(box.left))
            columns.setdefault(near, []).append(index)
    found = list(blocks)
    for indexes in columns.values():
        letters = "".join(closed(flow.folded[blocks[index].start : blocks[index].end]) for index in indexes)
        for match in vocabulary.pattern.finditer(letters):
            for place in range(match.start(), match.end()):
                block = blocks[indexes[place]]
                label = vocabulary.words[match[0]] if place == match.start() else PIECE
                mark = Mark(block.start, block.end, label, match[0], match[0] in vocabulary.own)
                found[indexes[place]] = replace(block, marks=(mark,))
    return tuple(found)


def _form(entry: Mapping[str, Any], common: Sequence[Any], elsewhere: Sequence[Any]) -> Form:
    own = [*entry["labels"], *(common if entry.get("common_labels", True) else ())]
    headings = tuple(sorted(entry["headings"], key=len, reverse=True))
    typical = frozenset(printed for row in entry["labels"] for printed in row["printed"])
    vocabulary = Vocabulary.of(own, elsewhere)
    return Form(entry["name"], headings, entry["at_least"], entry.get("needs_heading", False), typical, vocabulary)


def _is_set_off(flow: Flow, block: Block, mark: Mark, space: frozenset[int]) -> bool:
    """Return whether a label has its value, white space or nothing behind it, not the rest of a sentence."""
    if (
        mark.end == block.end
        or flow.folded[mark.end - 1] == ":"
        or rows.begins_row(flow, mark.end)
        or mark.end in space
    ):
        return True
    return not "\u4e00" <= flow.folded[mark.end] <= "\u9fff" and flow.folded[mark.end] not in "、,。;"


def _is_register(flow: Flow, blocks: tuple[Block, ...]) -> bool:
    """Return whether labels head the columns of a list of papers (收文登记簿) and not the fields of a slip."""
    for index, block in enumerate(blocks):
        empty = all(not flow.folded[a.end : b.start].strip() for a, b in pairwise(block.marks))
        if len(block.marks) >= _REGISTER_COLUMNS and empty and not flow.folded[block.marks[-1].end : block.end].strip():
            # One line of values below is a slip that sets its labels in a row; more are a list.
            following = [other for other in blocks[index + 1 :] if other.end > other.start][:2]
            if not any(other.marks for other in following):
                return True
    cells: dict[tuple[int | None, int | None], list[bool]] = {}
    for block in blocks:
        if block.cell and block.end > block.start:
            alone = len(block.marks) == 1 and block.marks[0].label.value not in COLUMNS
            cells.setdefault((block.cell.table, block.cell.row), []).append(alone and block.marks[0].end == block.end)
    heads = [row for row in cells.values() if len(row) >= _REGISTER_COLUMNS and all(row)]
    entries = [row for row in cells.values() if len(row) >= _REGISTER_COLUMNS and not any(row)]
    return bool(heads) and len(entries) >= 2


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
        if len(closed(flow.text[block.start : block.end])) > _LONGEST_HEADING:
            continue
        end = without_latin(flow.folded, block.start, block.end)
        places = [place for place in range(block.start, end) if not flow.folded[place].isspace()]
        letters = "".join(flow.folded[place] for place in places).rstrip(":")
        # Of two characters at the end one at least is as it should be.
        if letters[-1:] not in form.ends and letters[-2:-1] not in form.ends:
            continue
        exact = next((heading for heading in form.headings if letters.endswith(heading)), None)
        nearly = next((heading for heading in form.headings if alike(letters[-len(heading) :], heading)), None)
        # 办公室传阅单 is 传阅单, though but one character from 公文传阅单; 县政府文仵处理单 is no 处理单 of 县政府文仵.
        rest = [letters[: -len(heading)] for heading in (exact, nearly) if heading]
        if len(rest) == 2 and exact != nearly and is_agency(rest[1]) and not is_agency(rest[0]):
            exact = nearly
        if heading := exact or nearly:
            return places[len(letters) - len(heading)], places[len(letters) - 1] + 1
    return None

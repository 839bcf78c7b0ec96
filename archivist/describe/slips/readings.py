"""Where on a form those sign who have read the paper: in columns or rows, beside printed names or without them."""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from archivist.describe.slips import rows
from archivist.describe.slips.forms import Block, FilledForm
from archivist.describe.slips.labels import COLUMNS, Label, Mark

# White space, in characters, that parts columns.
_COLUMN_GAP = 1.5
READINGS = Label("annotation", "readings", "reading")
# A line at the foot of the form that says who printed it or how to use it.
FOOT = re.compile(r"\s*注\s*[:1-9一]|\s*[(]?注\s*[:)]|.*(?:印制|监制|制表)\s*$|\s*第\s*\d+\s*页")


def spans(
    filled: FilledForm,
    index: int,
    behind: int,
    claimed: set[int],
    is_printed_date: Callable[[FilledForm, int], bool],
) -> list[tuple[int, int]]:
    """Return what belongs to a label for readings in block `index`: what is `behind` it, and all up to the next label.

    Where the names of those asked to sign are printed beside or above their signatures, only the signatures are
    readings. What is taken is added to `claimed`.
    """
    blocks = filled.blocks
    found = list(_between(blocks[index], behind))
    heads = _heads(blocks[index])
    asked = _columns(blocks, "names") if _columns(blocks, "signatures") else []
    for other in range(index + 1, len(blocks)):
        block = blocks[other]
        if block.labelled or FOOT.match(filled.flow.folded, block.start, block.end):
            break
        if other in claimed or is_printed_date(filled, other):
            continue
        claimed.add(other)
        cell = block.cell
        heads = _heads(blocks[other]) or heads
        if _heads_signatures(filled, index, other):
            found = []
        if cell is None or (cell.table, cell.column, cell.columns) not in asked:
            if cell is None and not block.marks and heads:
                found += _signed(filled, block, heads)
                continue
            found += _between(block, block.start)
    return found


def _between(block: Block, behind: int) -> Iterator[tuple[int, int]]:
    """Yield what stands between the labels of a block from offset `behind` on, up to one that values stand beside."""
    begin = behind
    for mark in block.marks:
        if mark.start >= behind:
            if begin < mark.start:
                yield begin, mark.start
            begin = mark.end
            if mark.label.value not in COLUMNS and mark.label.value != "readings":
                return
    if begin < block.end:
        yield begin, block.end


def _heads_signatures(filled: FilledForm, index: int, other: int) -> bool:
    """Return whether block `other` is the head of a row of signatures below the row of block `index`."""
    own, block = filled.blocks[index], filled.blocks[other]
    if len(block.marks) != 1 or block.marks[0].label.value != "signatures":
        return False
    if own.cell and block.cell:
        below = (own.cell.row or 0) < (block.cell.row or 0)
        return below and (own.cell.table, own.cell.column) == (block.cell.table, block.cell.column)
    opens = not filled.flow.folded[block.start : block.marks[0].start].strip()
    return not own.cell and not block.cell and opens and rows.begins_row(filled.flow, block.start)


def _heads(block: Block) -> tuple[Mark, ...]:
    """Return the heads of columns in a line outside of cells, where names and signatures have columns of their own."""
    both = {"names", "signatures"} <= {mark.label.value for mark in block.marks}
    return block.marks if both and block.cell is None else ()


def _signed(filled: FilledForm, block: Block, heads: Sequence[Mark]) -> Iterator[tuple[int, int]]:
    """Yield what stands in a line of such columns, but not the names of those asked to sign."""
    for first, last in pairwise([block.start, *rows.gaps(filled.flow, block.start, block.end, _COLUMN_GAP), block.end]):
        written = [place for place in range(first, last) if not filled.flow.folded[place].isspace()]
        if written:
            edge = left(filled, written[0])
            head = min(heads, key=lambda mark: abs(left(filled, mark.start) - edge))
            if head.label.value != "names":
                yield written[0], last


def left(filled: FilledForm, offset: int) -> float:
    """Return the left edge of the character at `offset`, in pixels."""
    printed = filled.flow.lines[filled.flow.line_at(offset)]
    return printed.line.glyphs[offset - printed.start].box.left


def _columns(blocks: tuple[Block, ...], value: str) -> list[tuple[int | None, int | None, int]]:
    return [
        (block.cell.table, block.cell.column, block.cell.columns)
        for block in blocks
        if block.cell and any(mark.label.value == value for mark in block.marks)
    ]

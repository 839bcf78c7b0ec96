"""What is written beside the labels of a form, by its ruling or by its lines."""

import re
from dataclasses import dataclass
from itertools import combinations, pairwise

from archivist.describe import dates, numbers
from archivist.describe.ink import Flow, closed
from archivist.describe.numerals import integer
from archivist.describe.slips import readings, rows
from archivist.describe.slips.forms import Block, FilledForm
from archivist.describe.slips.labels import COLUMNS, Label
from archivist.describe.slips.readings import FOOT, READINGS, left

_EMPTY = re.compile(r"[\s:;,.。、/|\\\-_()·]*")
_FULL_DATE = re.compile(r".*年.*月.*")
_PRINTED = re.compile(r"(?:印制?|制|刊印)$")
_LONG = frozenset({"text", "annotation", "signature"})
_WRITTEN = frozenset({"annotation", "signature"})
_SINGLE = frozenset({"text", "agency", "number", "count", "serial", "date", "secrecy"})
_SAME_ROW = 0.5
_LONGEST_COUNT = 3
_ANY_YEAR = 1990
_LEAST_REST = 12
_NAMES = "姓名"
# White space, in characters, that parts what stands in two columns.
_COLUMN_GAP = 1.5


@dataclass(frozen=True, slots=True)
class Entry:
    """What is written beside one label: spans of the flow in reading order, and the rule that found them."""

    label: Label
    spans: tuple[tuple[int, int], ...]
    method: str
    factor: float


def entries(filled: FilledForm) -> list[Entry]:
    """Return what stands beside each label, in the order of the labels."""
    blocks, flow = filled.blocks, filled.flow
    claimed: set[int] = set()
    found: list[Entry] = []
    late: list[tuple[int, int, int, Label]] = []
    signed = {mark.label.value for block in blocks for mark in block.marks}
    for index, block in enumerate(blocks):
        if rowwise := _values_below(filled, index, claimed):
            found += rowwise
            claimed.add(index + 1)
            continue
        for place, mark in enumerate(block.marks):
            until = block.marks[place + 1].start if place + 1 < len(block.marks) else block.end
            last = place + 1 == len(block.marks)
            label = mark.label
            heads_names = label.value in ("names", "signatures") or mark.printed.startswith(_NAMES)
            if heads_names and not late and "readings" not in signed:
                late.append((len(found), index, block.marks[-1].end, READINGS))
            if label.value == "readings" and (len(found), index) not in [(one[0], one[1]) for one in late]:
                late.append((len(found), index, mark.end, label))
            if label.value in COLUMNS or label.value == "readings":
                continue
            if columns := _side_by_side(filled, index, place, claimed):
                found += columns
                break
            inline = not _EMPTY.fullmatch(flow.folded, mark.end, until)
            spans = [(mark.end, until)] if inline else []
            method, factor = "form-cell" if block.cell else "form-line", 1.0
            taken: list[int] = []
            if last and not inline:
                taken, factor = _beside(filled, index, claimed)
            elif last and block.cell is None:
                taken = _on_the_row(filled, index, claimed)
            if last and label.value in _LONG and block.cell is None:
                taken += _below(filled, max([index, *taken]), claimed | {*taken}, label)
            if last and inline and label.value in _LONG and block.cell is not None:
                taken = _cells_below(filled, index, claimed)
            claimed.update(taken)
            spans += [(blocks[other].start, blocks[other].end) for other in taken]
            if last and block.cell is None and label.value in _SINGLE:
                spans += _lead(filled, max([index, *taken]))
            if spans:
                found.append(Entry(label, _joined(filled, spans), method, factor))
    for position, index, behind, label in reversed(late):
        spans = readings.spans(filled, index, behind, claimed, is_printed_date)
        method = "form-cell" if blocks[index].cell else "form-line"
        found.insert(position, Entry(label, _joined(filled, spans), method, 1.0))
    return found


def _side_by_side(filled: FilledForm, index: int, place: int, claimed: set[int]) -> list[Entry]:
    """Return the longer entries of labels side by side on a line, from mark `place` on, with what stands below each."""
    block, flow = filled.blocks[index], filled.flow
    marks = block.marks[place:]
    if block.cell or len(marks) < 2 or any(mark.label.value not in _WRITTEN for mark in marks):
        return []
    ends = [*(mark.start for mark in marks[1:]), block.end]
    spans = [[(mark.end, end)] for mark, end in zip(marks, ends, strict=True)]
    lefts = [left(filled, mark.start) for mark in marks]
    below = _below(filled, index, claimed, marks[-1].label)
    claimed.update(below)
    for other in below:
        pieces = _pieces(filled, other)
        for order, (first, last) in enumerate(pieces):
            height = flow.lines[flow.line_at(first)].line.box.height
            if len(pieces) == len(marks):
                spans[order].append((first, last))
                continue
            under = [at for at, edge in enumerate(lefts) if edge <= left(filled, first) + height]
            spans[under[-1] if under else 0].append((first, last))
    return [
        Entry(mark.label, tuple(own), "form-line", 0.9)
        for mark, own in zip(marks, spans, strict=True)
        if _any(flow, own)
    ]


def _pieces(filled: FilledForm, index: int) -> list[tuple[int, int]]:
    """Return the spans in block `index` that wide white space parts, a date with the name before it."""
    block, flow = filled.blocks[index], filled.flow
    found: list[tuple[int, int]] = []
    dated = True
    for first, last in pairwise([block.start, *rows.gaps(flow, block.start, block.end, _COLUMN_GAP), block.end]):
        while first < last and flow.folded[first].isspace():
            first += 1
        if first == last:
            continue
        is_date = dates.parse(flow.text[first:last], _ANY_YEAR) is not None
        if is_date and not dated:
            found[-1] = found[-1][0], last
        else:
            found.append((first, last))
        dated = is_date
    return found


def _any(flow: Flow, spans: list[tuple[int, int]]) -> bool:
    return any(not _EMPTY.fullmatch(flow.folded, start, end) for start, end in spans)


def is_printed_date(filled: FilledForm, index: int) -> bool:
    """Return whether block `index` is only a full date, printed, with nothing but blanks after it."""
    blocks, flow = filled.blocks, filled.flow
    text = flow.text[blocks[index].start : blocks[index].end]
    if not _FULL_DATE.fullmatch(text) or not printed_date(text):
        return False
    line = flow.lines[flow.line_at(blocks[index].start)]
    rest = flow.folded[blocks[index].end :]
    return not line.line.handwritten and len(closed(rest)) <= _LEAST_REST


def printed_date(text: str) -> str | None:
    """Return the date that all of `text` is, with 印 or 印制 behind it or without."""
    return dates.parse(_PRINTED.sub("", text.rstrip()))


def _joined(filled: FilledForm, spans: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Return `spans` with those put together that are one row outside of cells."""
    in_cells = {block.start for block in filled.blocks if block.cell}
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        goes_on = joined and joined[-1][1] == start and start not in in_cells
        if goes_on and not rows.begins_row(filled.flow, start):
            joined[-1] = joined[-1][0], end
        else:
            joined.append((start, end))
    return tuple(joined)


def _values_below(filled: FilledForm, index: int, claimed: set[int]) -> list[Entry]:
    """Return the values of a line of labels that stand on the next line, each below its own; none where they do not."""
    blocks, flow = filled.blocks, filled.flow
    block = blocks[index]
    if block.cell or len(block.marks) < 2 or index + 1 == len(blocks) or index + 1 in claimed:
        return []
    below = blocks[index + 1]
    ends = [mark.start for mark in block.marks[1:]] + [block.end]
    empty = all(_EMPTY.fullmatch(flow.folded, mark.end, end) for mark, end in zip(block.marks, ends, strict=True))
    if not empty or below.marks or below.cell or any(mark.label.value not in _SINGLE for mark in block.marks):
        return []
    gaps = [below.start, *flow.gaps(below.start, below.end, 0.8), below.end]
    words = [
        (first + match.start(), first + match.end())
        for first, last in pairwise(gaps)
        for match in re.finditer(r"\S+", flow.text[first:last])
    ]
    labels = [mark.label for mark in block.marks]
    if not 0 < len(words) <= len(labels):
        return []
    heads = [_middle(filled, mark.start, mark.end) for mark in block.marks]
    middles = [_middle(filled, *word) for word in words]
    width = max(heads) - min(heads) or 1.0

    def cost(chosen: tuple[int, ...]) -> float:
        far = sum(abs(heads[place] - middle) / width for place, middle in zip(chosen, middles, strict=True))
        unfit = sum(
            not _fits(flow.text[slice(*word)], labels[place]) for place, word in zip(chosen, words, strict=True)
        )
        return far + unfit

    best = min(combinations(range(len(labels)), len(words)), key=cost)
    return [Entry(labels[place], (word,), "form-line", 0.9) for place, word in zip(best, words, strict=True)]


def _fits(text: str, label: Label) -> bool:
    """Return whether `text` looks like what stands beside `label`."""
    letters = closed(text)
    if label.value == "number":
        return numbers.parse(text) is not None or "号" in letters
    if label.value == "date":
        return dates.parse(text, _ANY_YEAR) is not None
    if label.value == "count":
        return integer(letters.rstrip("份件")) is not None and len(letters) <= _LONGEST_COUNT
    if label.value == "serial":
        return any(char.isdigit() for char in letters) and "〔" not in letters
    return not any(char.isdigit() for char in letters)


def _lead(filled: FilledForm, index: int) -> list[tuple[int, int]]:
    """Return what stands before the first label of the line behind block `index`, where both are one row."""
    blocks, flow = filled.blocks, filled.flow
    if index + 1 == len(blocks) or blocks[index + 1].cell or not blocks[index + 1].marks:
        return []
    following = blocks[index + 1]
    first = following.marks[0].start
    if first == following.start or _EMPTY.fullmatch(flow.folded, following.start, first):
        return []
    own, box = (flow.lines[flow.line_at(at)].line.box for at in (blocks[index].start, following.start))
    shared = min(own.bottom, box.bottom) - max(own.top, box.top)
    if shared < _SAME_ROW * min(own.height, box.height) or box.left < own.left:
        return []
    return [(following.start, first)]


def _middle(filled: FilledForm, start: int, end: int) -> float:
    printed = filled.flow.lines[filled.flow.line_at(start)]
    boxes = [glyph.box for glyph in printed.line.glyphs[start - printed.start : max(end - printed.start, 1)]]
    return (boxes[0].left + boxes[-1].right) / 2 if boxes else 0.0


def _beside(filled: FilledForm, index: int, claimed: set[int]) -> tuple[list[int], float]:
    """Return the blocks with the value of the label that ends block `index`, and how sure that rule is."""
    blocks, cell = filled.blocks, filled.blocks[index].cell
    if cell is not None and cell.row is not None and cell.column is not None:
        rules = (_all_right_of, _under) if blocks[index].marks[-1].label.value in _LONG else (_right_of, _under)
        for rule in rules:
            others = [other for other in rule(blocks, index) if not blocks[other].marks]
            if others:
                free = [other for other in others if other not in claimed and not _is_empty(filled, other)]
                return free, (0.92 if rule is _under else 1.0)
    following = index + 1
    while following < len(blocks) and blocks[following].piece:
        following += 1
    if following == len(blocks) or blocks[following].marks or following in claimed:
        return [], 1.0
    outside = cell is None and blocks[following].cell is None
    if not outside or is_printed_date(filled, following):
        return [], 1.0
    return [following, *_on_the_row(filled, following, claimed)], 1.0


def _is_empty(filled: FilledForm, index: int) -> bool:
    return bool(_EMPTY.fullmatch(filled.flow.folded, filled.blocks[index].start, filled.blocks[index].end))


def _on_the_row(filled: FilledForm, index: int, claimed: set[int]) -> list[int]:
    """Return the blocks outside of cells that go on with block `index` on the same row: a line the reader broke."""
    blocks, flow, more = filled.blocks, filled.flow, []
    own = flow.lines[flow.line_at(blocks[index].start)].line.box
    for other in range(index + 1, len(blocks)):
        block = blocks[other]
        if block.cell or block.marks or other in claimed or block.start == block.end:
            break
        box = flow.lines[flow.line_at(block.start)].line.box
        shared = min(own.bottom, box.bottom) - max(own.top, box.top)
        if shared < _SAME_ROW * min(own.height, box.height) or box.left < own.left:
            break
        more.append(other)
    return more


def _all_right_of(blocks: tuple[Block, ...], index: int) -> list[int]:
    """Return the cells beside all rows of block `index`, in each up to the next label."""
    own = blocks[index].cell
    assert own is not None and own.row is not None
    right = []
    for row in range(own.row, own.row + own.rows):
        for place in _row_right_of(blocks, index, range(row, row + 1)):
            if blocks[place].marks:
                break
            if place not in right:
                right.append(place)
    return right


def _right_of(blocks: tuple[Block, ...], index: int) -> list[int]:
    own = blocks[index].cell
    assert own is not None and own.row is not None
    return _row_right_of(blocks, index, range(own.row, own.row + own.rows))[:1]


def _row_right_of(blocks: tuple[Block, ...], index: int, rows: range) -> list[int]:
    """Return the cells to the right of block `index` that reach into `rows`, from left to right."""
    own = blocks[index].cell
    assert own is not None and own.column is not None
    right = [
        (cell.column, cell.row, place)
        for place, block in enumerate(blocks)
        if (cell := block.cell) and cell.table == own.table and cell.column is not None and cell.row is not None
        if cell.column >= own.column + own.columns and cell.row < rows.stop and cell.row + cell.rows > rows.start
    ]
    return [place for _, _, place in sorted(right)]


def _under(blocks: tuple[Block, ...], index: int) -> list[int]:
    own = blocks[index].cell
    assert own is not None and own.row is not None and own.column is not None
    columns = range(own.column, own.column + own.columns)
    under = [
        (cell.row, cell.column, place)
        for place, block in enumerate(blocks)
        if (cell := block.cell) and cell.table == own.table and cell.column is not None and cell.row is not None
        if cell.row >= own.row + own.rows and cell.column < columns.stop and cell.column + cell.columns > columns.start
    ]
    return [min(under)[2]] if under else []


def _cells_below(filled: FilledForm, index: int, claimed: set[int]) -> list[int]:
    """Return the cells of the same width below block `index` that go on with its entry: a signature has its own row."""
    blocks, own = filled.blocks, filled.blocks[index].cell
    more: list[int] = []
    last = index
    while below := _under(blocks, last):
        other = below[0]
        block, cell = blocks[other], blocks[other].cell
        wide = own and cell and (cell.column, cell.columns) == (own.column, own.columns)
        if not wide or block.marks or block.start == block.end or other in claimed or is_printed_date(filled, other):
            break
        more.append(other)
        last = other
    return more


def _below(filled: FilledForm, index: int, claimed: set[int], label: Label) -> list[int]:
    """Return the further lines of a longer entry on a form whose ruling was not seen."""
    more = []
    for other in range(index + 1, len(filled.blocks)):
        block = filled.blocks[other]
        if block.piece:
            continue
        if block.cell or block.marks or other in claimed or is_printed_date(filled, other):
            break
        if FOOT.match(filled.flow.folded, block.start, block.end):
            break
        if label.value == "text" and dates.parse(filled.flow.text[block.start : block.end]):
            break
        more.append(other)
    return more

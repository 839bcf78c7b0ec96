"""Issued papers of samples/describing as pages of text: characters on a grid, as a faultless reader gives them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from archivist.model import Box, Glyph, Line, Page, Region, Scan
from tests.benchmarks.machine import ROOT

PAPERS = ROOT / "samples/describing"
#: Pixels of a character, characters between the margins, pixels of the margin, rows of a page.
_SIDE, _MEASURE, _MARGIN, _ROWS = 40, 28, 120, 30
_WIDTH = _MEASURE * _SIDE + 2 * _MARGIN
_HEIGHT = 2 * _MARGIN + _ROWS * 2 * _SIDE
_CONFIDENCE = 0.995
#: Blanks before the first and before any further line.
_INDENTS = {"p": (2, 0), "annex": (2, 5), "annexed": (5, 6), "terms": (0, 4), "copied": (0, 3)}
#: Blank characters from which on a reader sees two lines side by side.
_APART = 4
#: What no printed line begins with.
_NEVER_FIRST = set("，。、；：！？）)」』》〉”’％%")


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper as samples/describing/paper.schema.json says: what is printed, and what its entry must say of it."""

    name: str
    about: str
    text: str
    documents: Sequence[Mapping[str, Any]]
    campaigns: Sequence[str]


class Row(NamedTuple):
    """A row of `Paper.text`: what it is on the paper, and its pieces from left to right."""

    role: str
    pieces: tuple[str, ...]


def papers(which: str) -> tuple[Paper, ...]:
    """Return the papers of the folder `which` of samples/describing, by name."""
    return tuple(_paper(path) for path in sorted((PAPERS / which).glob("*.yaml")))


def _paper(path: Path) -> Paper:
    said = yaml.safe_load(path.read_text("utf-8"))
    return Paper(path.stem, said["about"], said["text"], said["documents"], said.get("campaigns", []))


def rows(text: str) -> Iterator[Row]:
    """Yield what stands in `text`: each of its lines begins with what it is on the paper."""
    for line in text.splitlines():
        role, _, rest = line.partition(" ")
        if role:
            yield Row(role, tuple(piece.strip(" ") for piece in rest.split("|")) if rest else ())


def pages(paper: Paper, *, spaces: bool) -> tuple[Page, ...]:
    """Return the paper as read, numbered from 1.

    With `spaces` white space is read as characters, and what stands far apart on one height is one line; without, it is
    only seen as a gap, and such lines are two.
    """
    sheets: list[list[Region]] = [[]]
    down = 0
    tables = 0
    table: list[Row] = []

    def place(lines: Sequence[_Set]) -> None:
        nonlocal down
        if down + 1 > _ROWS and not all(one.beside for one in lines):
            sheets.append([])
            down = 0
        sheets[-1].append(_body(lines, down, spaces=spaces))
        down += 1

    for row in [*rows(paper.text), Row("end", ())]:
        if table and row.role != "row":
            if down + len(table) > _ROWS:
                sheets.append([])
                down = 0
            sheets[-1] += _cells(table, tables, down, spaces=spaces)
            down += len(table)
            tables += 1
            table = []
        if row.role == "row":
            table.append(row)
        elif row.role == "page":
            sheets.append([])
            down = 0
        elif row.role in ("rule", "line", "gap"):
            down += 1
        elif row.role == "heads":
            for lines in _heads(row.pieces):
                place(lines)
        elif row.role != "end":
            for lines in _set(row):
                place(lines)
    return tuple(_page(paper, number, regions) for number, regions in enumerate(sheets, 1) if regions)


class _Set(NamedTuple):
    """Characters that stand together: how many blanks are left of them, their size in characters."""

    text: str
    left: float
    size: float = 1.0
    beside: bool = False


def _set(row: Row) -> Iterator[list[_Set]]:
    """Yield the printed lines of a row, each as the pieces on one height."""
    role, pieces = row
    text = "".join(pieces[:1])
    if role in ("ends", "signs"):
        yield _spread(pieces, 2 if role == "signs" else 0)
    elif role in ("head", "masthead"):
        size = min(2.2, _MEASURE / max(len(text), 1))
        yield [_Set(text, (_MEASURE - size * len(text)) / 2, size)]
    elif role == "title":
        size = min(1.3, _MEASURE / max(len(text), 1))
        yield [_Set(text, (_MEASURE - size * len(text)) / 2, size)]
    elif role in ("number", "note", "centre"):
        yield [_Set(text, max(0, (_MEASURE - len(text)) / 2))]
    elif role in ("right", "sign"):
        yield [_Set(text, max(0, _MEASURE - len(text) - (0 if role == "right" else 3)))]
    else:
        first, rest = _INDENTS.get(role, (0, 0))
        for number, piece in enumerate(_wrapped(text, _MEASURE - first, _MEASURE - rest)):
            yield [_Set(piece, rest if number else first)]


def _spread(pieces: Sequence[str], indent: int) -> list[_Set]:
    """Return pieces from the left margin to the right one."""
    free = _MEASURE - 2 * indent - sum(map(len, pieces))
    left, found = float(indent), list[_Set]()
    for piece in pieces:
        found.append(_Set(piece, left, beside=bool(found)))
        left += len(piece) + max(1.0, free / max(1, len(pieces) - 1))
    return found


def _heads(pieces: Sequence[str]) -> list[list[_Set]]:
    """Return issuers below each other, and 文件 beside the middle of them."""
    *issuers, word = pieces
    size = min(1.6, (_MEASURE - 4) / (max(map(len, issuers)) + len(word)))
    lines = [[_Set(issuer, 2, size)] for issuer in issuers]
    lines[len(issuers) // 2].append(_Set(word, _MEASURE - len(word) * size - 1, size, True))
    return lines


def _wrapped(text: str, first: int, width: int) -> Iterator[str]:
    room = first
    while len(text) > room:
        at = room
        while at < len(text) and text[at] in _NEVER_FIRST:
            at += 1
        if text[at - 1] in "《〈“（(「『":
            at -= 1
        yield text[:at]
        text = text[at:]
        room = width
    if text:
        yield text


def _body(pieces: Sequence[_Set], down: int, *, spaces: bool) -> Region:
    top = _MARGIN + down * 2 * _SIDE
    groups: list[list[_Set]] = []
    for piece in pieces:
        last = groups[-1][-1] if groups else None
        apart = piece.left - (last.left + last.size * len(last.text)) if last else 0
        if last and (spaces or apart < _APART):
            groups[-1].append(piece)
        else:
            groups.append([piece])
    lines = tuple(_line(group, top, spaces=spaces) for group in groups)
    return Region("body", Box.around(line.box for line in lines), lines)


def _line(group: Sequence[_Set], top: float, *, spaces: bool, left: float = _MARGIN) -> Line:
    glyphs: list[Glyph] = []
    for number, piece in enumerate(group):
        if number and spaces:
            end = glyphs[-1].box.right
            blanks = int(min(2, (left + piece.left * _SIDE - end) // _SIDE))
            glyphs += [_glyph("　", end + place * _SIDE, top, _SIDE) for place in range(blanks)]
        side = piece.size * _SIDE
        glyphs += [
            _glyph(char, left + piece.left * _SIDE + place * side, top, side)
            for place, char in enumerate(piece.text)
            if spaces or not char.isspace()
        ]
    return Line(tuple(glyphs), Box.around(glyph.box for glyph in glyphs), "paper")


def _glyph(char: str, left: float, top: float, side: float) -> Glyph:
    return Glyph(char, Box(left, top, left + side, top + side), _CONFIDENCE)


def _cells(table: Sequence[Row], number: int, down: int, *, spaces: bool) -> Iterator[Region]:
    """Yield the cells of a ruled table of columns of one width."""
    columns = max(len(row.pieces) for row in table)
    width = _MEASURE * _SIDE / columns
    for line, row in enumerate(table):
        for column, text in enumerate(row.pieces):
            top = _MARGIN + (down + line) * 2 * _SIDE
            left = _MARGIN + column * width
            box = Box(left, top, left + width, top + 2 * _SIDE)
            parts = _wrapped(text, max(4, int(width / _SIDE) - 1), max(4, int(width / _SIDE) - 1)) if text else ()
            lines = tuple(
                _line([_Set(part, 0.3)], top + 5 + place * (_SIDE + 2), spaces=spaces, left=left)
                for place, part in enumerate(parts)
            )
            yield Region("cell", box, lines, number, line, column)


def _page(paper: Paper, number: int, regions: Iterable[Region]) -> Page:
    merged: list[Region] = []
    for region in regions:
        if merged and region.kind == "body" == merged[-1].kind:
            lines = merged[-1].lines + region.lines
            merged[-1] = Region("body", Box.around(line.box for line in lines), lines)
        else:
            merged.append(region)
    if number > 1:
        folio = _line([_Set(f"— {number} —", _MEASURE / 2 - 2)], _HEIGHT - _MARGIN, spaces=True)
        merged.append(Region("page_number", folio.box, (folio,)))
    digest = sha256(f"{paper.name} {number}".encode()).hexdigest()
    return Page(number, Scan(f"p{number:02}.png", digest, 0, _WIDTH, _HEIGHT, 200), tuple(merged))

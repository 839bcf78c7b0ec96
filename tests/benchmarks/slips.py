"""The filled slips of samples/describing/slips as pages: cell by cell, or line by line where the ruling was missed."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from archivist.model import Page
from tests.benchmarks.machine import ROOT
from tests.describe import paper

sys.path.insert(0, str(ROOT / "samples"))

import slips as described

Shape = Literal["cells", "lines", "gaps"]
SHAPES: tuple[Shape, ...] = ("cells", "lines", "gaps")


def slips(
    shape: Shape = "cells", *, held_out: bool = False
) -> Iterator[tuple[str, tuple[Page, ...], Mapping[str, list[Any]]]]:
    """Yield name, pages and expected values by field of each slip; those `held_out`, or those to develop on.

    `cells` is the form as its ruling divides it; `lines` has a line for each row of cells, with white space between
    them; in `gaps` a reader saw none of it, only that characters stand apart.
    """
    for slip in described.slips():
        if slip.held_out == held_out:
            yield slip.name, paper.stack(page(slip, shape)), slip.expected


def filled_slips() -> Iterator["described.Slip"]:
    """Yield every slip as it is described."""
    yield from described.slips()


def page(slip: "described.Slip", shape: Shape) -> Page:
    """Return the slip as one page of text."""
    above = "\n".join([*slip.told["heading"], *map(described.plain, slip.told.get("lines", ()))])
    below = "\n".join(described.plain(line) for line in slip.told.get("below", ()))
    if not slip.cells:
        return paper.page(above)
    if shape == "cells":
        cells = [paper.Cell(cell.row, cell.column, cell.text, cell.rows, cell.columns) for cell in slip.cells]
        return paper.form(cells, above=above, below=below)
    rows = [line for row in range(len(slip.told["rows"])) for line in _row(slip, row)]
    return paper.page("\n".join([above, *rows, below]).strip("\n"), spaces=shape == "lines")


def _row(slip: "described.Slip", row: int) -> Sequence[str]:
    """Return the lines of one row of cells as they stand on the paper."""
    cells = [cell for cell in slip.cells if cell.row == row]
    height = max((len(cell.lines) for cell in cells), default=0)
    lines = []
    for place in range(height):
        parts = [
            described.plain(cell.lines[place]) if place < len(cell.lines) else "" for cell in cells if not cell.vertical
        ]
        vertical = [cell.lines[0] for cell in cells if cell.vertical and place == 0]
        right = any(place < len(cell.lines) and cell.lines[place].startswith(">") for cell in cells)
        lines.append(("　　　　　　" if right else "") + "　　".join([*vertical, *filter(None, parts)]))
    return lines

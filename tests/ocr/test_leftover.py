"""Ink that the detection network passed over, on pages drawn stroke by stroke."""

import cv2
import numpy as np
from numpy.typing import NDArray

from archivist.model import Box, Cell, Glyph, Line
from archivist.ocr.leftover import beside_numbers, in_cells

UNIT = 30


def cell(row: int, column: int) -> Cell:
    left, top = 100 + 200 * column, 100 + 80 * row
    right, bottom = left + 200, top + 80
    return Cell(0, row, column, 1, 1, ((left, top), (right, top), (right, bottom), (left, bottom)))


CELLS = [cell(row, column) for row in range(4) for column in range(3)]


def line(text: str, left: float, top: float) -> Line:
    boxes = [Box(left + UNIT * i, top, left + UNIT * (i + 1), top + UNIT) for i in range(len(text))]
    glyphs = tuple(Glyph(char, box, 0.9) for char, box in zip(text, boxes, strict=True))
    return Line(glyphs, Box.around(boxes), "drawn")


LINES = [line("石桥镇", 120, 125 + 80 * row) for row in range(4)] + [
    line("38.65", 320, 125 + 80 * row) for row in (0, 1)
]


def sheet() -> NDArray[np.uint8]:
    page = np.full((1000, 800), 245, np.uint8)
    for entry in LINES:
        left, top, right, bottom = (round(side) for side in entry.box)
        page[top + 4 : bottom - 4, left:right:3] = 30
    return page


def stroke(page: NDArray[np.uint8], left: int, y: int, width: int) -> None:
    page[y : y + 3, left : left + width] = 30


def test_a_dash_in_a_cell_is_a_line_and_hyphens_are_as_many_as_there_are() -> None:
    page = sheet()
    stroke(page, 580, 140, 28)
    for left in (580, 592, 604):
        stroke(page, left, 220, 9)
    dashes, quads = in_cells(page, CELLS, LINES)
    assert [dash.text for dash in dashes] == ["—", "---"]
    assert not quads
    assert dashes[0].glyphs[0].alternatives[0].char == "一"
    assert dashes[0].confidence < 0.99
    assert CELLS[2].holds(*dashes[0].box.centre)


def test_a_stroke_in_a_column_of_numerals_is_one() -> None:
    page = sheet()
    stroke(page, 580, 140, 28)
    lines = [*LINES, line("二", 580, 205), line("三", 580, 285)]
    dashes, _ = in_cells(page, CELLS, lines)
    assert [dash.text for dash in dashes] == ["一"]


def test_a_digit_in_a_cell_without_a_line_is_to_be_read() -> None:
    page = sheet()
    cv2.putText(page, "7", (585, 150), cv2.FONT_HERSHEY_SIMPLEX, 0.9, 30, 3)
    dashes, (quad,) = in_cells(page, CELLS, LINES)
    assert not dashes
    assert quad[:, 0].min() < 585 < quad[:, 0].max()
    assert 100 < quad[:, 1].min() < 135 < quad[:, 1].max() < 180


def test_specks_and_the_remains_of_rules_are_nothing() -> None:
    page = sheet()
    page[150:152, 600:602] = 60
    page[100:340, 700] = 60
    stroke(page, 500, 178, 200)
    assert in_cells(page, CELLS, LINES) == ((), ())


def test_a_cell_that_a_line_reaches_into_from_beside_holds_it() -> None:
    page = sheet()
    across = line("38.65附加扣罚不确认", 420, 285)
    page[289:311, 420:690:3] = 30
    assert in_cells(page, CELLS, [*LINES, across]) == ((), ())


def test_the_dashes_beside_a_page_number_are_found_each_once() -> None:
    page = np.full((1400, 1000), 245, np.uint8)
    number = line("2", 480, 1320)
    page[1324:1346, 484:506] = 30
    for left in (430, 530):
        stroke(page, left, 1334, 28)
    assert [dash.text for dash in beside_numbers(page, [number])] == ["—", "—"]
    assert [dash.text for dash in beside_numbers(page, [number, line("一", 430, 1320)])] == ["—"]
    assert beside_numbers(page, [line("—2—", 450, 1320)]) == ()


def test_print_beside_a_number_is_no_dash() -> None:
    page = np.full((1400, 1000), 245, np.uint8)
    cv2.putText(page, "12 COPIES", (480, 1345), cv2.FONT_HERSHEY_SIMPLEX, 1, 30, 3)
    assert beside_numbers(page, [line("12", 480, 1320)]) == ()

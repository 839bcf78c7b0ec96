import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from archivist.image.clean import clean
from archivist.image.table import find_cells, without_rules
from archivist.model import Cell
from tests.scans import DECISION, NOTICE, PLAN, SLIP


def ruled(places: list[tuple[int, int, int, int]], column: int = 220, row: int = 90) -> NDArray[np.uint8]:
    """Draw a table of (row, column, rows, columns) on a sheet of 1200 by 1600."""
    page = np.full((1600, 1200), 245, np.uint8)
    for r, c, rows, columns in places:
        left, top = 150 + c * column, 300 + r * row
        cv2.rectangle(page, (left, top), (left + columns * column, top + rows * row), 30, 3)
    return page


def grid(cells: tuple[Cell, ...]) -> list[tuple[int, int, int, int]]:
    return [(cell.row, cell.column, cell.rows, cell.columns) for cell in cells]


FORM = [
    *((0, 0, 1, 1), (0, 1, 1, 1), (0, 2, 1, 2)),
    *((1, 0, 1, 1), (1, 1, 1, 3)),
    *((2, 0, 3, 1), (2, 1, 1, 3)),
    (3, 1, 2, 1), (3, 2, 1, 1), (3, 3, 1, 1),
    *((4, 2, 1, 1), (4, 3, 1, 1)),
]  # fmt: skip


def test_cells_come_row_by_row_with_how_far_merged_ones_reach() -> None:
    assert grid(find_cells(ruled(FORM))) == FORM


@pytest.mark.parametrize("angle", [-3, -1.5, 2, 4])
def test_a_form_that_lies_askew_has_the_same_cells(angle: float) -> None:
    matrix = cv2.getRotationMatrix2D((600, 800), angle, 1)
    page = cv2.warpAffine(ruled(FORM), matrix, (1200, 1600), borderValue=245)
    assert grid(find_cells(page)) == FORM


def test_a_photographed_form_has_the_same_cells_and_corners_on_the_paper() -> None:
    square = np.array([[0, 0], [1200, 0], [1200, 1600], [0, 1600]], np.float32)
    seen = np.array([[60, 40], [1130, 0], [1200, 1600], [0, 1540]], np.float32)
    matrix = cv2.getPerspectiveTransform(square, seen)
    page = cv2.warpPerspective(ruled(FORM), matrix, (1200, 1600), borderValue=245)
    cells = find_cells(page)
    assert grid(cells) == FORM
    first = cv2.perspectiveTransform(np.array([[[150, 300]]], np.float32), matrix)[0, 0]
    assert cells[0].corners[0] == pytest.approx(tuple(first), abs=8)


def test_a_broken_rule_still_parts_two_rows() -> None:
    page = ruled([(r, c, 1, 1) for r in range(3) for c in range(3)])
    for x in range(200, 800, 90):
        page[385:396, x : x + 14] = 245
    assert grid(find_cells(page)) == [(r, c, 1, 1) for r in range(3) for c in range(3)]


def test_two_tables_are_told_apart_from_the_top() -> None:
    page = ruled([(0, 0, 1, 1), (0, 1, 1, 1)])
    page[900:1500] = ruled([(0, 0, 1, 2), (1, 0, 1, 1), (1, 1, 1, 1)])[200:800]
    cells = find_cells(page)
    assert [cell.table for cell in cells] == [0, 0, 1, 1, 1]


def test_print_without_rules_has_no_cells() -> None:
    for page in (DECISION, PLAN, NOTICE):
        assert find_cells(clean(page.pixels).black) == ()


def test_the_slip_of_1995_has_its_nine_rows() -> None:
    cells = find_cells(clean(SLIP.pixels).black)
    assert len(cells) == 29
    assert grid(cells)[:8] == [(0, 0, 1, 2), (0, 2, 1, 2), (0, 4, 1, 1), (0, 5, 1, 1), (0, 6, 1, 2), (0, 8, 1, 1),
                               (0, 9, 1, 1), (0, 10, 1, 1)]  # fmt: skip
    assert max(cell.row + cell.rows for cell in cells) == 9


def test_a_point_is_in_the_cell_that_is_drawn_around_it() -> None:
    cells = find_cells(ruled(FORM))
    assert [cell.column for cell in cells if cell.row == 0 and cell.holds(480, 340)] == [1]
    assert not any(cell.holds(100, 100) for cell in cells)


def test_rules_are_taken_out_and_what_is_written_across_them_stays() -> None:
    page = ruled(FORM)
    cells = find_cells(page)
    cv2.line(page, (260, 360), (260, 430), 20, 8)
    cv2.putText(page, "36", (400, 365), cv2.FONT_HERSHEY_SIMPLEX, 1.5, 20, 4)
    cleared = without_rules(page, cells)
    ink = page < 100
    pen = np.zeros_like(page)
    cv2.line(pen, (260, 360), (260, 430), 1, 8)
    cv2.putText(pen, "36", (400, 365), cv2.FONT_HERSHEY_SIMPLEX, 1.5, 1, 4)
    assert (cleared[(pen == 1) & ink] < 100).mean() > 0.95
    assert (cleared[(pen == 0) & ink] < 100).mean() < 0.1


def test_a_page_without_a_table_is_left_as_it_is() -> None:
    page = clean(DECISION.pixels).black
    assert without_rules(page, ()) is page


def test_a_table_without_rules_at_its_sides_has_its_outer_cells() -> None:
    page = ruled([(r, c, 1, 1) for r in range(4) for c in range(4)])
    page[:, 140:160] = page[:, 1020:1040] = 245
    assert grid(find_cells(page)) == [(r, c, 1, 1) for r in range(4) for c in range(4)]


def test_a_table_without_rules_above_and_below_has_its_outer_cells() -> None:
    page = ruled([(r, c, 1, 1) for r in range(4) for c in range(4)])
    page[290:310] = page[650:670] = 245
    assert grid(find_cells(page)) == [(r, c, 1, 1) for r in range(4) for c in range(4)]


def test_print_that_fills_a_low_cell_parts_no_cells() -> None:
    page = ruled([(0, 0, 1, 4), *((1, c, 1, 1) for c in range(4)), *((2, c, 1, 1) for c in range(4))], row=36)
    # A stroke in the merged cell, above the rule below it but clear of the one above.
    cv2.line(page, (150 + 220 * 2, 309), (150 + 220 * 2, 334), 30, 4)
    assert grid(find_cells(page))[0] == (0, 0, 1, 4)


def test_the_border_around_a_page_and_the_edge_of_a_sheet_are_no_table() -> None:
    page = np.full((1600, 1200), 245, np.uint8)
    for inset in (60, 84):
        cv2.rectangle(page, (inset, inset), (1200 - inset, 1600 - inset), 30, 3)
    assert find_cells(page) == ()
    page[300:600, 150:1032] = ruled([(r, c, 1, 1) for r in range(3) for c in range(4)])[300:600, 150:1032]
    assert [cell.table for cell in find_cells(page)] == [0] * 12


def test_a_ring_across_a_table_adds_no_column() -> None:
    page = ruled(FORM)
    cv2.circle(page, (760, 660), 120, 60, 6)
    assert grid(find_cells(page)) == FORM


def test_a_rule_with_a_gap_where_other_rows_have_columns_still_parts_its_rows() -> None:
    page = ruled([*((0, c, 1, 1) for c in range(4)), (1, 0, 1, 4), (2, 0, 1, 4)])
    page[470:490, 380:580] = 245
    assert grid(find_cells(page))[4:] == [(1, 0, 1, 4), (2, 0, 1, 4)]

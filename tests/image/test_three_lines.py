"""Tables with a rule above, below and under the head only."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from archivist.image.table import find_cells

LEFT, RIGHT = 150, 1050


def sheet(rows: list[list[tuple[int, str]]], rules: list[int], pitch: int = 50) -> NDArray[np.uint8]:
    """Draw words at their x, a row each `pitch` below the last from 300, and level rules at `rules`."""
    page = np.full((1600, 1200), 245, np.uint8)
    for number, row in enumerate(rows):
        for x, text in row:
            cv2.putText(page, text, (x, 335 + pitch * number), cv2.FONT_HERSHEY_SIMPLEX, 1, 30, 3)
    for y in rules:
        cv2.line(page, (LEFT, y), (RIGHT, y), 30, 4)
    return page


def grid(page: NDArray[np.uint8]) -> list[tuple[int, int, int, int]]:
    return [(cell.row, cell.column, cell.rows, cell.columns) for cell in find_cells(page)]


COLUMNS = [180, 400, 620, 850]
TABLE = [[(x, str(1979 + 37 * row + x)) for x in COLUMNS] for row in range(6)]


@pytest.mark.parametrize("angle", [-1.2, 0, 1.5])
def test_rows_and_columns_of_a_three_line_table_are_found_by_the_white_between(angle: float) -> None:
    page = sheet(TABLE, [298, 350, 602])
    matrix = cv2.getRotationMatrix2D((600, 800), angle, 1)
    page = np.asarray(cv2.warpAffine(page, matrix, (1200, 1600), borderValue=245), np.uint8)
    assert grid(page) == [(row, column, 1, 1) for row in range(6) for column in range(4)]


def test_specks_between_columns_make_none() -> None:
    page = sheet(TABLE, [298, 350, 602])
    random = np.random.default_rng(7)
    for x, y in zip(random.integers(LEFT, RIGHT, 60), random.integers(300, 600, 60), strict=True):
        page[y : y + 2, x : x + 2] = 60
    assert len(grid(page)) == 24


def test_an_entry_of_two_lines_is_one_cell_and_a_head_may_stand_over_several_columns() -> None:
    rows = [
        [(180, "NR"), (560, "MONEY IN THE YEARS")],
        [(420, "1979"), (620, "1980"), (850, "1981")],
        *([(180, str(row)), (400, "12345"), (620, "6789"), (850, "77")] for row in range(1, 4)),
        [(400, "9876")],
    ]
    found = grid(sheet(rows, [298, 402, 602]))
    assert found[:2] == [(0, 0, 1, 1), (0, 1, 1, 3)]
    assert [place for place in found if place[0] == 4] == [(4, column, 1, 1) for column in range(4)]
    assert max(row for row, *_ in found) == 4


def test_an_imprint_between_its_rules_is_no_table() -> None:
    rows = [[(180, "COPY TO ALL OFFICES")], [(180, "PRINTED BY"), (800, "3 MARCH")], [(180, "BY"), (800, "31")]]
    assert grid(sheet(rows, [298, 350, 450])) == []


def test_running_text_between_rules_is_no_table() -> None:
    rows = [[(180, "THE WORK OF THE YEAR IS IN FULL SWING TODAY")] for _ in range(6)]
    assert grid(sheet(rows, [298, 350, 602])) == []


def test_columns_of_text_above_an_imprint_are_no_head() -> None:
    text = [[(180, "WORK OF THE YEAR"), (600, "AND THE NEXT ONE")] for _ in range(9)]
    imprint = [[(180, "NR 1"), (600, "NR 2"), (850, "NR 3")] for _ in range(3)]
    assert grid(sheet([*text, *imprint], [298, 752, 902])) == []

"""Reading order as geometry: pages drawn as boxes."""

from hypothesis import given
from hypothesis import strategies as st

from archivist.model import Box
from archivist.ocr.layout import reading_order, rows

SIZE = 20


def piece(left: float, top: float, length: int, slope: float = 0.0) -> list[Box]:
    """Draw a line of `length` characters that rises by `slope` for each pixel to the right."""
    places = [left + SIZE * number for number in range(length)]
    return [Box(x, top - slope * x, x + SIZE, top - slope * x + SIZE) for x in places]


def order(pieces: list[list[Box]]) -> list[int]:
    return [part.piece for part in reading_order(pieces)]


def test_columns_of_running_text_are_read_one_after_the_other_and_a_heading_before_them() -> None:
    heading = piece(200, 40, 12)
    left = [piece(40, 120 + 30 * row, 14 if row != 4 else 6) for row in range(7)]
    right = [piece(380, 133 + 30 * row, 14) for row in range(5)]
    after = piece(40, 420, 30)
    pieces = [heading, *(line for pair in zip(left, right, strict=False) for line in pair), *left[5:], after]
    assert order(pieces) == [0, 1, 3, 5, 7, 9, 11, 12, 2, 4, 6, 8, 10, 13]


def test_marks_beyond_the_text_hide_no_columns() -> None:
    speck, heading = piece(900, 10, 2), piece(200, 40, 12)
    columns = [[piece(x, 120 + 30 * row, 14) for row in range(16)] for x in (40, 380)]
    mixed = [line for pair in zip(*columns, strict=True) for line in pair]
    assert order([speck, heading, *mixed]) == [0, 1, *range(2, 34, 2), *range(3, 34, 2)]


def test_three_columns_come_from_the_left() -> None:
    pieces = [piece(40 + 240 * column, 100 + 30 * row, 10) for row in range(5) for column in range(3)]
    assert order(pieces) == [0, 3, 6, 9, 12, 1, 4, 7, 10, 13, 2, 5, 8, 11, 14]


def test_a_line_found_across_two_columns_is_parted_between_them() -> None:
    across = [*piece(40, 130, 14), *piece(380, 130, 14)]
    left, right = ([piece(x, 100 + 30 * row, 14) for row in (0, 2, 3, 4, 5)] for x in (40, 380))
    parts = reading_order([across, *left, *right])
    assert [part for part in parts if part.piece == 0] == [(0, 0, 14), (0, 14, 28)]
    assert [part.piece for part in parts] == [1, 0, 2, 3, 4, 5, 6, 0, 7, 8, 9, 10]


def test_a_list_of_role_name_and_post_is_read_row_by_row() -> None:
    widths = [(2, 3, 14), (3, 2, 9), (3, 3, 12), (3, 3, 14), (3, 2, 7), (3, 3, 11)]
    pieces = [
        piece(left, 100 + 34 * row, width)
        for row, three in enumerate(widths)
        for left, width in zip((40, 160, 300), three, strict=True)
    ]
    assert order(pieces) == list(range(18))


def test_a_post_of_two_lines_belongs_to_the_row_it_stands_beside() -> None:
    # The name stands level with the middle of its post, not with a line of it.
    pieces = [
        *(piece(40, 113, 2), piece(160, 113, 3), piece(300, 100, 14), piece(300, 126, 6)),
        *(piece(40, 176, 3), piece(160, 176, 3), piece(300, 176, 9)),
        *(piece(40, 239, 3), piece(160, 239, 2), piece(300, 226, 14), piece(300, 252, 4)),
    ]
    assert order(pieces) == list(range(11))


def test_lines_of_one_entry_stand_closer_than_entries() -> None:
    pieces = []
    for row, lines in enumerate((3, 1, 3, 1)):
        top = 100 + 120 * row
        pieces.extend([piece(40, top + 26 * (lines // 2), 3), piece(160, top + 26 * (lines // 2), 3)])
        pieces.extend(piece(300, top + 26 * line, 14 if line < lines - 1 else 5) for line in range(lines))
    assert order(pieces) == list(range(len(pieces)))


def test_pieces_of_a_row_on_a_sloping_or_bowed_page_stay_together() -> None:
    pieces = [piece(left, 200 + 34 * row, 4, slope=0.03) for row in range(4) for left in (40, 300, 560, 820)]
    assert order(pieces) == list(range(16))
    assert rows(pieces) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11], [12, 13, 14, 15]]


def test_two_entries_a_row_as_under_a_contract_are_no_columns() -> None:
    pieces = [piece(left, 100 + 40 * row, width) for row, width in enumerate((9, 7, 12)) for left in (40, 420)]
    assert order(pieces) == list(range(6))


@given(
    st.lists(st.tuples(st.integers(0, 900), st.integers(0, 900), st.integers(1, 20), st.floats(-0.2, 0.2)), max_size=30)
)
def test_every_character_is_in_exactly_one_part(drawn: list[tuple[int, int, int, float]]) -> None:
    pieces = [piece(*entry) for entry in drawn]
    seen = sorted((part.piece, place) for part in reading_order(pieces) for place in range(part.start, part.end))
    assert seen == [(number, place) for number, boxes in enumerate(pieces) for place in range(len(boxes))]

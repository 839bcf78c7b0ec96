"""Sheets: what is shown of a page, and how its pixels and those of the scan lead to each other."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from archivist.model import Box, Page, Scan
from archivist.web.sheets import Sheet, sheet_of

TURNS = st.sampled_from([0, 90, 180, 270])


def page(width: int, height: int, area: Box | None = None, rotation: int = 0) -> Page:
    return Page(1, Scan("p.png", "0" * 64, 0, width, height, area=area), (), rotation)


@st.composite
def pages(draw: st.DrawFn) -> Page:
    width, height = draw(st.integers(2, 400)), draw(st.integers(2, 400))
    area = None
    if draw(st.booleans()):
        left, top = draw(st.integers(0, width - 2)), draw(st.integers(0, height - 2))
        area = Box(left, top, draw(st.integers(left + 1, width)), draw(st.integers(top + 1, height)))
    return page(width, height, area, draw(TURNS))


@st.composite
def parts(draw: st.DrawFn) -> tuple[Sheet, Box]:
    """A sheet, and a box of whole pixels on it."""
    sheet = sheet_of(draw(pages()))
    left, top = draw(st.integers(0, sheet.width - 1)), draw(st.integers(0, sheet.height - 1))
    right, bottom = draw(st.integers(left + 1, sheet.width)), draw(st.integers(top + 1, sheet.height))
    return sheet, Box(left, top, right, bottom)


@given(parts())
def test_there_and_back_is_where_it_was(part):
    sheet, box = part
    there = sheet.back(box)
    assert sheet.place(there) == box
    assert sheet.area.overlap(there) == box.width * box.height


@given(parts())
def test_a_place_shows_the_ink_that_lies_there_on_the_scan(part):
    sheet, box = part
    scan = np.arange(400 * 400).reshape(400, 400)
    left, top, right, bottom = map(int, sheet.area)
    upright = np.rot90(scan[top:bottom, left:right], -sheet.turn // 90)
    x1, y1, x2, y2 = map(int, sheet.back(box))
    ink = np.rot90(scan[y1:y2, x1:x2], -sheet.turn // 90)
    assert upright.shape == (sheet.height, sheet.width)
    assert (upright[int(box.top) : int(box.bottom), int(box.left) : int(box.right)] == ink).all()


@given(pages(), *[st.floats(-500, 900)] * 4)
def test_a_box_is_placed_in_whole_pixels_on_the_sheet(page, left, top, across, down):
    sheet = sheet_of(page)
    box = sheet.place(Box(left, top, left + abs(across), top + abs(down)))
    assert all(edge == int(edge) for edge in box)
    assert 0 <= box.left < box.right <= sheet.width and 0 <= box.top < box.bottom <= sheet.height


def test_the_corners_of_a_page_that_lies_on_its_side():
    sheet = sheet_of(page(400, 300, rotation=90))
    assert (sheet.width, sheet.height) == (300, 400)
    # Turned clockwise, the bottom left corner of the scan comes to lie at the top left.
    assert sheet.place(Box(0, 290, 10, 300)) == Box(0, 0, 10, 10)
    assert sheet.place(Box(0, 0, 10, 10)) == Box(290, 0, 300, 10)
    assert sheet_of(page(400, 300, rotation=270)).place(Box(390, 0, 400, 10)) == Box(0, 0, 10, 10)


def test_ink_between_pixels_is_shown_whole():
    assert sheet_of(page(400, 300)).place(Box(10.6, 20.2, 30.1, 40.0)) == Box(10, 20, 31, 40)


def test_the_area_of_one_of_two_facing_pages_is_whole_pixels_of_the_scan():
    spread = page(2400, 1600, Box(1199.6, -0.3, 2400.4, 1600.2))
    sheet = sheet_of(spread)
    assert (sheet.width, sheet.height) == (1200, 1600)
    assert sheet.place(Box(1250, 100, 1300, 150)) == Box(50, 100, 100, 150)
    assert sheet_of(replace(spread, rotation=180)).place(Box(1200, 0, 1210, 10)) == Box(1190, 1590, 1200, 1600)

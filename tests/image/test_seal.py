"""Seals on pages as they come: colour, grey, black and white; and what is round without being a seal."""

from functools import cache

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from archivist.image.clean import clean
from archivist.image.ring import unwrapped
from archivist.image.seal import find_seals, stamps_among
from archivist.image.table import find_cells
from archivist.image.unsealed import without_seals
from archivist.model import Box, Seal
from tests.scans import DECISION, NOTICE, PLAN, SLIP, SamplePage

Grey = NDArray[np.uint8]


def greyed(page: SamplePage) -> Grey:
    # As a scanner without colour sees it: red ink is a middling grey.
    return np.asarray(cv2.cvtColor(page.pixels, cv2.COLOR_RGB2GRAY), np.uint8)


@cache
def grey(page: SamplePage) -> Grey:
    return clean(np.repeat(greyed(page)[:, :, None], 3, axis=2)).black


@cache
def bilevel(page: SamplePage) -> Grey:
    bits = np.where(greyed(page) > 165, 255, 0).astype(np.uint8)
    return clean(np.repeat(bits[:, :, None], 3, axis=2)).black


def paper(height: int = 2000, width: int = 1414) -> Grey:
    return np.full((height, width), 245, np.uint8)


def drawn_seal(
    page: Grey, x: int, y: int, across: int = 150, down: int = 150, *, tilt: float = 0, count: int = 9, ink: int = 20
) -> None:
    """Draw a rim, a star and `count` block characters over the upper three quarters of the ring."""
    cv2.ellipse(page, (x, y), (across, down), 0, 0, 360, ink, 7)
    points = [
        (x + r * across * np.sin(k * np.pi / 5), y - r * down * np.cos(k * np.pi / 5))
        for k in range(10)
        for r in [0.13 if k % 2 else 0.33]
    ]
    cv2.fillPoly(page, [np.rint(points).astype(np.int32)], ink)
    for turn in np.radians(np.linspace(-130, 130, count) + tilt):
        middle = (x + 0.76 * across * np.sin(turn), y - 0.76 * down * np.cos(turn))
        for size in (30, 12):
            box = cv2.boxPoints((middle, (size, size), float(np.degrees(turn))))
            cv2.polylines(page, [np.rint(box).astype(np.int32)], True, ink, 4)


def rows(page: Grey, top: int, count: int, left: int = 180, columns: int = 24) -> None:
    for row in range(count):
        for column in range(columns):
            x, y = left + column * 44, top + row * 70
            cv2.rectangle(page, (x, y), (x + 32, y + 34), 30, 4)
            cv2.line(page, (x, y + 17), (x + 32, y + 17), 30, 3)


@pytest.mark.parametrize("scan", [grey, bilevel])
@pytest.mark.parametrize("page", [DECISION, NOTICE], ids=["decision", "notice"])
def test_a_red_seal_is_found_where_it_stands_when_the_scan_has_lost_its_colour(page: SamplePage, scan) -> None:  # type: ignore[no-untyped-def]
    coloured = clean(page.pixels)
    (red,) = coloured.seals
    (dark,) = find_seals(scan(page), None)
    assert red.red and not dark.red and dark.shape == "round"
    assert coloured.on_scan(red.box) == pytest.approx(dark.box, abs=12)


@pytest.mark.parametrize("scan", [grey, bilevel])
@pytest.mark.parametrize("page", [SLIP, PLAN], ids=["slip", "plan"])
def test_pages_without_a_round_seal_have_none(page: SamplePage, scan) -> None:  # type: ignore[no-untyped-def]
    assert find_seals(scan(page), None) == ()


def test_the_accession_stamp_in_black_is_the_small_table_at_the_head_and_the_form_is_none() -> None:
    black = grey(SLIP)
    (stamp,) = stamps_among(find_cells(black), black.shape)
    (red,) = clean(SLIP.pixels).seals
    assert stamp.shape == red.shape == "ruled"
    assert stamp.box == pytest.approx(red.box, abs=15)


@pytest.mark.parametrize(("across", "down"), [(150, 150), (190, 140), (145, 165)])
def test_round_and_oval_seals_over_print_are_found(across: int, down: int) -> None:
    page = paper()
    rows(page, 300, 9)
    rows(page, 1150, 2, left=600, columns=12)
    drawn_seal(page, 900, 1200, across, down)
    (seal,) = find_seals(page, None)
    assert seal.box == pytest.approx((900 - across, 1200 - down, 900 + across, 1200 + down), abs=12)


def test_two_seals_side_by_side_are_two() -> None:
    page = paper()
    drawn_seal(page, 480, 900)
    drawn_seal(page, 800, 900)
    assert len(find_seals(page, None)) == 2


def test_what_is_round_or_ruled_but_no_seal_is_none() -> None:
    page = paper()
    rows(page, 200, 6)
    for place in (500, 1000, 1500):
        cv2.circle(page, (60, place), 32, 40, -1)  # punch holes
    cv2.circle(page, (400, 800), 120, 30, 5)  # a ring with nothing in it
    cv2.circle(page, (800, 800), 130, 30, -1)  # a blot
    cv2.circle(page, (1150, 800), 110, 30, 60)  # a round sign
    cv2.rectangle(page, (150, 1000), (1200, 1300), 30, 4)
    cv2.line(page, (150, 1150), (1200, 1150), 30, 4)
    for column in range(8):
        cv2.circle(page, (250 + column * 60, 1500), 20, 30, 4)  # 〇〇〇
    cv2.ellipse(page, (500, 218), (130, 44), 3, 0, 360, 60, 4)  # drawn around words
    cv2.putText(page, "R", (300, 1900), cv2.FONT_HERSHEY_SIMPLEX, 9, 30, 30)
    assert find_seals(page, None) == ()


def test_the_page_is_not_changed_by_looking_for_seals() -> None:
    page = paper()
    drawn_seal(page, 700, 900)
    before = page.copy()
    (seal,) = find_seals(page, None)
    without_seals(page, [seal])
    unwrapped(page, seal)
    assert np.array_equal(page, before)


@pytest.mark.parametrize("ink", [20, 120], ids=["as dark as print", "paler than print"])
def test_the_seal_goes_and_the_print_under_it_stays(ink: int) -> None:
    clear = paper()
    rows(clear, 955, 2)
    page = clear.copy()
    seal_only = paper()
    drawn_seal(seal_only, 700, 980, ink=ink)
    page = np.minimum(page, seal_only)
    (seal,) = find_seals(page, None)
    (part,) = without_seals(page, [seal])
    height, width = part.image.shape
    was = np.s_[part.top : part.top + height, :width]
    print_, stamp = clear[was] < 100, (seal_only[was] < 200) & (clear[was] > 200)
    ys, xs = np.nonzero(np.ones_like(print_))
    away = np.hypot(xs - 700, ys + part.top - 980).reshape(print_.shape)
    assert (part.image[away > 165] == page[was][away > 165]).all()
    assert (part.image[stamp & (away > 140)] > 180).mean() > 0.85
    assert (part.image[print_ & (away < 145) & (away > 55)] < 180).mean() > 0.8


def test_the_ring_is_read_clockwise_from_its_gap_also_when_the_seal_is_askew() -> None:
    for tilt in (0.0, 35.0, -70.0):
        page = paper()
        drawn_seal(page, 700, 900, tilt=tilt, count=5)
        seal = Seal(Box(550, 750, 850, 1050), red=False)
        strip = unwrapped(page, seal)
        ring = strip.image[: strip.level_from]
        columns = np.flatnonzero((ring < 120).any(axis=0))
        first = Box(float(columns[0]), 30, float(columns[0] + 20), 60)
        last = Box(float(columns[-1] - 20), 30, float(columns[-1]), 60)
        for box, turn in ((first, -130 + tilt), (last, 130 + tilt)):
            expected = (700 + 114 * np.sin(np.radians(turn)), 900 - 114 * np.cos(np.radians(turn)))
            assert strip.on_page(box).centre == pytest.approx(expected, abs=25)
